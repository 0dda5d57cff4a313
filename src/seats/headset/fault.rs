use std::fmt;

/// Why a rep cannot be heard, or cannot hear, by his headset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It is being looked at: was it just plugged in?
    Looking,
    /// The PC's sound server is not there.
    NoServer,
    /// Nothing on the wish list is plugged in.
    Missing,
    /// The microphone is muted at the sound server.
    Muted,
    /// The system did not open it.
    Refused,
    /// It gives or takes no samples any more.
    Stalled,
    /// It gives or takes samples without end.
    RunsAway,
    /// The microphone gives digital zero.
    MicrophoneDead,
}

impl Fault {
    /// Its word in events, in the API and in the catalogue.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Looking => "looking",
            Self::NoServer => "no-sound-server",
            Self::Missing => "headset-missing",
            Self::Muted => "microphone-muted",
            Self::Refused => "headset-refused",
            Self::Stalled => "headset-stalled",
            Self::RunsAway => "headset-runs-away",
            Self::MicrophoneDead => "microphone-dead",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
