use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use thirdring::ear::{Ended, Heard, Reference, Repertoire, hear_all};
use thirdring::media::prompts::Sound;
use thirdring::media::rtp::ticks_between;
use thirdring::media::{Codec, Law, Rate, RtpHeader};
use thirdring::words::Language;

/// A stream that jumps further than ten minutes on its own clock is broken.
const JUMP_MAX: usize = 10 * 60 * 8_000;

/// An RTP packet as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub(crate) at: Instant,
    pub(crate) header: RtpHeader,
    pub(crate) payload: Vec<u8>,
}

/// One stream's sound, placed by its RTP timestamps: what is missing is silent.
pub(crate) struct Recording {
    pub(crate) packets: Vec<Packet>,
    samples: Vec<i16>,
}

/// A phrase that was heard.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Phrase {
    pub(crate) id: String,
    pub(crate) language: Language,
    /// The RTP timestamp of its first sample.
    pub(crate) timestamp: u32,
    /// Samples after the stream's first.
    pub(crate) onset: u64,
    /// When the packet with its first sample came in.
    pub(crate) at: Instant,
    pub(crate) whole: bool,
    /// When the packet with its last sample came in.
    pub(crate) ended_at: Instant,
    /// No 40 ms of it are missing.
    pub(crate) unbroken: bool,
}

impl Recording {
    /// Takes the audio packets; they must be one stream.
    pub(crate) fn of(packets: &[Packet]) -> Self {
        let packets: Vec<Packet> = packets.iter().filter(|p| is_audio(p)).cloned().collect();
        let sources: BTreeSet<u32> = packets.iter().map(|packet| packet.header.ssrc).collect();
        assert!(
            sources.len() <= 1,
            "the agent's stream changed its SSRC: {sources:x?}"
        );
        let samples = place(&packets);
        Self { packets, samples }
    }

    /// All phrases, in order.
    pub(crate) fn phrases(&self) -> Vec<Phrase> {
        let heard = hear_all(Arc::clone(repertoire()), &self.samples);
        let mut phrases: Vec<Phrase> = heard
            .into_iter()
            .map(|heard| Phrase {
                id: heard.prompt.as_str().to_owned(),
                language: heard.language,
                timestamp: self.first().wrapping_add(heard.began_at_sample as u32),
                onset: heard.began_at_sample,
                at: self.arrival(heard.began_at_sample),
                ended_at: self.arrival(self.end(&heard)),
                whole: heard.ended == Ended::Whole,
                unbroken: heard.gaps.is_empty(),
            })
            .collect();
        phrases.sort_by_key(|phrase| phrase.onset);
        phrases
    }

    /// The ids of all phrases, in order.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.phrases().into_iter().map(|phrase| phrase.id).collect()
    }

    /// How many packets the numbering says are missing.
    pub(crate) fn lost(&self) -> usize {
        let steps = self.packets.windows(2).map(|pair| {
            let step = pair[1]
                .header
                .sequence
                .wrapping_sub(pair[0].header.sequence);
            usize::from(step.max(1)) - 1
        });
        steps.sum()
    }

    /// The mean power of the last `ms` milliseconds, in dBov; -100 is digital silence.
    pub(crate) fn level_dbov(&self, ms: usize) -> f64 {
        let from = self.samples.len().saturating_sub(ms * 8);
        let part = &self.samples[from..];
        let power: f64 = part.iter().map(|s| f64::from(*s).powi(2)).sum();
        let mean = power / part.len().max(1) as f64 / 32_768.0_f64.powi(2);
        10.0 * mean.max(1e-10).log10()
    }

    /// The longest time without a sound: 20 ms frames below -60 dBov, or missing.
    pub(crate) fn longest_silence(&self) -> Duration {
        let loud = |frame: &[i16]| {
            let power: f64 = frame.iter().map(|s| f64::from(*s).powi(2)).sum();
            power / frame.len() as f64 > 33.0_f64.powi(2)
        };
        let frames = self.samples.chunks(160).map(loud);
        let (longest, last) = frames.fold((0, 0), |(longest, so_far), loud| match loud {
            true => (longest.max(so_far), 0),
            false => (longest, so_far + 1),
        });
        Duration::from_millis(20) * longest.max(last)
    }

    fn end(&self, heard: &Heard) -> u64 {
        heard.end_sample(spoken(heard.language, heard.prompt.as_str()).len() as u64)
    }

    fn first(&self) -> u32 {
        self.packets.first().map_or(0, |p| p.header.timestamp)
    }

    fn arrival(&self, sample: u64) -> Instant {
        let first = self.first();
        let before = |packet: &&Packet| {
            i64::from(ticks_between(first, packet.header.timestamp)) <= sample as i64
        };
        let packet = self.packets.iter().rev().find(before);
        packet.or(self.packets.first()).expect("it was heard").at
    }
}

/// `greeting@0.00 hold_wait@12.34|` with the seconds on the RTP clock; `|` marks a phrase that was cut, `~` one with a gap.
impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for phrase in self.phrases() {
            let seconds = phrase.onset as f64 / 8_000.0;
            let cut = if phrase.whole { "" } else { "|" };
            let gap = if phrase.unbroken { "" } else { "~" };
            write!(f, "{}@{seconds:.2}{gap}{cut} ", phrase.id)?;
        }
        Ok(())
    }
}

fn is_audio(packet: &Packet) -> bool {
    law(packet).is_some()
}

fn law(packet: &Packet) -> Option<Law> {
    Codec::of_payload_type(packet.header.payload_type)?.law()
}

fn place(packets: &[Packet]) -> Vec<i16> {
    let mut samples: Vec<i16> = Vec::new();
    let Some(first) = packets.first().map(|p| p.header.timestamp) else {
        return samples;
    };
    for packet in packets {
        let law = law(packet).expect("it is audio");
        let Ok(at) = usize::try_from(ticks_between(first, packet.header.timestamp)) else {
            continue;
        };
        let end = at + packet.payload.len();
        assert!(end < samples.len() + JUMP_MAX, "the RTP clock jumped");
        if samples.len() < end {
            samples.resize(end, 0);
        }
        for (sample, byte) in samples[at..end].iter_mut().zip(&packet.payload) {
            *sample = law.decode(*byte);
        }
    }
    samples
}

/// A shipped phrase at 8 kHz.
pub(crate) fn spoken(language: Language, id: &str) -> Vec<i16> {
    let path = format!("config/prompts/{}/{id}.flac", language.tag());
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let sound = Sound::read(bytes.into()).expect("a shipped phrase");
    sound.at(Rate::Narrow).expect("a shipped phrase")
}

/// All that the agent can say, in both languages.
pub(crate) fn repertoire() -> &'static Arc<Repertoire> {
    static REPERTOIRE: OnceLock<Arc<Repertoire>> = OnceLock::new();
    REPERTOIRE.get_or_init(|| {
        let references = Language::ALL.into_iter().flat_map(references).collect();
        Arc::new(Repertoire::new(references))
    })
}

fn references(language: Language) -> Vec<Reference> {
    let folder = format!("config/prompts/{}", language.tag());
    let files = fs::read_dir(folder).expect("the prompts are shipped");
    let ids = files.filter_map(|file| {
        let name = file.ok()?.file_name().into_string().ok()?;
        Some(name.strip_suffix(".flac")?.to_owned())
    });
    ids.map(|id| Reference {
        samples: spoken(language, &id),
        prompt: id.parse().expect("a phrase"),
        language,
    })
    .collect()
}
