use std::fmt;
use std::sync::OnceLock;

use super::codec::{FRAME_SAMPLES, Law};

/// Sound to be played: a phrase or the music bed, at 8 kHz, encoded once for all who hear it.
pub struct Clip {
    samples: Vec<i16>,
    alaw: OnceLock<Vec<u8>>,
    ulaw: OnceLock<Vec<u8>>,
}

impl Clip {
    /// Takes samples at 8 kHz. Encoding waits for [`Clip::prepare`] or the first listener.
    pub fn from_samples(samples: Vec<i16>) -> Self {
        Self {
            samples,
            alaw: OnceLock::new(),
            ulaw: OnceLock::new(),
        }
    }

    /// Encodes it now, so that the media thread need not (D31).
    pub fn prepare(&self, law: Law) {
        self.encoded(law);
    }

    pub fn samples(&self) -> &[i16] {
        &self.samples
    }

    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// The sample at `position`, silence outside the clip.
    pub fn sample(&self, position: usize) -> i16 {
        self.samples.get(position).copied().unwrap_or(0)
    }

    /// One whole encoded frame from `position`; none when the clip ends within it.
    pub fn frame(&self, law: Law, position: usize) -> Option<&[u8]> {
        self.encoded(law)
            .get(position..position.checked_add(FRAME_SAMPLES)?)
    }

    fn encoded(&self, law: Law) -> &[u8] {
        let cell = match law {
            Law::A => &self.alaw,
            Law::Mu => &self.ulaw,
        };
        cell.get_or_init(|| {
            self.samples
                .iter()
                .map(|sample| law.encode(*sample))
                .collect()
        })
    }
}

impl fmt::Debug for Clip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clip({} samples)", self.samples.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_there_only_when_it_is_whole() {
        let clip = Clip::from_samples(vec![1_000; 330]);
        assert_eq!(clip.frame(Law::A, 160).map(<[u8]>::len), Some(160));
        assert!(clip.frame(Law::A, 171).is_none());
        assert!(clip.frame(Law::Mu, usize::MAX).is_none());
        assert_eq!((clip.sample(329), clip.sample(330)), (1_000, 0));
    }
}
