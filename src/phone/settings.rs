use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::ear::{Reference, Repertoire};
use crate::media::{Clip, Codec, Phrasebook, PhrasebookError};
use crate::words::{Entropy, Language};

/// What a phone is, and how it behaves when nobody tells it otherwise.
#[derive(Clone)]
pub struct PhoneSettings {
    /// Its user part: a number, or a name.
    pub user: String,
    /// Where it binds its ports; the system chooses their numbers.
    pub ip: IpAddr,
    /// The codec its offers name first.
    pub codec: Codec,
    pub sends: Sends,
    pub rtcp: Rtcp,
    pub answers: Answers,
    /// What its ear knows.
    pub repertoire: Arc<Repertoire>,
    pub entropy: Entropy,
}

/// What a phone sends while it is not speaking.
#[derive(Clone, Debug)]
pub enum Sends {
    /// Over and over.
    Speech(Arc<Clip>),
    /// Packets of digital silence.
    Silence,
    /// No packets at all.
    Nothing,
    /// 440 Hz.
    Tone,
}

/// What a phone reports of what it receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rtcp {
    Normal,
    /// After its first report it seems to receive nothing more.
    Frozen,
    None,
}

/// What a phone does with an INVITE; `Phone::answer` may always be quicker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    AfterRing(Duration),
    /// Rings until somebody answers it by hand.
    Never,
    /// 486.
    Busy,
    /// 603.
    Decline,
}

/// Everything a phrasebook says in these languages, for ears.
pub fn repertoire(
    book: &Phrasebook,
    languages: &[Language],
) -> Result<Arc<Repertoire>, PhrasebookError> {
    let mut references = Vec::new();
    for id in book.ids() {
        for &language in languages {
            references.push(Reference {
                prompt: id.clone(),
                language,
                samples: book.clip(id, language)?.samples().to_vec(),
            });
        }
    }
    Ok(Arc::new(Repertoire::new(references)))
}
