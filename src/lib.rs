//! Thirdring keeps a hotline's service standard on every call.
//!
//! The map, from the bottom up; imports point only downwards (`tests/architecture.rs` is the judge):
//!
//! - [`words`]: nouns that every layer shares
//! - [`policy`]: the standard as typed timelines; [`call`]: one call, pure
//! - [`sip`], [`media`], [`ear`]: signalling, sound and hearing, pure
//! - [`buttons`]: a headset's buttons and lights, pure
//! - [`callbacks`], [`records`], [`recordings`]: what is promised and what is left behind; [`files`]: where
//! - [`journal`]: what a call took in and did, to be played again, pure
//! - [`rehearsal`]: whole calls in virtual time against a policy, pure
//! - [`trace`]: a call drawn from what was kept of it, pure
//! - [`wording`]: words as the standard judges them, pure
//! - [`seating`]: how each rep's seat stands, and which of them takes which call, pure
//! - [`provision`]: settings that an admin keeps in one place for many PCs, pure but for what is kept of them
//! - [`net`], [`seats`], [`console`], [`voices`]: sockets, the rep's leg, the HTTP API, who is a person
//! - [`failpoint`]: where a test stops the agent to kill it; nothing of it is in a release build
//! - [`impairment`]: what a network does to datagrams, pure
//! - [`desk`]: composition and the clock; [`phone`]: a scripted endpoint of our own
//! - [`sim`]: phones that play a scenario against any answering machine, and what they heard
//! - [`doctor`]: what is wrong with this PC, and what to do about it
//! - [`settings`], [`cli`]: the machine's configuration and the command line

pub mod buttons;
pub mod call;
pub mod callbacks;
pub mod cli;
pub mod console;
pub mod desk;
pub mod dialling;
pub mod doctor;
pub mod ear;
pub mod failpoint;
pub mod files;
pub mod impairment;
pub mod journal;
pub mod media;
pub mod net;
pub mod phone;
pub mod policy;
pub mod provision;
pub mod recordings;
pub mod records;
pub mod rehearsal;
pub mod seating;
pub mod seats;
pub mod settings;
pub mod sim;
pub mod sip;
pub mod trace;
pub mod voices;
pub mod wording;
pub mod words;
