//! What wakes the devices' thread: once for all that is handed over before it has woken.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(feature = "alsa")]
use {
    nix::poll::{PollFd, PollFlags, PollTimeout, poll},
    std::time::Duration,
};

use nix::sys::eventfd::{EfdFlags, EventFd};

/// Rung by whoever has something for the thread; all clones are one bell.
#[derive(Clone, Debug)]
pub(super) struct Bell(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bell: EventFd,
    rung: AtomicBool,
}

impl Bell {
    pub(super) fn new() -> io::Result<Self> {
        let flags = EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC;
        let bell = EventFd::from_flags(flags)?;
        Ok(Self(Arc::new(Inner {
            bell,
            rung: AtomicBool::new(false),
        })))
    }

    /// To be called after something was handed over.
    pub(super) fn ring(&self) {
        if !self.0.rung.swap(true, Ordering::AcqRel) {
            // An eventfd takes more than we can count.
            let _ = self.0.bell.write(1);
        }
    }

    /// To be called before what was handed over is taken: who comes later rings again.
    pub(super) fn heard(&self) {
        // An eventfd that cannot be read is at zero already.
        let _ = self.0.bell.read();
        self.0.rung.swap(false, Ordering::AcqRel);
    }

    /// Until it is rung, or this time has passed.
    #[cfg(feature = "alsa")]
    pub(super) fn wait(&self, at_most: Duration) {
        let mut watched = [PollFd::new(self.as_fd(), PollFlags::POLLIN)];
        let at_most = PollTimeout::try_from(at_most).unwrap_or(PollTimeout::MAX);
        // An interrupted wait is a short one.
        let _ = poll(&mut watched, at_most);
    }

    /// What becomes readable.
    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.bell.as_fd()
    }
}
