use crate::media::codec::Law;

/// The level of digital silence; nothing is below it, dBov.
const SILENCE_DBOV: f32 = -96.0;

/// How loud the sound of one packet is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Mean power against a full-scale square wave.
    pub dbov: f32,
    /// The largest sample, in 16-bit steps.
    pub peak: u16,
    /// All samples are the same codeword.
    pub constant: bool,
}

impl Level {
    pub fn of(law: Law, payload: &[u8]) -> Self {
        let linear = law.linear();
        let (mut energy, mut peak) = (0_u64, 0_u16);
        for byte in payload {
            let sample = linear[usize::from(*byte)].unsigned_abs();
            energy += u64::from(sample) * u64::from(sample);
            peak = peak.max(sample);
        }
        let constant = payload
            .first()
            .is_some_and(|first| payload.iter().all(|byte| byte == first));
        Self {
            dbov: dbov(energy, payload.len()),
            peak,
            constant,
        }
    }
}

fn dbov(energy: u64, samples: usize) -> f32 {
    let full_scale = 32_768.0_f32 * 32_768.0;
    let mean = energy as f32 / samples.max(1) as f32;
    (10.0 * (mean / full_scale).log10()).max(SILENCE_DBOV)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_scale_is_near_zero_and_silence_at_the_bottom() {
        let loud = Level::of(Law::A, &[Law::A.encode(i16::MAX); 160]);
        assert!(loud.dbov > -0.3 && loud.constant && loud.peak > 32_000);
        let silence = Level::of(Law::Mu, &[Law::Mu.silence(); 160]);
        assert_eq!((silence.dbov, silence.peak), (SILENCE_DBOV, 0));
        assert_eq!(Level::of(Law::A, &[]).dbov, SILENCE_DBOV);
    }
}
