//! The ten ways in which an answering machine may be heard wrongly while its signalling is right.

use serde::{Deserialize, Serialize};

use crate::media::Codec;
use crate::words::Language;

/// What is wrong with what was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MediaFault {
    /// It begins too early or too late.
    Shifted,
    /// It is said twice.
    Doubled,
    /// It breaks off.
    Cut,
    /// Packets come, and nothing is in them.
    Muted,
    WrongLanguage,
    /// So loud that its peaks are flat.
    Clipped,
    /// There are holes in it.
    Gapped,
    /// Another phrase is said in its place, and it comes later.
    Reordered,
    /// No packet comes.
    OneWay,
    /// Its bytes are those of another codec than its packets say.
    WrongCodec,
}

/// 1.5 s: nobody takes it for the network's doing.
const SHIFT: usize = 12_000;
/// A hole of 200 ms in each second.
const HOLE: std::ops::Range<usize> = 4_000..5_600;
const SECOND: usize = 8_000;
/// 24 dB.
const OVERDRIVE: i32 = 16;

impl MediaFault {
    pub const ALL: [Self; 10] = [
        Self::Shifted,
        Self::Doubled,
        Self::Cut,
        Self::Muted,
        Self::WrongLanguage,
        Self::Clipped,
        Self::Gapped,
        Self::Reordered,
        Self::OneWay,
        Self::WrongCodec,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shifted => "shifted",
            Self::Doubled => "doubled",
            Self::Cut => "cut",
            Self::Muted => "muted",
            Self::WrongLanguage => "wrong-language",
            Self::Clipped => "clipped",
            Self::Gapped => "gapped",
            Self::Reordered => "reordered",
            Self::OneWay => "one-way",
            Self::WrongCodec => "wrong-codec",
        }
    }

    /// The language a phone with this fault speaks.
    pub(super) fn language(self, right: Language) -> Language {
        match (self, right) {
            (Self::WrongLanguage, Language::ZhCn) => Language::En,
            (Self::WrongLanguage, Language::En) => Language::ZhCn,
            (_, right) => right,
        }
    }

    /// What becomes of a sound in the mouth of a phone that speaks this codec.
    pub(super) fn spoil(self, sound: &[i16], codec: Codec) -> Vec<i16> {
        match self {
            Self::Shifted => [&vec![0; SHIFT], sound].concat(),
            Self::Doubled => [sound, sound].concat(),
            Self::Cut => sound[..sound.len() / 2].to_vec(),
            Self::Muted => vec![0; sound.len()],
            Self::Clipped => sound.iter().map(|sample| overdriven(*sample)).collect(),
            Self::Gapped => sound.iter().enumerate().map(holed).collect(),
            Self::WrongCodec => mistaken(sound, codec),
            // The language, the order of what is said, and whether anything is, are not the sound's.
            Self::WrongLanguage | Self::Reordered | Self::OneWay => sound.to_vec(),
        }
    }
}

fn overdriven(sample: i16) -> i16 {
    let loud = i32::from(sample) * OVERDRIVE;
    let most = i32::from(i16::MAX);
    i16::try_from(loud.clamp(-most, most)).unwrap_or(i16::MAX)
}

fn holed((n, sample): (usize, &i16)) -> i16 {
    match HOLE.contains(&(n % SECOND)) {
        true => 0,
        false => *sample,
    }
}

/// The sound whose bytes under one law of G.711 are those of the right sound under the other: coding undoes decoding, so the
/// packets say the one and hold the other. No other codec can be mistaken so.
pub(super) fn mistaken(sound: &[i16], codec: Codec) -> Vec<i16> {
    let laws = match codec {
        Codec::Pcma => Codec::Pcma.law().zip(Codec::Pcmu.law()),
        Codec::Pcmu => Codec::Pcmu.law().zip(Codec::Pcma.law()),
        Codec::G722 | Codec::Opus => None,
    };
    let Some((said, held)) = laws else {
        return sound.to_vec();
    };
    let mistake = |sample: &i16| said.decode(held.encode(*sample));
    sound.iter().map(mistake).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packets_of_one_law_hold_the_bytes_of_the_other() {
        let (a, mu) = (Codec::Pcma.law().unwrap(), Codec::Pcmu.law().unwrap());
        let sound: Vec<i16> = (0..2_000)
            .map(|n| (n * 31 % 16_000 - 8_000) as i16)
            .collect();
        let said = mistaken(&sound, Codec::Pcma);
        for (said, sound) in said.iter().zip(&sound) {
            assert_eq!(a.encode(*said), mu.encode(*sound));
        }
        // Whoever takes the bytes for what they are understands.
        let understood = mistaken(&said, Codec::Pcmu);
        let right: Vec<i16> = sound.iter().map(|it| mu.decode(mu.encode(*it))).collect();
        assert_eq!(understood, right);
    }

    #[test]
    fn each_fault_does_what_it_is_called() {
        let sound = vec![1_000; 16_000];
        let spoilt = |fault: MediaFault| fault.spoil(&sound, Codec::Pcma);
        assert_eq!(spoilt(MediaFault::Shifted).len(), 28_000);
        assert_eq!(spoilt(MediaFault::Doubled).len(), 32_000);
        assert_eq!(spoilt(MediaFault::Cut).len(), 8_000);
        assert!(spoilt(MediaFault::Muted).iter().all(|sample| *sample == 0));
        assert_eq!(spoilt(MediaFault::Clipped)[0], 16_000);
        let silent = spoilt(MediaFault::Gapped)
            .iter()
            .filter(|it| **it == 0)
            .count();
        assert_eq!(silent, 3_200);
        for fault in [
            MediaFault::Reordered,
            MediaFault::OneWay,
            MediaFault::WrongLanguage,
        ] {
            assert_eq!(spoilt(fault), sound);
        }
    }
}
