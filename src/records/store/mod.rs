//! L2, shell. Timelines on disk: one file a call, one folder a day.

mod timeline_file;

pub use timeline_file::{Timelines, TimelinesError};
