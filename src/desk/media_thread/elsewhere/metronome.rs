use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use mio::Waker;

use crate::desk::clock;
use crate::desk::urgency::run_before_others;
use crate::media::FRAME_TIME;
use crate::words::Moment;

/// Wakes the thread at a moment, to the millisecond: a wait with a limit ends up to 16 ms late on Windows, a sleep does
/// not, and so it is a thread that sleeps.
///
/// A moment before the one that was set may be missed by a frame.
pub(super) struct Metronome {
    shared: Arc<Shared>,
    armed: Option<Moment>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    due: Mutex<Due>,
    changed: Condvar,
    struck: AtomicBool,
    waker: Arc<Waker>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    Never,
    At(Moment),
    Stop,
}

impl Metronome {
    pub(super) fn start(waker: Arc<Waker>) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            due: Mutex::new(Due::Never),
            changed: Condvar::new(),
            struck: AtomicBool::new(false),
            waker,
        });
        let thread = std::thread::Builder::new().name("metronome".to_owned());
        let beat = Arc::clone(&shared);
        Ok(Self {
            shared,
            armed: None,
            thread: Some(thread.spawn(move || beat.run())?),
        })
    }

    pub(super) fn set(&mut self, due: Option<Moment>) {
        if self.armed != due {
            self.armed = due;
            self.shared.set(due.map_or(Due::Never, Due::At));
        }
    }

    /// Whether it struck since the last question.
    pub(super) fn has_struck(&self) -> bool {
        self.shared.struck.swap(false, Ordering::AcqRel)
    }

    /// The moment that was set may be set again.
    pub(super) fn clear(&mut self) {
        self.armed = None;
    }
}

impl Drop for Metronome {
    fn drop(&mut self) {
        self.shared.set(Due::Stop);
        if let Some(thread) = self.thread.take() {
            // A panic there was told by the panic hook.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn run(&self) {
        run_before_others();
        while let Some(at) = self.next() {
            let rest = clock::now().until(at);
            if rest.is_zero() {
                self.strike(at);
            } else {
                #[expect(clippy::disallowed_methods, reason = "its sleep is what it is for")]
                std::thread::sleep(rest.min(FRAME_TIME));
            }
        }
    }

    /// Waits for a moment to be set; none where it is to stop.
    fn next(&self) -> Option<Moment> {
        let due = self
            .changed
            .wait_while(self.due(), |due| *due == Due::Never);
        match *due.unwrap_or_else(PoisonError::into_inner) {
            Due::At(at) => Some(at),
            Due::Never | Due::Stop => None,
        }
    }

    fn strike(&self, at: Moment) {
        let mut due = self.due();
        if *due == Due::At(at) {
            *due = Due::Never;
            self.struck.store(true, Ordering::Release);
            if let Err(error) = self.waker.wake() {
                tracing::error!(%error, "wake the media thread");
            }
        }
    }

    fn set(&self, due: Due) {
        *self.due() = due;
        self.changed.notify_one();
    }

    fn due(&self) -> MutexGuard<'_, Due> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
