use std::ops::Range;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use super::tape::emphasise;
use crate::words::{Language, PromptId};

/// What a phrase should sound like, at 8 kHz.
#[derive(Clone, Debug)]
pub struct Reference {
    pub prompt: PromptId,
    pub language: Language,
    pub samples: Vec<i16>,
}

/// How many samples of a phrase's beginning are searched for: 512 ms.
pub(super) const HEAD: usize = 4096;
/// How many samples are searched at once, by FFT.
pub(super) const BLOCK: usize = 2 * HEAD;
/// 20 ms.
pub(super) const FRAME: usize = 160;

/// Heads are added up in choirs of this size and searched together: one FFT for all of them. More would drown one voice
/// in the others (a choir's peak falls with the root of its size).
const CHOIR: usize = 4;
/// A frame sounds when it has this part of the phrase's mean power, -25 dB.
const SOUNDING: f32 = 0.003;

/// References, made ready to be searched for; shared by many ears.
pub struct Repertoire {
    pub(super) phrases: Vec<Phrase>,
    pub(super) choirs: Vec<Choir>,
    pub(super) forward: Arc<dyn RealToComplex<f32>>,
    pub(super) inverse: Arc<dyn ComplexToReal<f32>>,
    /// Samples of the longest phrase.
    pub(super) longest: usize,
}

/// A reference, emphasised and measured.
pub(super) struct Phrase {
    pub(super) prompt: PromptId,
    pub(super) language: Language,
    pub(super) voice: Vec<f32>,
    /// From its first to after its last sounding sample.
    pub(super) sound: Range<usize>,
    pub(super) head_power: f32,
    /// The power a sample has where the phrase sounds, at least.
    floor: f32,
}

/// Some phrases' heads, each of power 1, added up and transformed.
pub(super) struct Choir {
    pub(super) members: Range<usize>,
    pub(super) spectrum: Vec<Complex<f32>>,
}

impl Repertoire {
    /// Takes all references but silent ones.
    pub fn new(references: Vec<Reference>) -> Self {
        let mut planner = RealFftPlanner::new();
        let forward = planner.plan_fft_forward(BLOCK);
        let phrases: Vec<Phrase> = references.into_iter().filter_map(Phrase::measure).collect();
        let choirs = (0..phrases.len())
            .step_by(CHOIR)
            .map(|first| first..phrases.len().min(first + CHOIR))
            .map(|members| Choir::sing(&phrases, members, &*forward))
            .collect();
        Self {
            longest: phrases
                .iter()
                .map(|phrase| phrase.voice.len())
                .max()
                .unwrap_or(0),
            phrases,
            choirs,
            forward,
            inverse: planner.plan_fft_inverse(BLOCK),
        }
    }
}

impl Phrase {
    fn measure(reference: Reference) -> Option<Self> {
        let voice = emphasise(&reference.samples, &mut 0.0);
        let mean = power(&voice) / voice.len().max(1) as f32;
        let floor = mean * SOUNDING;
        let sounds = |frame: &[f32]| power(frame) > floor * frame.len() as f32;
        let first = voice.chunks(FRAME / 4).position(sounds)? * (FRAME / 4);
        let quiet_frames = voice.rchunks(FRAME / 4).position(sounds)?;
        let last = voice.len() - quiet_frames * (FRAME / 4);
        let mut phrase = Self {
            prompt: reference.prompt,
            language: reference.language,
            sound: first..last,
            voice,
            head_power: 0.0,
            floor,
        };
        phrase.head_power = power(phrase.head());
        Some(phrase)
    }

    /// What is searched for.
    pub(super) fn head(&self) -> &[f32] {
        self.part(self.sound.start, self.sound.start + HEAD)
    }

    pub(super) fn part(&self, from: usize, until: usize) -> &[f32] {
        let until = until.min(self.sound.end);
        self.voice.get(from.min(until)..until).unwrap_or_default()
    }

    /// Whether anything is to be heard in these samples.
    pub(super) fn sounds(&self, from: usize, until: usize) -> bool {
        let part = self.part(from, until);
        power(part) > self.floor * part.len() as f32
    }
}

impl Choir {
    fn sing(phrases: &[Phrase], members: Range<usize>, forward: &dyn RealToComplex<f32>) -> Self {
        let mut sum = forward.make_input_vec();
        for phrase in phrases.get(members.clone()).unwrap_or_default() {
            // 1 / BLOCK makes up for the transforms, which do not scale.
            let scale = 1.0 / phrase.head_power.sqrt() / BLOCK as f32;
            for (sum, sample) in sum.iter_mut().zip(phrase.head()) {
                *sum += scale * sample;
            }
        }
        let mut spectrum = forward.make_output_vec();
        forward
            .process(&mut sum, &mut spectrum)
            .expect("the buffers were made by this transform");
        for bin in &mut spectrum {
            *bin = bin.conj();
        }
        Self { members, spectrum }
    }
}

/// The sum of squares.
pub(super) fn power(samples: &[f32]) -> f32 {
    dot(samples, samples)
}

/// How many sums run side by side: a processor need not wait for one addition before the next.
const LANES: usize = 8;

/// The sum of products; the shorter one counts.
pub(super) fn dot(one: &[f32], other: &[f32]) -> f32 {
    let (ones, others) = (one.chunks_exact(LANES), other.chunks_exact(LANES));
    let whole = one.len().min(other.len()) / LANES * LANES;
    let rest = one.iter().zip(other).skip(whole).map(|(a, b)| a * b);
    let mut lanes = [0.0_f32; LANES];
    for (ones, others) in ones.zip(others) {
        for ((lane, a), b) in lanes.iter_mut().zip(ones).zip(others) {
            *lane += a * b;
        }
    }
    lanes.iter().sum::<f32>() + rest.sum::<f32>()
}
