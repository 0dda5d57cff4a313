//! L3. A tester that hears: phones of our own play a scenario against any SIP answering machine, and what they heard is judged.
//!
//! A scenario is TOML, read as settings are (`text`, `check`): phones, steps and expectations. `play` lets the phones take the
//! steps, one after the other; what each of them lived through is its `evidence`, and the `judge` holds the expectations
//! against that and nothing else. Where a phrase was not heard as it should be, the `diagnosis` names the fault.
//!
//! ```text
//! title = "greeted by the third ring"
//! target = "sip:hotline@127.0.0.1:5060"
//!
//! [phone.caller]
//!
//! [[step]]
//! who = "caller"
//! does = "calls"
//!
//! [[expect]]
//! who = "caller"
//! hears = "greeting"
//! at = "100ms"
//! from = "ack"
//! ```
//!
//! Invariant: the judge reads no clock and no socket; the same evidence has the same verdicts.

mod acoustics;
mod check;
mod diagnosis;
mod evidence;
mod judge;
mod play;
mod relay;
mod scenario;
mod shift;
mod sounds;
mod spoiling;
#[cfg(test)]
mod tests;
mod text;
mod timeline;
mod wording;

pub use judge::Verdict;
pub use play::{PlayError, Played, Wishes, play};
pub use relay::{Order, Relay, RelayError, Side};
pub use scenario::{Event, Expectation, Scenario, Step};
pub use shift::{Percentiles, arrivals};
pub use spoiling::MediaFault;
pub use timeline::Mark;
