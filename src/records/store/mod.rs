//! L2, shell. On disk: a timeline a call in a folder a day, its SIP messages, its journal where there is one, with whose calls they were, and one record a call; what
//! is deleted by number, and its proof; how the seats stood.

mod append;
mod callers;
mod journal_file;
mod proof_file;
mod record_file;
mod seat_file;
mod sip_file;
mod timeline_file;
mod tombstones;

pub use callers::Callers;
pub use journal_file::Journals;
pub use proof_file::prove;
pub use record_file::Records;
pub use seat_file::SeatFile;
pub use sip_file::SipMessages;
pub use timeline_file::{Timelines, TimelinesError};
