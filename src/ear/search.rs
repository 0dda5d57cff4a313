use realfft::num_complex::Complex;

use super::repertoire::{BLOCK, Choir, HEAD, Repertoire, dot, power};
use super::tape::Tape;

/// How far the search goes at once: 512 ms, its delay.
const STEP: usize = BLOCK - HEAD;
/// A choir's likeness (0 to 1) from which its members are asked one by one.
const CHOIR_LIKENESS: f32 = 0.2;
/// A head's likeness from which the phrase is followed.
const HEAD_LIKENESS: f32 = 0.3;
/// Peaks looked into per choir and block; the highest come first.
const PEAKS_MAX: usize = 4;
/// Below this mean power there is nothing but rounding (10 LSB, emphasised).
const SILENCE: f32 = 100.0;

/// A place where a phrase may have begun to sound.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// Index into the repertoire.
    pub(super) phrase: usize,
    /// Where the phrase's first *sounding* sample lies.
    pub(super) sounds_at: i64,
    /// The head's normalised correlation, 0 to 1.
    pub(super) likeness: f32,
    /// How much louder than the reference it is.
    pub(super) gain: f32,
}

/// Looks for the heads of all phrases, by overlap-save correlation.
pub(super) struct Search {
    position: i64,
    block: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    product: Vec<Complex<f32>>,
    likeness: Vec<f32>,
    /// Per sample of a step: 1 / the root of the power of the HEAD samples that follow.
    loudness: Vec<f32>,
}

impl Search {
    pub(super) fn new(repertoire: &Repertoire) -> Self {
        Self {
            position: 0,
            block: repertoire.forward.make_input_vec(),
            spectrum: repertoire.forward.make_output_vec(),
            product: repertoire.forward.make_output_vec(),
            likeness: repertoire.inverse.make_output_vec(),
            loudness: vec![0.0; STEP],
        }
    }

    /// All before it has been searched.
    pub(super) fn position(&self) -> i64 {
        self.position
    }

    /// Searches every full block that is on the tape.
    pub(super) fn go_on(&mut self, tape: &Tape, repertoire: &Repertoire) -> Vec<Candidate> {
        let mut found = Vec::new();
        while tape.voice(self.position, BLOCK).len() == BLOCK {
            self.search_block(tape.voice(self.position, BLOCK), repertoire, &mut found);
            self.position += STEP as i64;
        }
        found
    }

    fn search_block(&mut self, voice: &[f32], repertoire: &Repertoire, found: &mut Vec<Candidate>) {
        if !self.measure_loudness(voice) {
            return;
        }
        self.block.copy_from_slice(voice);
        repertoire
            .forward
            .process(&mut self.block, &mut self.spectrum)
            .expect("the buffers were made by this transform");
        for choir in &repertoire.choirs {
            self.correlate(choir, repertoire);
            for at in self.peaks() {
                for phrase in choir.members.clone() {
                    found.extend(self.ask(repertoire, phrase, voice, at));
                }
            }
        }
    }

    /// False when the block is silent.
    fn measure_loudness(&mut self, voice: &[f32]) -> bool {
        let (mut entering, leaving) = (voice.iter().skip(HEAD), voice);
        let mut power = f64::from(power(voice.get(..HEAD).unwrap_or_default()));
        let mut loudest = 0.0_f32;
        for (loudness, left) in self.loudness.iter_mut().zip(leaving) {
            let audible = (power as f32).max(SILENCE * HEAD as f32);
            *loudness = audible.sqrt().recip();
            loudest = loudest.max(power as f32);
            let entered = entering.next().copied().unwrap_or(0.0);
            power += f64::from(entered).powi(2) - f64::from(*left).powi(2);
        }
        loudest > SILENCE * HEAD as f32
    }

    fn correlate(&mut self, choir: &Choir, repertoire: &Repertoire) {
        let bins = self.spectrum.iter().zip(&choir.spectrum);
        for (product, (heard, sung)) in self.product.iter_mut().zip(bins) {
            *product = heard * sung;
        }
        // The first and the last bin of a real signal are real; rounding may say otherwise.
        for edge in [0, BLOCK / 2] {
            self.product[edge].im = 0.0;
        }
        repertoire
            .inverse
            .process(&mut self.product, &mut self.likeness)
            .expect("the buffers were made by this transform");
        for (likeness, loudness) in self.likeness.iter_mut().zip(&self.loudness) {
            *likeness *= loudness;
        }
    }

    /// Where the choir was heard best.
    fn peaks(&self) -> Vec<usize> {
        let searched = self.likeness.get(..STEP).unwrap_or_default();
        let above =
            |at: usize, other: Option<&f32>| other.is_none_or(|other| searched[at] >= *other);
        let mut peaks: Vec<usize> = (0..searched.len())
            .filter(|&at| searched[at] > CHOIR_LIKENESS)
            .filter(|&at| above(at, searched.get(at + 1)))
            .filter(|&at| {
                above(
                    at,
                    at.checked_sub(1).and_then(|before| searched.get(before)),
                )
            })
            .collect();
        peaks.sort_by(|a, b| searched[*b].total_cmp(&searched[*a]));
        peaks.truncate(PEAKS_MAX);
        peaks
    }

    /// Whether it was this member, at this sample or the one beside it.
    fn ask(
        &self,
        repertoire: &Repertoire,
        phrase: usize,
        voice: &[f32],
        at: usize,
    ) -> Option<Candidate> {
        let sung = repertoire.phrases.get(phrase)?;
        let (head, head_power) = (sung.head(), sung.head_power);
        let likeness = |at: usize| {
            let loudness = self.loudness.get(at)?;
            let product = dot(voice.get(at..)?, head);
            Some((product * loudness / head_power.sqrt(), product / head_power))
        };
        if likeness(at)?.0 < HEAD_LIKENESS / 2.0 {
            return None;
        }
        let (at, (likeness, gain)) = (at.saturating_sub(1)..=at + 1)
            .filter_map(|at| Some((at, likeness(at)?)))
            .max_by(|a, b| a.1.0.total_cmp(&b.1.0))?;
        (likeness >= HEAD_LIKENESS).then(|| Candidate {
            phrase,
            sounds_at: self.position.saturating_add(i64::try_from(at).unwrap_or(0)),
            likeness,
            gain,
        })
    }
}
