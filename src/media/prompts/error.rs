use std::fmt;

use super::{FILE_MAX_BYTES, HIGHEST_RATE, LOWEST_RATE, SOUND_MAX_SECONDS};
use crate::words::{Catalogue, Language, Sentence};

/// Why a recording cannot be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromptError {
    /// None of the kinds we read; what the reader said.
    NotSound(String),
    /// Ogg, but with Opus in it.
    Opus,
    /// It is damaged, or its end is missing; so much of it could be read.
    Damaged {
        seconds: u32,
    },
    TooManyChannels {
        channels: usize,
    },
    UnusableRate {
        rate: u32,
    },
    TooLong,
    TooLarge,
    /// Nothing is heard that could be made louder.
    Silent,
}

impl PromptError {
    /// What is wrong with a recording, and what would be right.
    pub fn sentence(&self) -> Sentence {
        match self {
            Self::NotSound(why) => Sentence::of("sound.not-sound").with("why", why),
            Self::Opus => Sentence::of("sound.opus"),
            Self::Damaged { seconds } => Sentence::of("sound.damaged").with("seconds", seconds),
            Self::TooManyChannels { channels } => {
                Sentence::of("sound.channels").with("channels", channels)
            }
            Self::UnusableRate { rate } => Sentence::of("sound.rate")
                .with("least", LOWEST_RATE)
                .with("most", HIGHEST_RATE)
                .with("rate", rate),
            Self::TooLong => Sentence::of("sound.too-long").with("most", SOUND_MAX_SECONDS),
            Self::TooLarge => Sentence::of("sound.too-large").with("most", FILE_MAX_BYTES >> 20),
            Self::Silent => Sentence::of("sound.silent"),
        }
    }
}

/// In English, for logs.
impl fmt::Display for PromptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Catalogue::shipped().say(&self.sentence(), Language::En))
    }
}

impl std::error::Error for PromptError {}
