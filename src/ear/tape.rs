/// The decoded idle codewords: 0 for mu-law, 8 for A-law (G.711 table 1).
pub(super) const SILENT_PEAK: u16 = 8;

/// How much of the sample before is taken off: speech falls towards high frequencies, and what is alike in all voices is low.
const EMPHASIS: f32 = 0.9;

/// The part of the received stream that is still needed, as it came and emphasised.
pub(super) struct Tape {
    /// The stream position of the first sample kept.
    first: i64,
    raw: Vec<i16>,
    voice: Vec<f32>,
    before: f32,
}

/// Raises high frequencies; `before` is the sample before the first and becomes the last.
pub(super) fn emphasise(samples: &[i16], before: &mut f32) -> Vec<f32> {
    samples
        .iter()
        .map(|sample| {
            let sample = f32::from(*sample);
            let risen = sample - EMPHASIS * *before;
            *before = sample;
            risen
        })
        .collect()
}

impl Tape {
    pub(super) fn new() -> Self {
        Self {
            first: 0,
            raw: Vec::new(),
            voice: Vec::new(),
            before: 0.0,
        }
    }

    pub(super) fn push(&mut self, samples: &[i16]) {
        self.raw.extend_from_slice(samples);
        self.voice.extend(emphasise(samples, &mut self.before));
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.raw.len()
    }

    /// Up to `length` samples as they came, from `at` on; what is not there (any more) is left out.
    pub(super) fn raw(&self, at: i64, length: usize) -> &[i16] {
        part(&self.raw, self.first, at, length)
    }

    /// The same, emphasised.
    pub(super) fn voice(&self, at: i64, length: usize) -> &[f32] {
        part(&self.voice, self.first, at, length)
    }

    pub(super) fn forget_before(&mut self, position: i64) {
        let stale = usize::try_from(position.saturating_sub(self.first))
            .unwrap_or(0)
            .min(self.raw.len());
        self.raw.drain(..stale);
        self.voice.drain(..stale);
        self.first = self
            .first
            .saturating_add(i64::try_from(stale).unwrap_or(i64::MAX));
    }
}

fn part<T>(kept: &[T], first: i64, at: i64, length: usize) -> &[T] {
    let Ok(from) = usize::try_from(at.saturating_sub(first)) else {
        return &[];
    };
    let until = from.saturating_add(length).min(kept.len());
    kept.get(from.min(until)..until).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_stay_when_the_past_is_forgotten() {
        let mut tape = Tape::new();
        tape.push(&[1, 2, 3, 4]);
        tape.forget_before(2);
        tape.push(&[5]);
        assert_eq!(tape.len(), 3);
        assert_eq!(tape.raw(3, 9), [4, 5]);
        assert!(tape.raw(9, 1).is_empty() && tape.raw(1, 1).is_empty());
    }
}
