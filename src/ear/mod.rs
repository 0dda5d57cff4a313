//! L1, pure. Which phrase was heard, when, cut or whole.
//!
//! What was received is compared with a [`Repertoire`] of reference phrases, sample by sample: a phrase is *found* by the
//! likeness of its first half second (`search`), *followed* along its whole length (`follow`), and *judged* against its
//! rivals, the phrases that begin alike (`listen`).
//!
//! Invariant: all positions are samples of the 8 kHz stream since its first; memory and delay are bounded by the longest phrase.

mod follow;
mod listen;
mod repertoire;
mod search;
mod tape;
mod verdict;

pub use listen::{Ear, hear_all};
pub use repertoire::{Reference, Repertoire};
pub use verdict::{Ended, Gap, Heard};
