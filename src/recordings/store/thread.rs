use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::file::{TapeFile, name};
use super::key_file::read_key;
use super::recorder::{News, RecorderSettings};
use crate::media::{LegKey, RecordedFrame};
use crate::recordings::{Recording, Sealer};
use crate::words::{CallId, Entropy, Moment};

/// What the desk says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Word {
    Open {
        leg: LegKey,
        call: CallId,
        at: Moment,
    },
    Pause {
        leg: LegKey,
        at: Moment,
    },
    Resume {
        leg: LegKey,
        at: Moment,
    },
    Close {
        leg: LegKey,
        at: Moment,
    },
}

/// Frames are looked for this often: 200 calls have 500 of them then.
const LOOKS_EVERY: Duration = Duration::from_millis(50);

/// Files open at once: the desk's calls at most (D8).
const OPEN_MAX: usize = 2_000;

/// What runs on the thread.
pub(super) struct RecorderThread {
    settings: RecorderSettings,
    entropy: Entropy,
    tell: Box<dyn FnMut(News) + Send>,
    tapes: BTreeMap<LegKey, Tape>,
    /// Calls that are over, whose last frames may still wait.
    over: Vec<(LegKey, Moment)>,
    failing: bool,
    key_is_unfit: bool,
}

/// One call's recording and its file.
struct Tape {
    call: CallId,
    recording: Recording,
    file: TapeFile,
}

impl RecorderThread {
    pub(super) fn new(
        settings: RecorderSettings,
        entropy: Entropy,
        tell: Box<dyn FnMut(News) + Send>,
    ) -> Self {
        Self {
            settings,
            entropy,
            tell,
            tapes: BTreeMap::new(),
            over: Vec::new(),
            failing: false,
            key_is_unfit: false,
        }
    }

    /// Until nobody is left who could say a word; what is still open is ended where its sound ends.
    ///
    /// It waits for words and only looks for frames: whoever has a frame need wake nobody.
    pub(super) fn work(mut self, words: &Receiver<Word>, frames: &Receiver<RecordedFrame>) {
        loop {
            match words.recv_timeout(LOOKS_EVERY) {
                Ok(word) => self.word(word),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.catch_up(words, frames);
        }
        self.catch_up(words, frames);
        while let Some((_, tape)) = self.tapes.pop_first() {
            self.end(tape, Moment::ZERO);
        }
    }

    /// Words first: a pause counts for every frame after its moment.
    fn catch_up(&mut self, words: &Receiver<Word>, frames: &Receiver<RecordedFrame>) {
        while let Ok(frame) = frames.try_recv() {
            while let Ok(word) = words.try_recv() {
                self.word(word);
            }
            self.hear(&frame);
        }
        for (leg, at) in std::mem::take(&mut self.over) {
            if let Some(tape) = self.tapes.remove(&leg) {
                self.end(tape, at);
            }
        }
    }

    fn word(&mut self, word: Word) {
        match word {
            Word::Open { leg, call, at } => self.open(leg, call, at),
            Word::Pause { leg, at } => {
                if let Some(tape) = self.tapes.get_mut(&leg) {
                    tape.recording.pause(at);
                }
            }
            Word::Resume { leg, at } => {
                if let Some(tape) = self.tapes.get_mut(&leg) {
                    tape.recording.resume(at);
                }
            }
            // No more than there are tapes.
            Word::Close { leg, at } if self.tapes.contains_key(&leg) => self.over.push((leg, at)),
            Word::Close { .. } => {}
        }
    }

    fn open(&mut self, leg: LegKey, call: CallId, at: Moment) {
        if self.tapes.len() >= OPEN_MAX {
            return self.failed(call, &io::ErrorKind::QuotaExceeded.into());
        }
        self.look_at_key();
        let format = self.settings.format;
        let path = self
            .settings
            .folder
            .join(name(call, format, self.settings.key.is_some()));
        let salt = self.entropy.bytes();
        let sealer = self
            .settings
            .key
            .as_ref()
            .map(|key| Sealer::new(key, call, salt));
        match TapeFile::create(path, format, sealer) {
            Ok(file) => {
                let recording = Recording::new(format, self.entropy.u32(), at);
                self.tapes.insert(
                    leg,
                    Tape {
                        call,
                        recording,
                        file,
                    },
                );
            }
            Err(why) => self.failed(call, &why),
        }
    }

    /// Another key counts from this call on. One that is gone, or open to others, does not stop a recording:
    /// the admin may have it elsewhere, and the call will not come again.
    fn look_at_key(&mut self) {
        let Some(file) = &self.settings.key_file else {
            return;
        };
        let read = read_key(file);
        let was_unfit = std::mem::replace(&mut self.key_is_unfit, read.is_err());
        match read {
            Ok(key) => {
                if self.settings.key.as_ref() != Some(&key) {
                    tracing::warn!(
                        "another key is in the key file: recordings that begin now are sealed with it"
                    );
                    self.settings.key = Some(key);
                }
                if was_unfit {
                    (self.tell)(News::KeyFit);
                }
            }
            Err(why) if !was_unfit => {
                tracing::error!(%why, "recordings are sealed with the key that was read last");
                (self.tell)(News::KeyUnfit);
            }
            Err(_) => {} // told already
        }
    }

    fn hear(&mut self, frame: &RecordedFrame) {
        let Some(tape) = self.tapes.get_mut(&frame.leg) else {
            return;
        };
        tape.recording.hear(frame);
        let Some(sound) = tape.recording.take_due() else {
            return;
        };
        let written = tape.file.check_there();
        match written.and_then(|()| tape.file.write(&sound)) {
            Ok(()) => self.wrote(),
            Err(why) => self.give_up(frame.leg, &why),
        }
    }

    fn end(&mut self, mut tape: Tape, at: Moment) {
        let rest = tape.recording.finish(at);
        match tape.file.finish(&rest) {
            Ok(()) => self.wrote(),
            Err(why) => self.failed(tape.call, &why),
        }
    }

    /// What was written stays, and can be read.
    fn give_up(&mut self, leg: LegKey, why: &io::Error) {
        if let Some(tape) = self.tapes.remove(&leg) {
            tape.file.remove_if_empty();
            self.failed(tape.call, why);
        }
    }

    fn failed(&mut self, call: CallId, why: &io::Error) {
        tracing::error!(%call, %why, "write a recording");
        self.failing = true;
        (self.tell)(News::Failed { call });
    }

    fn wrote(&mut self) {
        if std::mem::take(&mut self.failing) {
            (self.tell)(News::Recovered);
        }
    }
}
