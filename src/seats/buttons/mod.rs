//! The buttons and lamps of the rep's headset: finds the device, reads it on a thread of its own, lights it.
//!
//! What a report means is `crate::buttons`' to say. Without a device the thread sleeps until it is asked to
//! look again; with one, a second thread waits for its reports, and wakes once a second.
//!
//! Invariant: nobody waits for a headset, and what it says, or fails to, ends no call by itself.

mod choice;
mod device;
mod keeper;
mod news;
mod reader;

use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

pub use choice::{Sought, UsbId};
pub use news::ButtonNews;

use crate::buttons::Lamps;
use crate::words::Moment;
use device::Finder;
use keeper::{Keeper, Word};

/// Reports and doorbells waiting: as many as Linux keeps for one device. Past it a report is dropped, which a finger
/// cannot bring about; a doorbell is needless then, for orders are looked at with every word.
const WORDS_MAX: usize = 64;

/// The headset's buttons and lamps. Dropping it puts the lamps out and joins the threads, within a second.
#[derive(Debug)]
pub struct Buttons {
    orders: Arc<Mutex<Orders>>,
    bell: SyncSender<Word>,
    thread: Option<JoinHandle<()>>,
}

/// What is wanted last; what it overtakes is nobody's loss.
#[derive(Debug, Default)]
struct Orders {
    look: Option<Sought>,
    show: Option<Lamps>,
    leave: bool,
}

impl Buttons {
    /// Starts the thread, which looks for nothing yet. `clock` reads the boot clock; `news` is called on that thread, and
    /// must not wait.
    pub fn start(clock: fn() -> Moment, news: Box<dyn Fn(ButtonNews) + Send>) -> io::Result<Self> {
        Self::start_with(Finder::system(), clock, news)
    }

    fn start_with(
        finder: Finder,
        clock: fn() -> Moment,
        news: Box<dyn Fn(ButtonNews) + Send>,
    ) -> io::Result<Self> {
        let (bell, inbox) = sync_channel(WORDS_MAX);
        let orders = Arc::new(Mutex::new(Orders::default()));
        let keeper = Keeper::new(finder, clock, news, (Arc::clone(&orders), bell.clone()));
        let thread = std::thread::Builder::new()
            .name("buttons".to_owned())
            .spawn(move || keeper.run(&inbox))?;
        Ok(Self {
            orders,
            bell,
            thread: Some(thread),
        })
    }

    /// Looks for the wished headset; to be asked again whenever something is plugged in or out. What comes of it is news.
    pub fn look(&self, sought: Sought) {
        self.order(|orders| orders.look = Some(sought));
    }

    /// Shows the state of the call; a headset found later shows it too.
    pub fn show(&self, lamps: Lamps) {
        self.order(|orders| orders.show = Some(lamps));
    }

    fn order(&self, change: impl FnOnce(&mut Orders)) {
        change(&mut locked(&self.orders));
        // Full: the thread has words to read, and looks at the orders with each.
        let _ = self.bell.try_send(Word::Ordered);
    }
}

impl Drop for Buttons {
    fn drop(&mut self) {
        self.order(|orders| orders.leave = true);
        if let Some(thread) = self.thread.take() {
            // A panic there was told by the panic hook.
            let _ = thread.join();
        }
    }
}

/// Orders are whole at any time, whoever panicked over them.
fn locked(orders: &Mutex<Orders>) -> std::sync::MutexGuard<'_, Orders> {
    orders.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
