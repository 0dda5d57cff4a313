//! Which calls are recorded: between the calls, the recorder's thread and the timeline.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::call::Recording;
use crate::media::{self, LegKey, Order};
use crate::recordings::Format;
use crate::recordings::store::{self, Frames, News, Recorder, RecorderSettings};
use crate::records::What;
use crate::settings::{self, RecordingFormat, Settings};
use crate::words::{CallId, Entropy, Moment, Party, PhoneNumber};

use super::run_error::RunError;
use super::{Desk, clock};

/// News that wait for the desk; what comes beyond is in the log.
pub(super) const NEWS_MAX: usize = 4_096;

/// How often old files are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);

/// Stands until a recording is written again.
const RECORDING_FAILED: &str = "recording-failed";

/// Stands until a recording begins and the key file can be used.
const RECORDING_KEY_UNFIT: &str = "recording-key-unfit";

/// The calls that are being recorded.
#[derive(Debug, Default)]
pub(super) struct Recordings {
    /// None where calls are not recorded.
    recorder: Option<Recorder>,
    tapes: BTreeMap<CallId, Tape>,
    folder: PathBuf,
    /// Files are removed at this age, also where calls are not recorded any more.
    keep: Option<Duration>,
    sweep_at: Moment,
}

/// One call's file.
#[derive(Clone, Debug)]
struct Tape {
    leg: LegKey,
    file: String,
    began: Moment,
}

impl Recordings {
    /// Reads the key and starts the thread, where calls are recorded.
    pub(super) fn open(
        settings: &Settings,
        state: &Path,
        entropy: Entropy,
        told: mpsc::Sender<News>,
    ) -> Result<Self, RunError> {
        let recording = &settings.recording;
        let folder = folder(recording, state);
        let recordings = Self {
            folder: folder.clone(),
            keep: Some(recording.keep.get()).filter(|keep| !keep.is_zero()),
            ..Self::default()
        };
        if !settings.records_calls() {
            return Ok(recordings);
        }
        let key = match &recording.key_file {
            Some(file) => Some(store::read_key(file).map_err(RunError::RecordingKey)?),
            None => None,
        };
        let format = match recording.format {
            RecordingFormat::Wav => Format::Wav,
            RecordingFormat::Ogg => Format::Ogg,
        };
        let parts = RecorderSettings {
            folder: folder.clone(),
            format,
            key,
            key_file: recording.key_file.clone(),
        };
        // What the desk has no room for is in the log all the same.
        let tell = move |news| {
            let _ = told.try_send(news);
        };
        let recorder = Recorder::start(parts, entropy, tell)
            .map_err(|why| RunError::Recordings { folder, why })?;
        Ok(Self {
            recorder: Some(recorder),
            ..recordings
        })
    }

    /// Where the files are, also those of calls that are not recorded any more.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a call that is recorded, below the folder.
    pub(super) fn file_of(&self, call: CallId) -> Option<String> {
        self.tapes.get(&call).map(|tape| tape.file.clone())
    }

    /// When old files are looked for next.
    pub(super) fn timeout(&self) -> Option<Moment> {
        self.keep.map(|_| self.sweep_at)
    }

    /// Where the media thread puts its frames; none where calls are not recorded.
    pub(super) fn frames(&self) -> Option<Frames> {
        self.recorder.as_ref().map(Recorder::frames)
    }

    /// Frames that the disk was too slow for.
    pub(super) fn lost(&self) -> u64 {
        let recorder = self.recorder.as_ref();
        recorder.map_or(0, |recorder| recorder.frames().lost())
    }
}

/// To the millisecond: more digits look like a number that somebody has.
fn seconds(span: Duration) -> f64 {
    (span.as_secs_f64() * 1_000.0).round() / 1_000.0
}

fn folder(recording: &settings::Recording, state: &Path) -> PathBuf {
    let own = || state.join("recordings");
    recording.folder.clone().unwrap_or_else(own)
}

impl Desk {
    /// Whether whom we call hears the notice and is recorded, by the line that he is dialled on.
    pub(super) fn records_calls_to(&self, number: &PhoneNumber) -> bool {
        let line = self.house.dialled(number).and_then(|(_, it)| it.line);
        let line = line.and_then(|line| self.signalling.line_named(&line));
        line.is_some_and(|line| line.records)
    }

    pub(super) fn record(&mut self, id: CallId, recording: Recording, now: Moment) {
        match recording {
            Recording::Begin => self.begin_recording(id, now),
            Recording::Pause => self.pause_recording(id, "paused", now),
            Recording::Resume => self.pause_recording(id, "resumed", now),
        }
    }

    fn begin_recording(&mut self, id: CallId, now: Moment) {
        let leg = self.calls.get(id).and_then(|it| it.sound(Party::Caller));
        let (Some(recorder), Some(leg)) = (&self.recordings.recorder, leg) else {
            return;
        };
        let is_open = recorder.open(leg, id, now);
        let recording = media::Recording::On;
        self.sound.order(Order::Record { leg, recording });
        let tape = Tape {
            leg,
            file: recorder.name(id).display().to_string(),
            began: now,
        };
        self.recordings.tapes.insert(id, tape);
        self.note_recording(id, "began", now);
        if !is_open {
            self.recording_failed(id, now);
        }
    }

    /// What the recorder is too busy to hear of is not recorded: better none than a card number.
    fn pause_recording(&mut self, id: CallId, news: &str, now: Moment) {
        let tape = self.recordings.tapes.get(&id);
        let (Some(recorder), Some(tape)) = (&self.recordings.recorder, tape) else {
            return;
        };
        let leg = tape.leg;
        let done = match news {
            "paused" => recorder.pause(leg, now),
            _ => recorder.resume(leg, now),
        };
        self.note_recording(id, news, now);
        if !done {
            self.recording_failed(id, now);
        }
    }

    /// The caller's leg is over, and with it the file.
    pub(super) fn end_recording(&mut self, id: CallId, now: Moment) {
        self.note_recording(id, "ended", now);
        let Some(Tape { leg, .. }) = self.recordings.tapes.remove(&id) else {
            return;
        };
        let recording = media::Recording::Off;
        self.sound.order(Order::Record { leg, recording });
        if let Some(recorder) = &self.recordings.recorder
            && !recorder.close(leg, now)
        {
            tracing::error!(call = %id, "the recorder is too busy to end a file");
        }
    }

    pub(super) fn recorder_news(&mut self, news: News, now: Moment) {
        match news {
            News::Failed { call } => self.recording_failed(call, now),
            News::Recovered => {
                self.duty.alarms.remove(RECORDING_FAILED);
            }
            News::KeyUnfit => self.standing_alarm(RECORDING_KEY_UNFIT, now),
            News::KeyFit => {
                self.duty.alarms.remove(RECORDING_KEY_UNFIT);
            }
        }
        self.settle(now);
    }

    /// The call goes on unrecorded; the log says why.
    fn recording_failed(&mut self, id: CallId, now: Moment) {
        self.standing_alarm(RECORDING_FAILED, now);
        self.note_recording(id, "failed", now);
        self.recordings.tapes.remove(&id);
    }

    fn note_recording(&mut self, id: CallId, news: &str, now: Moment) {
        if let Some(Tape { file, began, .. }) = self.recordings.tapes.get(&id).cloned() {
            let what = What::Recording {
                news: news.to_owned(),
                file,
                at_s: seconds(now.since(began)),
            };
            self.note(id, what, now);
        }
    }

    /// Files past their time are removed beside the desk, which waits for no disk.
    pub(super) fn sweep_recordings(&mut self, now: Moment) {
        let recordings = &mut self.recordings;
        let Some(keep) = recordings.keep.filter(|_| now >= recordings.sweep_at) else {
            return;
        };
        recordings.sweep_at = now + SWEEP_EVERY;
        let (folder, utc) = (recordings.folder.clone(), clock::utc());
        tokio::task::spawn_blocking(move || match store::sweep(&folder, keep, utc) {
            Ok(swept) if swept.removed > 0 => {
                tracing::info!(files = swept.removed, "old recordings are removed");
            }
            Ok(_) => {}
            Err(why) => tracing::error!(%why, "remove old recordings"),
        });
    }
}
