//! What a call leaves behind: its timeline, entry by entry, and its record.
//!
//! Invariant: pure; writing them down is [`store`]'s work.

mod calling_back;
mod deletion;
mod quality;
mod record;
mod recorded;
mod seat_change;
mod sip_message;
pub mod store;
mod timeline;

pub use calling_back::CallingBack;
pub use deletion::{Deletion, Left, Removed, StillThere};
pub use quality::{OneWayQuality, VoiceQuality};
pub use record::{CallRecord, Consent, Happened, PromiseNews, Times, Verdict};
pub use recorded::{Paused, Recorded};
pub use seat_change::SeatChange;
pub use sip_message::{SipMessage, Way};
pub use timeline::{Entry, What};

#[cfg(test)]
mod samples {
    use super::{Entry, What};
    use crate::words::{CallId, Moment};

    pub(super) fn call() -> CallId {
        CallId::new(1_777_867_200_000, [1; 10])
    }

    /// An entry `seq` seconds after noon.
    pub(super) fn entry(seq: u64, what: What) -> Entry {
        let noon = 1_777_867_200;
        Entry {
            seq,
            at: Moment::from_nanos(seq * 1_000_000_000),
            utc: jiff::Timestamp::from_second(noon + i64::try_from(seq).unwrap()).unwrap(),
            call: Some(call()),
            sip_call_id: Some("a84b4c76e66710".to_owned()),
            what,
        }
    }
}
