use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Settings;
use super::check::{Fault, fault};
use super::places::Step;
use super::values::empty_is_none;
use crate::words::{Sentence, Wait};

/// `[recording]`: whether calls are recorded, and what becomes of the files (D32).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recording {
    pub enabled: bool,
    /// Not set: `recordings` in the state folder.
    #[serde(with = "empty_is_none")]
    pub folder: Option<PathBuf>,
    pub format: RecordingFormat,
    /// With it the files are sealed.
    #[serde(with = "empty_is_none")]
    pub key_file: Option<PathBuf>,
    /// Zero is for ever.
    pub keep: Wait,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordingFormat {
    #[default]
    Wav,
    Ogg,
}

impl Default for Recording {
    fn default() -> Self {
        Self {
            enabled: false,
            folder: None,
            format: RecordingFormat::default(),
            key_file: None,
            keep: Wait::new(DAY.saturating_mul(30)),
        }
    }
}

impl Settings {
    /// Whether the calls of some line are recorded.
    pub fn records_calls(&self) -> bool {
        let sip = &self.sip;
        let accounts = sip.account.iter().map(|it| it.recording);
        let peers = sip.peer.iter().map(|it| it.recording);
        let mut own = accounts.chain(peers).chain([sip.trunk_recording]);
        self.recording.enabled || own.any(|records| records == Some(true))
    }
}

const DAY: Duration = Duration::from_secs(86_400);

/// Files are looked through once an hour.
const KEEP_MIN: Wait = Wait::new(Duration::from_secs(3_600));

pub(super) fn faults(settings: &Settings) -> Vec<Fault> {
    let keep = settings.recording.keep;
    let forever = keep == Wait::default();
    let too_short = (!forever && keep < KEEP_MIN).then(|| {
        fault(
            &[Step::Key("recording"), Step::Key("keep")],
            Sentence::of("settings.recording-keep").with("keep", keep),
            Sentence::of("settings.right.recording-keep").with("least", KEEP_MIN),
        )
    });
    too_short.into_iter().collect()
}
