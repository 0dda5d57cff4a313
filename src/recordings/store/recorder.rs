use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::file::name;
use super::thread::{RecorderThread, Word};
use crate::files;
use crate::media::{LegKey, RecordedFrame};
use crate::recordings::{Format, Key};
use crate::words::{CallId, Entropy, Moment};

/// How recordings are kept.
#[derive(Debug)]
pub struct RecorderSettings {
    pub folder: PathBuf,
    pub format: Format,
    /// With a key nobody reads them without it.
    pub key: Option<Key>,
    /// Where the key is from: looked at whenever a recording begins.
    pub key_file: Option<PathBuf>,
}

/// What the thread has to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// This call is recorded no further; the call itself goes on.
    Failed {
        call: CallId,
    },
    /// After a failure something was written again.
    Recovered,
    /// The key's file cannot be used any more: the key that was read last is.
    KeyUnfit,
    KeyFit,
}

/// Frames that wait for the disk: 6.7 MB, 0.4 s of 200 calls. What comes beyond is lost and counted.
const FRAMES_MAX: usize = 4_096;

/// Words to the thread: each call has two or three, and the desk at most 2,000 calls.
const WORDS_MAX: usize = 8_192;

/// The thread that writes recordings, for the desk. It ends when this is dropped.
pub struct Recorder {
    words: Option<SyncSender<Word>>,
    frames: Frames,
    names: Names,
    thread: Option<JoinHandle<()>>,
}

/// What the files' names are made of.
#[derive(Clone, Debug)]
struct Names {
    format: Format,
    is_sealed: bool,
}

/// Where the media thread puts its frames: it never waits.
#[derive(Clone, Debug)]
pub struct Frames {
    channel: SyncSender<RecordedFrame>,
    lost: Arc<AtomicU64>,
}

impl Frames {
    pub fn offer(&self, frame: RecordedFrame) {
        if self.channel.try_send(frame).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Frames that the disk was too slow for: silence in their files.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Recorder {
    /// Makes the folder where it is missing, sees whether it can be written to, and starts the thread.
    pub fn start(
        settings: RecorderSettings,
        entropy: Entropy,
        tell: impl FnMut(News) + Send + 'static,
    ) -> io::Result<Self> {
        files::make_folder(&settings.folder)?;
        check_writable(&settings.folder)?;
        let names = Names {
            format: settings.format,
            is_sealed: settings.key.is_some(),
        };
        let (words, heard) = sync_channel(WORDS_MAX);
        let (channel, inbox) = sync_channel(FRAMES_MAX);
        let thread = RecorderThread::new(settings, entropy, Box::new(tell));
        let thread = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || thread.work(&heard, &inbox))?;
        let frames = Frames {
            channel,
            lost: Arc::default(),
        };
        Ok(Self {
            words: Some(words),
            frames,
            names,
            thread: Some(thread),
        })
    }

    /// For the media thread.
    pub fn frames(&self) -> Frames {
        self.frames.clone()
    }

    /// A call's file, below the folder.
    pub fn name(&self, call: CallId) -> PathBuf {
        name(call, self.names.format, self.names.is_sealed)
    }

    /// Begins the file of `call`, whose caller is at `leg`. `false`, here and below: too busy, nothing was done.
    #[must_use]
    pub fn open(&self, leg: LegKey, call: CallId, at: Moment) -> bool {
        self.say(Word::Open { leg, call, at })
    }

    /// Keeps silence from this moment on, whatever is on its way already.
    #[must_use]
    pub fn pause(&self, leg: LegKey, at: Moment) -> bool {
        self.say(Word::Pause { leg, at })
    }

    #[must_use]
    pub fn resume(&self, leg: LegKey, at: Moment) -> bool {
        self.say(Word::Resume { leg, at })
    }

    /// Ends the file: it is as long as the call was.
    #[must_use]
    pub fn close(&self, leg: LegKey, at: Moment) -> bool {
        self.say(Word::Close { leg, at })
    }

    fn say(&self, word: Word) -> bool {
        self.words
            .as_ref()
            .is_some_and(|words| words.try_send(word).is_ok())
    }
}

impl Drop for Recorder {
    /// Without words the thread ends what is open, and itself.
    fn drop(&mut self) {
        self.words = None;
        if self
            .thread
            .take()
            .is_some_and(|thread| thread.join().is_err())
        {
            tracing::error!("the recorder thread panicked");
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

/// A folder that takes a file takes recordings.
fn check_writable(folder: &Path) -> io::Result<()> {
    let probe = folder.join(".writable");
    std::fs::write(&probe, b"")?;
    std::fs::remove_file(probe)
}
