//! L3. A scripted endpoint of our own: caller, rep, target.
//!
//! A [`Phone`] has real sockets, one call at a time, and says what it *heard*: phrases found by the ear in the RTP it received.
//!
//! Invariant: one 20 ms interval drives a phone; the ear listens on a blocking thread, half a second at a time.

mod diary;
mod handset;
mod hearing;
mod inbox;
mod incoming;
mod line;
mod mouth;
mod recording;
mod reports;
mod settings;
mod talk;
#[cfg(test)]
mod tests;
mod tongue;

pub use diary::{Diary, HeardPhrase, Passed, Progress, Way};
pub use handset::{Phone, PhoneError};
pub use recording::{Arrived, Tape};
pub use settings::{Answers, PhoneAddress, PhoneSettings, Rtcp, Sends, repertoire};
