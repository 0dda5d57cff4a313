/// The level of digital silence; nothing is below it, dBov.
pub(super) const SILENCE_DBOV: f32 = -96.0;

/// What a sample at the rails reaches at least, in 16-bit steps: the last step of either law of G.711 is above it.
const RAIL: u16 = 32_000;

/// How loud one frame of sound is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Mean power against a full-scale square wave.
    pub dbov: f32,
    /// The largest sample, in 16-bit steps.
    pub peak: u16,
    /// All samples are the same.
    pub constant: bool,
    /// Samples at the rails.
    pub railed: u16,
    pub samples: u16,
}

impl Level {
    pub fn of(frame: &[i16]) -> Self {
        let (mut lowest, mut highest) = (i16::MAX, i16::MIN);
        for sample in frame {
            lowest = lowest.min(*sample);
            highest = highest.max(*sample);
        }
        let peak = lowest.unsigned_abs().max(highest.unsigned_abs());
        Self {
            dbov: power_dbov(frame),
            peak: if frame.is_empty() { 0 } else { peak },
            constant: lowest == highest,
            railed: if peak >= RAIL { railed(frame) } else { 0 },
            samples: u16::try_from(frame.len()).unwrap_or(u16::MAX),
        }
    }
}

/// The level of some sound.
pub(super) fn power_dbov(sound: &[i16]) -> f32 {
    // Eight sums side by side, so that they can be added at once.
    let (eights, rest) = sound.as_chunks::<8>();
    let mut sums = [0.0_f32; 8];
    for eight in eights {
        for (sum, sample) in sums.iter_mut().zip(eight) {
            *sum += f32::from(*sample) * f32::from(*sample);
        }
    }
    let rest = rest.iter().map(|sample| f32::from(*sample).powi(2));
    let energy = sums.iter().sum::<f32>() + rest.sum::<f32>();
    dbov(energy / sound.len().max(1) as f32)
}

fn railed(frame: &[i16]) -> u16 {
    let railed = frame.iter().filter(|sample| sample.unsigned_abs() >= RAIL);
    u16::try_from(railed.count()).unwrap_or(u16::MAX)
}

/// The level of a mean power in squared 16-bit steps.
pub(super) fn dbov(mean_power: f32) -> f32 {
    let full_scale = 32_768.0_f32 * 32_768.0;
    (10.0 * (mean_power / full_scale).log10()).max(SILENCE_DBOV)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_scale_is_near_zero_and_silence_at_the_bottom() {
        let loud = Level::of(&[i16::MIN; 160]);
        assert!(loud.dbov > -0.1 && loud.constant && loud.peak == 32_768);
        assert_eq!(loud.railed, 160);
        let silence = Level::of(&[0; 160]);
        assert_eq!((silence.dbov, silence.peak), (SILENCE_DBOV, 0));
        assert_eq!(Level::of(&[]).dbov, SILENCE_DBOV);
    }
}
