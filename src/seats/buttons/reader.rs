use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::thread::JoinHandle;

use super::device::Read;
use super::keeper::Word;

/// The longest report of high-speed USB, and its id; what is longer is cut, and of no headset.
const REPORT_MAX: usize = 1_025;

/// The thread that waits for one device's reports.
#[derive(Debug)]
pub(super) struct Reader {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Reader {
    /// Reads until it is told to stop or the device is gone; what it sends bears `number`.
    pub(super) fn start(read: Read, number: u64, words: SyncSender<Word>) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("buttons-read".to_owned())
            .spawn(move || read_all(read, number, &words, &stopped))?;
        Ok(Self { stop, thread })
    }

    /// It ends within a second; nobody waits for that here.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    pub(super) fn join(self) {
        self.stop();
        // A panic there was told by the panic hook.
        let _ = self.thread.join();
    }
}

fn read_all(mut read: Read, number: u64, words: &SyncSender<Word>, stop: &AtomicBool) {
    let mut report = [0; REPORT_MAX];
    while !stop.load(Ordering::Relaxed) {
        let bytes = match read(&mut report) {
            Ok(0) => continue,
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::debug!(%error, "read a headset's buttons");
                // An error here: nobody is there any more who would care.
                let _ = words.send(Word::Gone { number });
                return;
            }
        };
        let bytes = report.get(..bytes).unwrap_or_default().to_vec();
        match words.try_send(Word::Report { number, bytes }) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => tracing::debug!("a headset's report is dropped"),
            Err(TrySendError::Disconnected(_)) => return,
        }
    }
}
