use serde::{Deserialize, Serialize};

/// A verdict about what arrives from a party, or about what arrives there; the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// They do not hear us (D17).
    TheyDoNotReceive,
    /// Not one packet since the answer.
    NoMedia,
    /// Packets came, and stopped.
    MediaStopped,
    /// Packets came, and one is overdue: a warning.
    MediaLate,
    DigitalSilence,
    /// Packets come, and no human voice in them.
    SilentCaller,
    MusicOrTone,
    Clipped,
    TooLoud,
    TooQuiet,
    /// Hum, or a floor of noise.
    LineNoise,
    /// Our own sound comes back: a speaker-phone.
    Echo,
    Fine,
}

impl Line {
    pub const ALL: [Self; 13] = [
        Self::TheyDoNotReceive,
        Self::NoMedia,
        Self::MediaStopped,
        Self::MediaLate,
        Self::DigitalSilence,
        Self::SilentCaller,
        Self::MusicOrTone,
        Self::Clipped,
        Self::TooLoud,
        Self::TooQuiet,
        Self::LineNoise,
        Self::Echo,
        Self::Fine,
    ];

    /// Its word in the timeline, the API and the scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TheyDoNotReceive => "they-do-not-receive",
            Self::NoMedia => "no-media",
            Self::MediaStopped => "media-stopped",
            Self::MediaLate => "media-late",
            Self::DigitalSilence => "digital-silence",
            Self::SilentCaller => "silent-caller",
            Self::MusicOrTone => "music-or-tone",
            Self::Clipped => "clipped",
            Self::TooLoud => "too-loud",
            Self::TooQuiet => "too-quiet",
            Self::LineNoise => "line-noise",
            Self::Echo => "echo",
            Self::Fine => "fine",
        }
    }

    /// Packets are not coming.
    pub(super) fn is_dead(self) -> bool {
        matches!(self, Self::NoMedia | Self::MediaStopped)
    }

    /// What comes is not a person: whatever sounds, nobody speaks.
    pub(super) fn is_nobody(self) -> bool {
        matches!(self, Self::SilentCaller | Self::MusicOrTone)
    }

    /// It is judged over somebody's speech, or says that all is well.
    pub(super) fn has_voice(self) -> bool {
        matches!(
            self,
            Self::Clipped | Self::TooLoud | Self::TooQuiet | Self::Fine
        )
    }

    /// How somebody sounds, or that he hears nothing: not that he is quiet, which he knows.
    pub(super) fn is_about_sound(self) -> bool {
        match self {
            Self::TheyDoNotReceive
            | Self::Clipped
            | Self::TooLoud
            | Self::TooQuiet
            | Self::LineNoise
            | Self::Echo
            | Self::Fine => true,
            Self::NoMedia
            | Self::MediaStopped
            | Self::MediaLate
            | Self::DigitalSilence
            | Self::SilentCaller
            | Self::MusicOrTone => false,
        }
    }

    /// Mended before the call is given up (R26); what is late is not hurt yet.
    pub(super) fn is_hurt(self) -> bool {
        matches!(self, Self::TheyDoNotReceive | Self::MediaStopped)
    }

    /// As long as it stands, what was hurt may be hurt still.
    pub(super) fn keeps_hurting(self) -> bool {
        self.is_hurt() || matches!(self, Self::NoMedia | Self::MediaLate)
    }
}
