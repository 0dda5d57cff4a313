//! What is kept of a call's sound: a file with two sides, the representative's left and the caller's right.
//!
//! Invariant: pure, but for [`store`], which writes the files. A file can be read after any crash, but for its last
//! half second; its time is the call's time: what is missing or paused is silence.

mod fitting;
mod format;
mod ogg_opus;
mod pauses;
mod recording;
mod sealed;
pub mod store;
mod wav;

pub use format::Format;
pub use recording::Recording;
pub use sealed::{Broken, Key, Opener, Sealer};
