//! L2, shell. On disk: a timeline a call in a folder a day, and one record a call.

mod record_file;
mod timeline_file;

pub use record_file::Records;
pub use timeline_file::{Timelines, TimelinesError};
