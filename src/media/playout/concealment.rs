use std::f32::consts::PI;

use super::alignment::{bent, meet};
use super::extrapolation::extrapolate;
use super::interpolation::{self, interpolate};
use crate::media::codec::{FRAME_SAMPLES, Rate};

/// No gap longer than this is filled: then it is silent (G.711 Appendix I).
pub(super) const LONGEST_MS: usize = 60;

/// The first 10 ms are as loud as what was before, then it fades to nothing (G.711 Appendix I).
const LOUD_MS: usize = 10;

/// What is made up passes over into what came in 4 ms, and 4 ms more for each 10 ms of it, in 10 ms at most
/// (G.711 Appendix I).
const JOIN_MS: usize = 4;
const JOIN_MAX_MS: usize = 10;

/// What comes after a gap must last so long to be continued backwards.
const REST_MIN_MS: usize = 10;

/// 60 ms at 16 kHz.
const LONGEST_SAMPLES: usize = 960;

/// 70 ms at 16 kHz.
const ONWARD_SAMPLES: usize = 1_120;

/// 48.75 ms at 16 kHz.
const HISTORY_SAMPLES: usize = 780;

/// The middle of a gap of more than a frame is so much quieter: what is surely not so had better be weak.
const DIP: f32 = 0.15;

/// So much quieter is the middle where what comes after is nothing like what was before.
const DIP_UNLIKE: f32 = 0.3;

/// How much of what fills a short gap is the best guess of a prediction: alone it is too weak in the middle.
const PREDICTED: f32 = 0.35;

/// 20 ms at 16 kHz.
const REST_SAMPLES: usize = 320;

/// What comes after is continued backwards for so long more than the gap, to be met: 20 ms at 8 kHz.
const MEETING: usize = 160;

/// Sounds that are continued in 20 ms at most: an honest line has two gaps there, and each costs up to 0.2 ms.
const CONTINUED_MAX: u8 = 4;

/// Makes up sound for packets that did not come.
///
/// Where the packet after the gap is there already, both sides are continued into the gap, the later one backwards,
/// each bent to meet the other side in step, and the one passes over into the other. Else what was before goes on and
/// fades.
#[derive(Debug)]
pub(super) struct Concealment {
    factor: usize,
    /// How the sound before the gap would have gone on.
    onward: Vec<i16>,
    /// Its pitch period, in samples.
    period: usize,
    /// How much of it was used; none while nothing is concealed.
    used: Option<usize>,
    /// How many more sounds may be continued before the next frame; past it gaps are silent.
    credit: u8,
}

impl Concealment {
    pub(super) fn new(rate: Rate) -> Self {
        let factor = rate.factor();
        Self {
            factor,
            onward: vec![0; (LONGEST_MS + JOIN_MAX_MS) * 8 * factor],
            period: 0,
            used: None,
            credit: CONTINUED_MAX,
        }
    }

    /// The next 20 ms are to be filled.
    pub(super) fn next_frame(&mut self) {
        self.credit = CONTINUED_MAX;
    }

    /// The sound that ends here is to go on, unless it is going on already.
    pub(super) fn begin(&mut self, history: &[i16]) {
        if self.used.is_some() {
            return;
        }
        self.used = Some(0);
        if !self.may_continue() {
            return self.onward.fill(0);
        }
        let mut sound = [0.0; HISTORY_SAMPLES];
        let sound = linear(&mut sound, history.iter());
        let mut onward = [0.0; ONWARD_SAMPLES];
        let onward = &mut onward[..self.onward.len()];
        self.period = extrapolate(sound, onward, self.factor).lag;
        for (kept, sample) in self.onward.iter_mut().zip(onward) {
            *kept = rounded(*sample);
        }
    }

    fn may_continue(&mut self) -> bool {
        let left = self.credit.checked_sub(1);
        self.credit = left.unwrap_or(0);
        left.is_some()
    }

    /// Forgets the gap.
    pub(super) fn end(&mut self) {
        self.used = None;
    }

    /// Fills a gap of which the end is not known.
    pub(super) fn go_on(&mut self, gap: &mut [i16]) {
        let used = self.used.unwrap_or(0);
        for (n, sample) in gap.iter_mut().enumerate() {
            *sample = rounded(self.faded(used + n));
        }
        self.used = Some(used + gap.len());
    }

    /// Fills a gap between what was before and what comes after it.
    pub(super) fn bridge(&mut self, history: &[i16], gap: &mut [i16], rest: &mut [i16]) {
        self.begin(history);
        let is_short = rest.len() < REST_MIN_MS * 8 * self.factor;
        if is_short || gap.len() > LONGEST_SAMPLES || !self.may_continue() {
            self.go_on(gap);
            return self.join(rest);
        }
        let (mut before, mut after) = ([0.0; HISTORY_SAMPLES], [0.0; REST_SAMPLES]);
        let before = linear(&mut before, history.iter());
        let after = linear(&mut after, rest.iter().take(160 * self.factor));
        let mut passage = [0.0; LONGEST_SAMPLES];
        let passage = &mut passage[..gap.len()];
        self.pass_over(before, passage, after);
        // At 16 kHz the prediction reaches over too little of the gap: without it was measured better (PESQ).
        if self.used == Some(0) && self.factor == 1 && gap.len() <= interpolation::LONGEST {
            refine(before, passage, after);
        }
        for (sample, made_up) in gap.iter_mut().zip(passage) {
            *sample = rounded(*made_up);
        }
        self.used = None;
    }

    /// What was before goes on, and passes over into what comes after, continued backwards.
    fn pass_over(&self, before: &[f32], passage: &mut [f32], after: &[f32]) {
        let length = passage.len();
        let mut backward = [0.0; LONGEST_SAMPLES + 2 * MEETING];
        let backward = &mut backward[..length + MEETING * self.factor];
        let mut reversed = [0.0; REST_SAMPLES];
        let period = extrapolate(turned(&mut reversed, after), backward, self.factor).lag;
        let used = self.used.unwrap_or(0);
        let loudness = self.loudness(used);
        let mut onward = [0.0; ONWARD_SAMPLES];
        let onward = linear(&mut onward, self.onward.iter().skip(used));
        let (mut early, mut late, mut dip) = (0.0, 0.0, 0.0);
        if length > FRAME_SAMPLES * self.factor {
            dip = DIP;
        }
        // What was made up already is nothing to be met.
        if used == 0 {
            early = meet(onward, length, after, self.period, self.factor).shift;
            let mut reversed = [0.0; HISTORY_SAMPLES];
            let before = turned(&mut reversed, before);
            let meeting = meet(backward, length, before, period, self.factor);
            late = meeting.shift;
            dip += DIP_UNLIKE * (1.0 - meeting.likeness.max(0.0));
        }
        for (n, sample) in passage.iter_mut().enumerate() {
            let earlier = loudness * bent(onward, n, length, early);
            let later = bent(backward, length - 1 - n, length, late);
            let part = (n as f32 + 0.5) / length as f32;
            let quieter = 1.0 - dip * (PI * part).sin();
            *sample = quieter * (earlier + part * (later - earlier));
        }
    }

    /// Passes over into sound that came after all.
    pub(super) fn join(&mut self, rest: &mut [i16]) {
        let Some(used) = self.used.take() else {
            return;
        };
        let a_ms = 8 * self.factor;
        let length = (JOIN_MS * a_ms + used * JOIN_MS / LOUD_MS).min(JOIN_MAX_MS * a_ms);
        let length = length.min(rest.len());
        for (n, sample) in rest[..length].iter_mut().enumerate() {
            *sample = rounded(blend(self.faded(used + n), f32::from(*sample), n, length));
        }
    }

    fn faded(&self, at: usize) -> f32 {
        f32::from(self.onward.get(at).copied().unwrap_or(0)) * self.loudness(at)
    }

    fn loudness(&self, at: usize) -> f32 {
        let ms = at as f32 / (8 * self.factor) as f32;
        let faded = (ms - LOUD_MS as f32) / (LONGEST_MS - LOUD_MS) as f32;
        1.0 - faded.clamp(0.0, 1.0)
    }
}

/// Takes in a part of what a prediction over the gap says of it.
fn refine(before: &[f32], passage: &mut [f32], after: &[f32]) {
    let mut between = [0.0; interpolation::LONGEST];
    let between = &mut between[..passage.len()];
    interpolate(before, after, between);
    for (sample, likely) in passage.iter_mut().zip(between) {
        *sample += PREDICTED * (*likely - *sample);
    }
}

/// The `n`th of `length` samples of a passage from one sound to another.
pub(super) fn blend(from: f32, to: f32, n: usize, length: usize) -> f32 {
    let part = 0.5 - 0.5 * (PI * (n as f32 + 0.5) / length as f32).cos();
    from + part * (to - from)
}

pub(super) fn rounded(sample: f32) -> i16 {
    sample.round() as i16
}

/// The same sound from its end to its beginning, as far as `out` reaches.
fn turned<'a>(out: &'a mut [f32], sound: &[f32]) -> &'a [f32] {
    let length = sound.len().min(out.len());
    for (out, sample) in out.iter_mut().zip(sound.iter().rev()) {
        *out = *sample;
    }
    &out[..length]
}

/// Fills the front of `out` as far as both reach.
fn linear<'a, 'b>(out: &'a mut [f32], sound: impl ExactSizeIterator<Item = &'b i16>) -> &'a [f32] {
    let length = sound.len().min(out.len());
    for (out, sample) in out.iter_mut().zip(sound) {
        *out = f32::from(*sample);
    }
    &out[..length]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::playout::pitch;

    fn voice(n: i32) -> i16 {
        let phase = n as f32 * std::f32::consts::TAU / 61.0;
        (4_000.0 * phase.sin() + 2_000.0 * (2.0 * phase).sin()) as i16
    }

    fn from(start: i32, samples: i32) -> Vec<i16> {
        (start..start + samples).map(voice).collect()
    }

    fn likeness(one: &[i16], other: &[i16]) -> f32 {
        let linear = |sound: &[i16]| sound.iter().map(|s| f32::from(*s)).collect::<Vec<_>>();
        pitch::likeness(&linear(one), &linear(other), 1)
    }

    #[test]
    fn gaps_without_end_cost_no_more_than_a_few() {
        let history = from(0, 390);
        let mut concealment = Concealment::new(Rate::Narrow);
        let filled = |concealment: &mut Concealment| {
            concealment.begin(&history);
            let mut gap = vec![0; 6];
            concealment.go_on(&mut gap);
            concealment.end();
            gap.iter().any(|sample| *sample != 0)
        };
        for _ in 0..2 {
            let continued = (0..64).filter(|_| filled(&mut concealment)).count();
            assert_eq!(continued, usize::from(CONTINUED_MAX));
            concealment.next_frame();
        }
    }

    #[test]
    fn a_steady_voice_is_bridged_as_if_nothing_had_been_lost() {
        for rate in [Rate::Narrow, Rate::Wide] {
            let mut concealment = Concealment::new(rate);
            let (before, frame) = (390 * rate.factor(), rate.frame_samples());
            let voice = from(0, (before + 2 * frame) as i32);
            let (history, lost) = voice.split_at(before);
            let (mut gap, mut rest) = (vec![0; frame], lost[frame..].to_vec());
            concealment.bridge(history, &mut gap, &mut rest);
            let likeness = likeness(&gap, &lost[..frame]);
            assert!(likeness > 0.95, "{rate:?}: {likeness}");
            let loudest = gap.iter().max().unwrap();
            assert!((3_500..6_000).contains(loudest), "{rate:?}: {loudest}");
            assert_eq!(rest, lost[frame..]);
        }
    }

    #[test]
    fn what_is_not_known_to_end_fades_to_silence() {
        let mut concealment = Concealment::new(Rate::Narrow);
        concealment.begin(&from(0, 390));
        let mut frames = [[0; 160]; 4];
        for frame in &mut frames {
            concealment.go_on(frame);
        }
        let peak = frames.map(|frame| frame.map(i16::unsigned_abs).into_iter().max().unwrap());
        assert!(peak[0] > 4_000 && peak[1] < peak[0] && peak[2] < peak[1]);
        assert_eq!(peak[3], 0);
    }

    #[test]
    fn what_comes_after_all_is_joined_without_a_step() {
        let mut concealment = Concealment::new(Rate::Wide);
        concealment.begin(&[0; 780]);
        let mut rest = [8_000; 320];
        concealment.go_on(&mut [0; 320]);
        concealment.join(&mut rest);
        assert!(rest[0] < 200 && rest[190] == 8_000);
        concealment.join(&mut rest);
        assert_eq!(rest[200], 8_000);
    }
}
