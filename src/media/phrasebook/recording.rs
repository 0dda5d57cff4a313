use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::{PhrasebookError, shipped};
use crate::media::clip::Clip;
use crate::media::codec::Rate;
use crate::media::prompts::{Loudness, PromptError, Shape, Sound};

/// A recording as it lies in its folder: one of ours, or an admin's.
#[derive(Clone, Debug)]
pub struct SoundFile {
    /// As the admin knows it: `en/greeting.wav`.
    pub name: String,
    pub bytes: Bytes,
}

/// A file, and what was made of it.
pub(super) struct Recording {
    source: Source,
    kind: Kind,
    played: OnceLock<Result<Played, PromptError>>,
}

/// Where a file is.
#[derive(Clone)]
pub(super) enum Source {
    /// Embedded in the program, under this name.
    Shipped(String),
    Given(SoundFile),
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Phrase,
    Music,
}

#[derive(Clone)]
struct Played {
    clip: Arc<Clip>,
    gain: f32,
}

impl Recording {
    pub(super) fn new(source: Source, kind: Kind) -> Self {
        Self {
            source,
            kind,
            played: OnceLock::new(),
        }
    }

    pub(super) fn unread(&self) -> Self {
        Self::new(self.source.clone(), self.kind)
    }

    pub(super) fn clip(&self, rate: Rate) -> Result<Arc<Clip>, PhrasebookError> {
        let played = self.played.get_or_init(|| self.play()).clone();
        let played = played.map_err(|error| self.unplayable(error))?;
        if rate == Rate::Wide && !played.clip.is_wide() {
            self.widen(&played);
        }
        Ok(played.clip)
    }

    /// Plays it once; ours need not be.
    pub(super) fn check(&self) -> Result<(), PhrasebookError> {
        match self.played.get() {
            None if self.source.is_ours() => return Ok(()),
            Some(played) => played.clone().map(drop),
            None => self.play().map(drop),
        }
        .map_err(|error| self.unplayable(error))
    }

    pub(super) fn as_recorded(&self) -> Result<Sound, PhrasebookError> {
        self.sound().map_err(|error| self.unplayable(error))
    }

    fn play(&self) -> Result<Played, PromptError> {
        let sound = self.sound()?;
        let gain = sound.gain(self.kind.loudness())?;
        let samples = sound.levelled(Rate::Narrow, gain, self.kind.shape())?;
        Ok(Played {
            clip: Arc::new(Clip::from_samples(samples)),
            gain,
        })
    }

    /// A file that could be read once can be read again; if not, its band stays the telephone's.
    fn widen(&self, played: &Played) {
        let Ok(sound) = self.sound() else { return };
        if sound.rate() <= Rate::Narrow.hz() {
            return;
        }
        if let Ok(samples) = sound.levelled(Rate::Wide, played.gain, self.kind.shape()) {
            played.clip.widen(|| samples);
        }
    }

    fn sound(&self) -> Result<Sound, PromptError> {
        Sound::read(self.source.bytes())
    }

    fn unplayable(&self, error: PromptError) -> PhrasebookError {
        PhrasebookError::Unplayable {
            file: self.source.name().to_owned(),
            error,
        }
    }
}

impl Kind {
    fn loudness(self) -> Loudness {
        match self {
            Self::Phrase => Loudness::Phrase,
            Self::Music => Loudness::Music,
        }
    }

    fn shape(self) -> Shape {
        match self {
            Self::Phrase => Shape::Phrase,
            Self::Music => Shape::Loop,
        }
    }
}

impl Source {
    fn name(&self) -> &str {
        match self {
            Self::Shipped(name) => name,
            Self::Given(file) => &file.name,
        }
    }

    fn is_ours(&self) -> bool {
        match self {
            Self::Shipped(_) => true,
            Self::Given(file) => shipped::is_ours(file),
        }
    }

    fn bytes(&self) -> Bytes {
        match self {
            Self::Shipped(name) => shipped::bytes(name),
            Self::Given(file) => file.bytes.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Phrasebook;
    use crate::media::clip::Past;
    use crate::words::{Language, PromptId};

    fn greeting() -> PromptId {
        "greeting".parse().unwrap()
    }

    #[test]
    fn sound_is_decoded_once() {
        let book = Phrasebook::shipped();
        let clip = || book.clip(&greeting(), Language::ZhCn).unwrap();
        assert!(Arc::ptr_eq(&clip(), &clip()));
    }

    #[test]
    fn an_unread_book_says_the_same_and_keeps_no_sound() {
        let book = Phrasebook::shipped();
        let clip = book.clip(&greeting(), Language::ZhCn).unwrap();
        let unread = book.unread();
        let recording = unread.recording(&greeting(), Language::ZhCn).unwrap();
        assert!(recording.played.get().is_none());
        let again = unread.clip(&greeting(), Language::ZhCn).unwrap();
        assert_eq!(again.samples(), clip.samples());
    }

    #[test]
    fn a_wideband_caller_hears_the_same_phrase_with_its_upper_band() {
        let book = Phrasebook::shipped();
        let narrow = book.clip(&greeting(), Language::En).unwrap();
        assert!(!narrow.is_wide(), "nobody asked for it");
        let wide = book.clip_at(&greeting(), Language::En, Rate::Wide);
        assert!(Arc::ptr_eq(&narrow, &wide.unwrap()) && narrow.is_wide());
        let mut heard = [[0; 320]; 2];
        narrow.read(Rate::Wide, 4_000, Past::Silence, &mut heard[0]);
        let telephone = Clip::from_samples(narrow.samples().to_vec());
        telephone.read(Rate::Wide, 4_000, Past::Silence, &mut heard[1]);
        let power = |samples: &[i16]| samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>();
        let apart: Vec<i16> = (0..320).map(|n| heard[0][n] - heard[1][n]).collect();
        assert!(power(&apart) > 0.0 && power(&apart) < 0.3 * power(&heard[0]));
    }
}
