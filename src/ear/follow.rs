use super::repertoire::{FRAME, HEAD, Phrase, dot, power};
use super::search::Candidate;
use super::tape::Tape;
use super::verdict::{Ended, Heard, gaps, level_dbov, offset, position};

/// Sounding frames (20 ms) without new evidence after which a phrase has ended: a shorter hole is a gap.
const LOST_AFTER: u32 = 25;
/// A cut must be this much likelier than the whole phrase, at least; a clean frame is worth 0.5.
const CUT_EVIDENCE: f32 = 0.2;
/// By so much the other must be likelier: 100 ms of it are, where nothing is left of this one. A phrase dies away, and the
/// next may begin in its last breath.
const SURELY_CUT: f32 = 2.5;
/// 40 ms: a cut this near the end cannot be told from the whole.
const END_TOLERANCE: usize = 2 * FRAME;

/// One candidate, followed along its phrase.
///
/// Frame by frame the evidence grows while the phrase goes on, and falls when it is gone: it is the logarithm of the
/// likelihood that the frame is the phrase plus noise against noise alone, so its highest point is the likeliest end.
pub(super) struct Following {
    pub(super) candidate: Candidate,
    /// The next frame, counted from the phrase's first sounding sample.
    frame: usize,
    evidence: f32,
    /// The evidence after each frame.
    course: Vec<f32>,
    best: Best,
    lost: Lost,
    decided: bool,
}

/// The sounding frames after the best one.
#[derive(Clone, Copy, Default)]
struct Lost {
    frames: u32,
    /// By how much the evidence would have grown with them had the phrase gone on.
    worth: f32,
}

#[derive(Clone, Copy, Default)]
struct Best {
    evidence: f32,
    /// How many frames had been heard.
    frames: usize,
}

impl Following {
    pub(super) fn new(candidate: Candidate) -> Self {
        Self {
            candidate,
            frame: 0,
            evidence: 0.0,
            course: Vec::new(),
            best: Best::default(),
            lost: Lost::default(),
            decided: false,
        }
    }

    /// Whether it has ended.
    pub(super) fn is_decided(&self) -> bool {
        self.decided
    }

    pub(super) fn evidence(&self) -> f32 {
        self.best.evidence
    }

    /// Compares what has come since the last time; what comes no more is silence.
    pub(super) fn go_on(&mut self, tape: &Tape, phrase: &Phrase) {
        while !self.decided {
            let from = phrase.sound.start + self.frame * FRAME;
            let expected = phrase.part(from, from + FRAME);
            if expected.is_empty() {
                self.decided = true;
                return;
            }
            let received = tape.voice(offset(self.start(phrase), from), expected.len());
            if received.len() < expected.len() {
                return;
            }
            if phrase.sounds(from, from + FRAME) {
                self.weigh(received, expected);
            }
            self.frame += 1;
            self.course.push(self.evidence);
        }
    }

    fn weigh(&mut self, received: &[f32], expected: &[f32]) {
        let frame = weigh(received, expected, self.candidate.gain);
        self.evidence += frame.evidence;
        if self.evidence > self.best.evidence {
            self.best = Best {
                evidence: self.evidence,
                frames: self.frame + 1,
            };
            self.lost = Lost::default();
        } else {
            self.lost.frames += 1;
            self.lost.worth += frame.worth;
        }
        self.decided = self.lost.frames >= LOST_AFTER;
    }

    /// Where the reference's first sample lies.
    fn start(&self, phrase: &Phrase) -> i64 {
        self.candidate
            .sounds_at
            .saturating_sub(i64::try_from(phrase.sound.start).unwrap_or(0))
    }

    /// The stream position after which nothing of it was heard.
    pub(super) fn ends_at(&self) -> i64 {
        offset(self.candidate.sounds_at, self.best.frames * FRAME)
    }

    /// Whether from the other's beginning on it was the other that sounded: a like syllable of it may have been taken
    /// for more of this one.
    pub(super) fn is_cut_by(&self, other: &Self) -> bool {
        let (from, until) = (other.candidate.sounds_at, self.ends_at());
        (self.candidate.sounds_at..until).contains(&from)
            && other.gained(from, until) > self.gained(from, until) + SURELY_CUT
    }

    /// The evidence of the frames in that part of the stream.
    fn gained(&self, from: i64, until: i64) -> f32 {
        self.course_at(self.frames_before(until)) - self.course_at(self.frames_before(from))
    }

    fn course_at(&self, frames: usize) -> f32 {
        let heard = self.course.get(..frames).unwrap_or(&self.course);
        heard.last().copied().unwrap_or(0.0)
    }

    /// How many of its frames lie before that place in the stream.
    fn frames_before(&self, at: i64) -> usize {
        let samples = at.saturating_sub(self.candidate.sounds_at);
        usize::try_from(samples).unwrap_or(0) / FRAME
    }

    /// It ends there at the latest.
    pub(super) fn end_before(&mut self, at: i64) {
        let frames = self.frames_before(at);
        let heard = self.course.iter().take(frames).enumerate();
        let (last, evidence) = heard
            .max_by(|(_, a), (_, b)| a.total_cmp(b))
            .unwrap_or((0, &0.0));
        self.best = Best {
            evidence: *evidence,
            frames: last + 1,
        };
        self.lost.frames = LOST_AFTER;
    }

    pub(super) fn heard(&self, tape: &Tape, phrase: &Phrase) -> Heard {
        let start = self.start(phrase);
        let until = self.end(tape, phrase);
        let from = phrase.sound.start;
        let whole = until + END_TOLERANCE >= phrase.sound.end;
        Heard {
            prompt: phrase.prompt.clone(),
            language: phrase.language,
            began_at_sample: position(start, 0),
            ended: if whole {
                Ended::Whole
            } else {
                Ended::Cut {
                    at_sample: position(start, until),
                }
            },
            score: score(tape, phrase, start, until),
            level_dbov: level_dbov(tape, phrase, start, from, until),
            gaps: gaps(tape, phrase, start, from, until),
        }
    }

    /// The phrase's sample after its last that was heard.
    fn end(&self, tape: &Tape, phrase: &Phrase) -> usize {
        let fell = self.best.evidence - self.evidence;
        if self.lost.frames < LOST_AFTER && fell < CUT_EVIDENCE.max(self.lost.worth / 2.0) {
            return phrase.sound.end;
        }
        self.cut(tape, phrase)
    }

    /// Looks, sample by sample, where beside the best frame's end the phrase was left.
    fn cut(&self, tape: &Tape, phrase: &Phrase) -> usize {
        let end = phrase.sound.start + self.best.frames * FRAME;
        let from = end.saturating_sub(2 * FRAME).max(phrase.sound.start);
        let expected = phrase.part(from, end + 2 * FRAME);
        let received = tape.voice(offset(self.start(phrase), from), expected.len());
        let gain = self.candidate.gain;
        let (mut sum, mut best, mut cut) = (0.0, 0.0, from);
        for (n, (received, expected)) in received.iter().zip(expected).enumerate() {
            sum += received * gain * expected - (gain * expected).powi(2) / 2.0;
            if sum > best {
                (best, cut) = (sum, from + n + 1);
            }
        }
        cut
    }
}

/// What one frame says.
struct Weight {
    /// Between -0.5 (all of it is missing) and 0.5 (all of it is there, and nothing else), but for something loud against it.
    evidence: f32,
    /// What the evidence would be, on average, with the phrase in this noise.
    worth: f32,
}

fn weigh(received: &[f32], expected: &[f32], gain: f32) -> Weight {
    let expected_power = gain * gain * power(expected);
    let likely = gain * dot(received, expected) - expected_power / 2.0;
    let loudest = power(received).max(expected_power).max(f32::MIN_POSITIVE);
    Weight {
        evidence: likely / loudest,
        worth: expected_power / 2.0 / loudest,
    }
}

/// The normalised correlation of all that was heard of it.
fn score(tape: &Tape, phrase: &Phrase, start: i64, until: usize) -> f32 {
    let least = phrase.sound.start + HEAD / 8;
    let expected = phrase.part(phrase.sound.start, until.max(least));
    let received = tape.voice(offset(start, phrase.sound.start), expected.len());
    let powers = power(received) * power(expected);
    dot(received, expected) / powers.sqrt().max(f32::MIN_POSITIVE)
}
