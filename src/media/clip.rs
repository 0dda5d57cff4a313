use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};

use super::codec::{FRAME_SAMPLES, Law, Rate};

/// Sound to be played: a phrase or the music bed. Places in it are counted in ticks of 8 kHz, at whatever rate it is heard.
///
/// It always has its samples at 8 kHz. What else its listeners need is made once, off the media thread (D31): G.711 by
/// [`Clip::prepare`], 16 kHz by [`Clip::widen`]. Reading never makes anything, locks or allocates.
pub struct Clip {
    narrow: Box<[i16]>,
    wide: OnceLock<Box<[i16]>>,
    alaw: OnceLock<Box<[u8]>>,
    ulaw: OnceLock<Box<[u8]>>,
}

/// What is read behind a clip's last sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    Silence,
    /// Its first one again.
    Loop,
}

/// Ticks between two clips in a row: 200 ms, in which a digit is a digit of its own.
const PAUSE: usize = 1_600;

/// Samples on either side of a place between two of them, for those who hear 8 kHz at 16.
const REACH: usize = 12;

/// The right half of a half-band filter under a Kaiser window: images below -60 dB, even to 3.4 kHz.
static BETWEEN: LazyLock<[f32; REACH]> = LazyLock::new(between);

impl Clip {
    /// Takes samples at 8 kHz.
    pub fn from_samples(samples: Vec<i16>) -> Self {
        Self {
            narrow: samples.into_boxed_slice(),
            wide: OnceLock::new(),
            alaw: OnceLock::new(),
            ulaw: OnceLock::new(),
        }
    }

    /// These clips one after the other, a short pause between them; as wide as the narrowest of them.
    pub fn in_a_row(clips: &[Arc<Self>]) -> Self {
        let pause = |rate: Rate| vec![0; PAUSE * rate.factor()];
        let row = |parts: Vec<&[i16]>, rate| parts.join(&pause(rate)[..]);
        let narrow = clips.iter().map(|clip| clip.samples()).collect();
        let whole = Self::from_samples(row(narrow, Rate::Narrow));
        let wide: Option<Vec<&[i16]>> = clips
            .iter()
            .map(|clip| clip.wide.get().map(|wide| &**wide))
            .collect();
        if let Some(wide) = wide {
            whole.widen(|| row(wide, Rate::Wide));
        }
        for law in [Law::A, Law::Mu] {
            whole.prepare(law);
        }
        whole
    }

    /// Encodes it, so that its whole frames are copied from then on.
    pub fn prepare(&self, law: Law) {
        self.encoded(law).get_or_init(|| {
            self.narrow
                .iter()
                .map(|sample| law.encode(*sample))
                .collect()
        });
    }

    /// Keeps the same sound at 16 kHz; without it, who hears 16 kHz hears the band of 8 kHz.
    pub fn widen(&self, samples: impl FnOnce() -> Vec<i16>) {
        self.wide.get_or_init(|| samples().into_boxed_slice());
    }

    /// Whether who hears 16 kHz hears more than the telephone's band.
    pub fn is_wide(&self) -> bool {
        self.wide.get().is_some()
    }

    /// The samples at 8 kHz.
    pub fn samples(&self) -> &[i16] {
        &self.narrow
    }

    pub fn is_empty(&self) -> bool {
        self.narrow.is_empty()
    }

    /// Its length in ticks.
    pub fn len(&self) -> usize {
        self.narrow.len()
    }

    /// The sample of tick `position` at 8 kHz, silence outside the clip.
    pub fn sample(&self, position: usize) -> i16 {
        self.narrow.get(position).copied().unwrap_or(0)
    }

    /// Fills `out` with samples at `rate` from tick `position` on.
    pub fn read(&self, rate: Rate, position: usize, past: Past, out: &mut [i16]) {
        let start = position.saturating_mul(rate.factor());
        match (rate, self.wide.get()) {
            (Rate::Narrow, _) => copy(&self.narrow, start, past, out),
            (Rate::Wide, Some(wide)) => copy(wide, start, past, out),
            (Rate::Wide, None) => self.interpolate(position, past, out),
        }
    }

    /// One whole encoded frame from tick `position`; none when the clip ends within it, or is not prepared for this law.
    pub fn frame(&self, law: Law, position: usize) -> Option<&[u8]> {
        self.encoded(law)
            .get()?
            .get(position..position.checked_add(FRAME_SAMPLES)?)
    }

    fn encoded(&self, law: Law) -> &OnceLock<Box<[u8]>> {
        match law {
            Law::A => &self.alaw,
            Law::Mu => &self.ulaw,
        }
    }

    /// Every other sample is there, the others are between two of them.
    fn interpolate(&self, position: usize, past: Past, out: &mut [i16]) {
        for (n, pair) in out.chunks_mut(2).enumerate() {
            let here = position.saturating_add(n);
            for (sample, value) in pair.iter_mut().zip([
                f32::from(self.near(here, 0, past)),
                self.between(here, past),
            ]) {
                *sample = value.round() as i16;
            }
        }
    }

    fn between(&self, here: usize, past: Past) -> f32 {
        let around = |n: usize| {
            let before = self.near(here, -(n as isize), past);
            let after = self.near(here, n as isize + 1, past);
            f32::from(before) + f32::from(after)
        };
        let taps = BETWEEN.iter().enumerate();
        taps.map(|(n, tap)| tap * around(n)).sum()
    }

    fn near(&self, here: usize, offset: isize, past: Past) -> i16 {
        let length = self.narrow.len();
        let place = match past {
            Past::Silence => here.checked_add_signed(offset),
            Past::Loop => here
                .checked_rem(length)
                .and_then(|here| (here + length).checked_add_signed(offset))
                .map(|place| place % length),
        };
        place.map_or(0, |place| self.sample(place))
    }
}

impl fmt::Debug for Clip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clip({} ticks)", self.narrow.len())
    }
}

fn copy(samples: &[i16], start: usize, past: Past, out: &mut [i16]) {
    let mut start = match past {
        Past::Silence => start,
        Past::Loop => start.checked_rem(samples.len()).unwrap_or(0),
    };
    let mut out = out;
    while !out.is_empty() {
        let rest = samples.get(start..).unwrap_or(&[]);
        let count = rest.len().min(out.len());
        let (filled, unfilled) = out.split_at_mut(count);
        filled.copy_from_slice(&rest[..count]);
        if past == Past::Silence || samples.is_empty() {
            return unfilled.fill(0);
        }
        (out, start) = (unfilled, 0);
    }
}

/// A sinc under a Kaiser window; the two halves add up to one, so that a constant stays what it is.
fn between() -> [f32; REACH] {
    use super::resampling::kaiser;
    use std::f64::consts::PI;
    const BETA: f64 = 6.0;
    let taps: [f64; REACH] = std::array::from_fn(|n| {
        let distance = n as f64 + 0.5;
        let sinc = (PI * distance).sin() / (PI * distance);
        sinc * kaiser(distance / REACH as f64, BETA)
    });
    let sum: f64 = 2.0 * taps.iter().sum::<f64>();
    taps.map(|tap| (tap / sum) as f32)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    #[test]
    fn a_frame_is_there_only_when_it_is_whole_and_prepared() {
        let clip = Clip::from_samples(vec![1_000; 330]);
        clip.prepare(Law::A);
        assert_eq!(clip.frame(Law::A, 160).map(<[u8]>::len), Some(160));
        assert!(clip.frame(Law::A, 171).is_none());
        assert!(clip.frame(Law::A, usize::MAX).is_none());
        assert!(clip.frame(Law::Mu, 0).is_none());
    }

    #[test]
    fn behind_its_end_a_clip_is_silent_or_begins_again() {
        let clip = Clip::from_samples(vec![1, 2, 3]);
        let read = |position, past| {
            let mut out = [9; 5];
            clip.read(Rate::Narrow, position, past, &mut out);
            out
        };
        assert_eq!(read(1, Past::Silence), [2, 3, 0, 0, 0]);
        assert_eq!(read(usize::MAX, Past::Silence), [0; 5]);
        assert_eq!(read(4, Past::Loop), [2, 3, 1, 2, 3]);
        let mut out = [9; 4];
        Clip::from_samples(Vec::new()).read(Rate::Wide, 7, Past::Loop, &mut out);
        assert_eq!(out, [0; 4]);
    }

    #[test]
    fn clips_in_a_row_are_heard_one_after_the_other_at_either_rate() {
        let clip = |value: i16, length: usize| Clip::from_samples(vec![value; length]);
        let (one, other) = (Arc::new(clip(1, 3)), Arc::new(clip(2, 4)));
        let row = Clip::in_a_row(&[one.clone(), other.clone()]);
        assert_eq!(row.len(), 3 + PAUSE + 4);
        let heard = [row.sample(2), row.sample(3), row.sample(3 + PAUSE)];
        assert_eq!(heard, [1, 0, 2]);
        assert!(row.frame(Law::A, 0).is_some() && row.frame(Law::Mu, 0).is_some());
        assert!(!row.is_wide(), "as wide as the narrowest");
        one.widen(|| vec![5; 6]);
        other.widen(|| vec![6; 8]);
        let row = Clip::in_a_row(&[one, other]);
        let mut out = [9; 2];
        row.read(Rate::Wide, 3 + PAUSE, Past::Silence, &mut out);
        assert!(row.is_wide());
        assert_eq!(out, [6, 6]);
    }

    #[test]
    fn a_wide_listener_hears_what_was_widened_at_the_same_place() {
        let clip = Clip::from_samples((0..100).map(|n| n * 10).collect());
        clip.widen(|| (0..200).map(|n| n * 5).collect());
        let mut out = [0; 4];
        clip.read(Rate::Wide, 40, Past::Silence, &mut out);
        assert_eq!(out, [400, 405, 410, 415]);
    }

    #[test]
    fn what_was_not_widened_is_heard_in_the_telephone_band() {
        let tone = |n: usize, rate: f64| 8_000.0 * (TAU * 1_000.0 * n as f64 / rate).sin();
        let clip = Clip::from_samples((0..800).map(|n| tone(n, 8_000.0) as i16).collect());
        for position in [0, 300, 790] {
            let mut out = [0; 320];
            clip.read(Rate::Wide, position, Past::Loop, &mut out);
            for (n, sample) in out.iter().enumerate() {
                let ideal = tone(2 * position + n, 16_000.0);
                assert!((f64::from(*sample) - ideal).abs() < 20.0, "{position} {n}");
            }
        }
    }
}
