//! Above the calls, pure. Whole calls in virtual time: a script goes in, its transcript comes out.
//!
//! Invariant: nothing here reads a file or a clock; the same script with the same policy gives the same transcript.
//!
//! A script's head sets the scene, one word a line:
//!
//! ```text
//! # Sentences about what is proved, with rules and decisions
//! policy [hold] asked_by = "agent"   what differs from the policy that is rehearsed; may be repeated
//! prompts 2s                         every phrase lasts as long; or zh-CN, en: the recorded ones' lengths
//! caller anonymous                   there is no number to phone back
//! behind queue                       a PBX goes on when we refuse; the default is direct
//! answer 2s                          the line asks us to answer then
//! line unwatched                     the signalling profile
//! recorded                           calls are recorded, and callers hear so first
//! no seat                            none can be kept for a callback
//! no ack                             our answer is never acknowledged
//! keys *1 hold lookup                what the keys of the rep's own phone ask for; may be repeated
//! repair refused                     or taken, silent: what becomes of our new offer to a hurt leg
//! machine message                    a machine is left our message; the default is to hang up
//! first customer                     callbacks keep a seat and dial the customer; the default is the rep first
//! store fails                        or soon, today, tomorrow, working-day, silent: what becomes of a promise's row
//! ```
//!
//! Then come lines of `TIME WHO: WORDS -> TIME actions`, times in seconds. What is left of the arrows happens, what is
//! right of them came of it. The stage plays the media (phrases begin and end), acknowledges our answer after 50 ms,
//! commits promises after 5 ms, fires timers; the witness writes down every promise to the caller that is broken.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the stage and the witness mind what concerns them"
)]

mod difference;
mod fault;
mod heard;
mod legs;
mod prompts;
mod relived;
mod scene;
mod script;
mod shipped;
mod stage;
mod transcript;
mod verbs;
mod witness;
mod words;

pub use difference::{Difference, differences};
pub use fault::Fault;
pub use prompts::Prompts;
pub use scene::Scene;
pub use script::{Played, Rehearsal};
pub use shipped::{Shipped, shipped};
pub use stage::{Beginnings, Stage};
pub use transcript::words as action_words;
