//! The wall clock as a test sets it (`tests/peers/clock.rs`): that of the machine is others', too.
//!
//! `THIRDRING_CLOCK` names a file with the seconds by which it is ahead. Read only where `debug_assertions` are: nobody sets a
//! released agent's clock but the system.

use jiff::Timestamp;

#[cfg(debug_assertions)]
pub(super) fn as_set(utc: Timestamp) -> Timestamp {
    utc.saturating_add(ahead()).unwrap_or(utc)
}

#[cfg(not(debug_assertions))]
pub(super) fn as_set(utc: Timestamp) -> Timestamp {
    utc
}

#[cfg(debug_assertions)]
fn ahead() -> jiff::SignedDuration {
    use std::path::PathBuf;
    use std::sync::OnceLock;
    use std::{env, fs};

    static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let file = FILE.get_or_init(|| env::var_os("THIRDRING_CLOCK").map(PathBuf::from));
    let ahead = file.as_ref().and_then(|file| fs::read_to_string(file).ok());
    let ahead_s = ahead.and_then(|ahead| ahead.trim().parse().ok());
    jiff::SignedDuration::from_secs(ahead_s.unwrap_or(0))
}
