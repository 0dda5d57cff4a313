//! Plays one call in virtual time and writes down what was done: the transcript is the assertion.
//!
//! A script is a file of `tests/calls/`. Its head sets the scene, one word a line:
//!
//! ```text
//! # Sentences about what is proved, with rules and decisions
//! policy [hold] asked_by = "agent"   what differs from the standard; may be repeated
//! prompts 2s                         every phrase lasts as long; or zh-CN, en: the shipped ones' lengths
//! caller anonymous                   there is no number to phone back
//! behind queue                       a PBX goes on when we refuse; the default is direct
//! answer 2s                          the line asks us to answer then
//! line unwatched                     the signalling profile
//! recorded                           calls are recorded, and callers hear so first
//! no seat                            none can be kept for a callback
//! no ack                             our answer is never acknowledged
//! repair refused                     or taken, silent: what becomes of our new offer to a hurt leg
//! machine message                    a machine is left our message; the default is to hang up
//! first customer                     callbacks keep a seat and dial the customer; the default is the rep first
//! store fails                        or soon, tomorrow, silent: what becomes of a promise's row
//! ```
//!
//! Then come lines of `TIME WHO: WORDS -> TIME actions`, times in seconds. What is right of the
//! arrows is compared exactly, `UPDATE_CALLS=1` writes it anew. The stage plays the media (phrases
//! begin and end), acknowledges our answer after 50 ms, commits promises after 5 ms, fires timers.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the stage and the witness mind what concerns them"
)]

mod chance;
mod heard;
mod legs;
mod phrasebook;
mod random;
mod scene;
mod script;
mod stage;
mod transcript;
mod witness;
mod words;

pub(crate) use script::rehearse;
