//! What the system, or whoever started us, asks of a running desk.

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

pub(super) use self::system::Signals;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// To leave (D29).
    Stop,
    /// To read the certificates and the settings again; nobody asks so on Windows.
    #[cfg_attr(windows, expect(dead_code, reason = "Windows has no SIGHUP"))]
    Renew,
}
