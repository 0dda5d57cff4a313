/// Frames that are remembered: 5 s.
const FRAMES: usize = 250;

/// Steps of 1 dB, from 0 dBov down.
const STEPS: usize = 97;

/// How loud the last 5 s were: noise is what is left between the words, speech what stands out of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct LevelHistory {
    /// The frames' steps, the oldest at `next`.
    steps: [u8; FRAMES],
    /// How many of the frames are at each step.
    counts: [u8; STEPS],
    next: usize,
    frames: usize,
}

impl Default for LevelHistory {
    fn default() -> Self {
        Self {
            steps: [0; FRAMES],
            counts: [0; STEPS],
            next: 0,
            frames: 0,
        }
    }
}

impl LevelHistory {
    pub(super) fn hear(&mut self, dbov: f32) {
        // Float-to-integer conversion saturates.
        let step = ((-dbov).round() as u8).min(STEPS as u8 - 1);
        let oldest = &mut self.steps[self.next];
        if self.frames == FRAMES {
            let count = &mut self.counts[usize::from(*oldest)];
            *count = count.saturating_sub(1);
        }
        *oldest = step;
        let count = &mut self.counts[usize::from(step)];
        *count = count.saturating_add(1);
        self.next = (self.next + 1) % FRAMES;
        self.frames = FRAMES.min(self.frames + 1);
    }

    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Whether 5 s are known.
    pub(super) fn is_full(&self) -> bool {
        self.frames == FRAMES
    }

    /// The level below which the given share of the frames lies, dBov.
    pub(super) fn quantile_dbov(&self, share: f32) -> f32 {
        let wanted = (share * self.frames as f32) as usize;
        let mut below = 0;
        for (step, count) in self.counts.iter().enumerate().rev() {
            below += usize::from(*count);
            if below > wanted {
                return -(step as f32);
            }
        }
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_noise_and_what_stands_out_of_it_are_quantiles() {
        let mut history = LevelHistory::default();
        for frame in 0..400 {
            history.hear(if frame % 3 == 0 { -20.0 } else { -50.0 });
        }
        assert!(history.is_full());
        assert_eq!(history.quantile_dbov(0.1), -50.0);
        assert_eq!(history.quantile_dbov(0.9), -20.0);
        for _ in 0..250 {
            history.hear(-200.0);
        }
        assert_eq!(history.quantile_dbov(0.9), -96.0);
    }
}
