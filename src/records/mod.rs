//! What a call leaves behind: its timeline, entry by entry, and its record.
//!
//! Invariant: pure; writing them down is `store/`'s work.

mod timeline;

pub use timeline::{Entry, What};
