use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use crate::ear::{Reference, Repertoire};
use crate::media::{Clip, Codec, Phrasebook, PhrasebookError};
use crate::words::{Entropy, Language};

/// What a phone is, and how it behaves when nobody tells it otherwise.
#[derive(Clone)]
pub struct PhoneSettings {
    /// Its user part: a number, or a name.
    pub user: String,
    pub at: PhoneAddress,
    /// The codec its offers name first.
    pub codec: Codec,
    pub sends: Sends,
    pub rtcp: Rtcp,
    pub answers: Answers,
    /// What its ear knows.
    pub repertoire: Arc<Repertoire>,
    pub entropy: Entropy,
}

/// Where a phone binds its ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhoneAddress {
    /// Port 0 is the system's choice.
    pub sip: SocketAddr,
    /// An even port, its reports one above; none is the system's choice.
    pub rtp: Option<u16>,
    /// The address that its descriptions name for RTP in the place of its own: that of a relay before it. Such a phone sends
    /// its sound where theirs comes from.
    pub behind: Option<SocketAddr>,
}

impl PhoneAddress {
    /// The system chooses the ports.
    pub fn any_port(ip: IpAddr) -> Self {
        Self {
            sip: SocketAddr::new(ip, 0),
            rtp: None,
            behind: None,
        }
    }
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rtcp {
    #[default]
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
