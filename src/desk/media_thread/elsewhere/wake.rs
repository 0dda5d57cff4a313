use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mio::Waker;

/// Wakes the thread: once for all that is handed over before it has woken.
#[derive(Debug)]
pub(in crate::desk::media_thread) struct Wake {
    waker: Arc<Waker>,
    rung: AtomicBool,
}

impl Wake {
    pub(super) fn new(waker: Arc<Waker>) -> Self {
        Self {
            waker,
            rung: AtomicBool::new(false),
        }
    }

    /// To be called after something was handed over.
    pub(in crate::desk::media_thread) fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel)
            && let Err(error) = self.waker.wake()
        {
            tracing::error!(%error, "wake the media thread");
        }
    }

    /// To be called before what was handed over is taken: who comes later rings again.
    pub(in crate::desk::media_thread) fn heard(&self) {
        self.rung.swap(false, Ordering::AcqRel);
    }
}
