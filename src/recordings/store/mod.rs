//! L2, shell. The files: a folder a day, a file a call, written by one thread; the keys; the retention.

mod decrypting;
mod file;
mod key_file;
mod recorder;
mod retention;
mod thread;

pub use decrypting::{DecryptError, Decrypted, decrypt};
pub use key_file::{KeyFileError, read_key};
pub use recorder::{Frames, News, Recorder, RecorderSettings};
pub use retention::{Swept, remove_call, sweep};
