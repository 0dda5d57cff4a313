use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_alaw, encode_ulaw};
use thirdring::words::Entropy;

/// What a line does to sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    ALaw,
    MuLaw,
    /// At 10 dB, then A-law.
    WhiteNoise,
    PinkNoise,
    /// 2 % of the 20 ms packets are zeros.
    Loss,
}

impl Line {
    pub(super) fn is_clean(self) -> bool {
        matches!(self, Self::ALaw | Self::MuLaw)
    }

    /// Sends a stream through; `speech_rms` is what the noise is measured against.
    pub(super) fn carry(self, sent: &[i16], speech_rms: f32, dice: &mut Entropy) -> Vec<i16> {
        match self {
            Self::ALaw => a_law(sent),
            Self::MuLaw => sent.iter().map(|s| decode_ulaw(encode_ulaw(*s))).collect(),
            Self::WhiteNoise => a_law(&add(sent, &white(sent.len(), dice), speech_rms)),
            Self::PinkNoise => a_law(&add(sent, &pink(sent.len(), dice), speech_rms)),
            Self::Loss => lose(&a_law(sent), dice),
        }
    }
}

pub(super) fn rms(samples: &[f32]) -> f32 {
    (samples.iter().map(|s| s * s).sum::<f32>() / samples.len().max(1) as f32).sqrt()
}

/// Evenly spread noise, about -1 to 1.
pub(super) fn white(length: usize, dice: &mut Entropy) -> Vec<f32> {
    let mut one = || f32::from(dice.u16()) / 32768.0 - 1.0;
    (0..length).map(|_| one() + one() + one()).collect()
}

/// 3 dB less for each octave (Kellet's filter of three poles).
pub(super) fn pink(length: usize, dice: &mut Entropy) -> Vec<f32> {
    let mut poles = [0.0_f32; 3];
    let filter = [(0.997_65, 0.099), (0.963, 0.296_5), (0.57, 1.052_7)];
    white(length, dice)
        .into_iter()
        .map(|white| {
            for (pole, (keep, take)) in poles.iter_mut().zip(filter) {
                *pole = keep * *pole + take * white;
            }
            poles.iter().sum::<f32>() + 0.184_8 * white
        })
        .collect()
}

fn a_law(sent: &[i16]) -> Vec<i16> {
    sent.iter().map(|s| decode_alaw(encode_alaw(*s))).collect()
}

fn add(sent: &[i16], noise: &[f32], speech_rms: f32) -> Vec<i16> {
    // 10 dB is a factor of 3.16 in amplitude.
    let scale = speech_rms / rms(noise) / 10.0_f32.sqrt();
    let mixed = sent
        .iter()
        .zip(noise)
        .map(|(s, n)| f32::from(*s) + scale * n);
    mixed.map(|s| s.clamp(-32768.0, 32767.0) as i16).collect()
}

fn lose(sent: &[i16], dice: &mut Entropy) -> Vec<i16> {
    sent.chunks(160)
        .flat_map(|packet| match dice.below(100) {
            0 | 1 => vec![0; packet.len()],
            _ => packet.to_vec(),
        })
        .collect()
}
