use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::eventfd::{EfdFlags, EventFd};

/// Wakes the thread: once for all that is handed over before it has woken.
#[derive(Debug)]
pub(in crate::desk::media_thread) struct Wake {
    bell: EventFd,
    rung: AtomicBool,
}

impl Wake {
    pub(super) fn new() -> io::Result<Self> {
        let flags = EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC;
        Ok(Self {
            bell: EventFd::from_flags(flags)?,
            rung: AtomicBool::new(false),
        })
    }

    /// What becomes readable.
    pub(super) fn bell(&self) -> &EventFd {
        &self.bell
    }

    /// To be called after something was handed over.
    pub(in crate::desk::media_thread) fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            // An eventfd takes more than we can count.
            let _ = self.bell.write(1);
        }
    }

    /// To be called before what was handed over is taken: who comes later rings again.
    pub(in crate::desk::media_thread) fn heard(&self) {
        // An eventfd that cannot be read is at zero already.
        let _ = self.bell.read();
        self.rung.swap(false, Ordering::AcqRel);
    }
}
