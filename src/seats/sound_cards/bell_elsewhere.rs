//! What wakes the devices' thread where there is no eventfd.

use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Rung by whoever has something for the thread; all clones are one bell.
#[derive(Clone, Debug)]
pub(super) struct Bell(Arc<(Mutex<bool>, Condvar)>);

impl Bell {
    /// As fallible as an eventfd, which this stands for.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(Arc::new((Mutex::new(false), Condvar::new()))))
    }

    /// To be called after something was handed over.
    pub(super) fn ring(&self) {
        let (rung, woken) = &*self.0;
        *rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        woken.notify_one();
    }

    /// To be called before what was handed over is taken: who comes later rings again.
    pub(super) fn heard(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }

    /// Until it is rung, or this time has passed.
    pub(super) fn wait(&self, at_most: Duration) {
        let (rung, woken) = &*self.0;
        let rung = rung.lock().unwrap_or_else(PoisonError::into_inner);
        // A wake-up without a reason is a short wait.
        drop(woken.wait_timeout_while(rung, at_most, |rung| !*rung));
    }
}
