//! What can be known of a line from the sound and the reports that come in: the line doctor.
//!
//! [`Line`] watches one leg. Cheap detectors hear every frame; whether it is a human voice is asked of a detector outside
//! (`voices/`), by [`Block`]s, only where a voice may be and in the long run an eighth of the time; its answers come back by
//! [`Line::human`].
//!
//! Invariant: the verdict is a function of what came and of the time; nothing here decides what to do about it.

mod answerer;
mod asking;
mod character;
pub(in crate::media) mod echo;
mod floor;
mod hum;
mod human;
mod level;
mod level_history;
mod limits;
mod line;
mod line_noise;
mod loudness;
mod narrow;
mod one_way;
mod packets;
mod silence;
mod sounding;
mod spectrum;
mod speech_gate;
mod voice;

pub use answerer::{Answerer, Sign};
pub use echo::EchoFound;
pub use human::{BLOCK_SAMPLES, Block, WINDOW_BLOCKS};
pub use level::Level;
pub use limits::{Levels, Limits, Watch};
pub use line::{Finding, Line, Open};
pub use narrow::Narrow;
pub use one_way::{Evidence, HeardOfUs, OneWay};
pub use silence::DigitalSilence;
pub use sounding::Measured;
pub use speech_gate::SpeechGate;
pub use voice::{VoiceChange, VoiceDetector};

pub use super::playout::Played;

/// What is wrong with a party's line, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    TheyDoNotReceive(Evidence),
    NoMedia,
    MediaStopped,
    /// No packet for a while: a warning.
    MediaLate,
    DigitalSilence,
    /// Packets come, and no human voice was heard in them yet.
    SilentCaller,
    /// Loud, and no voice: hold music, ring-back, busy, fax.
    MusicOrTone,
    Clipped,
    TooLoud,
    TooQuiet,
    /// Hum of the mains, or noise that the speech hardly stands out of.
    LineNoise,
    /// What we send comes back.
    Echo,
    Fine,
}
