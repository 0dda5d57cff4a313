use super::concealment::{blend, rounded};
use super::pitch::{self, Likeness};
use super::tape::Tape;
use crate::media::codec::Rate;

/// One sound passes over into itself a period later where it is so like itself.
const LIKE: f32 = 0.9;

/// Where much is to be made up for, it need not be so like.
const LIKE_ENOUGH: f32 = 0.6;

/// Sound that is quieter than -50 dBov may be cut anywhere: a mean amplitude.
const QUIET: f32 = 80.0;

/// In samples at 8 kHz: what is compared, and the longest period.
const COMPARED: usize = 120;
const LONGEST: usize = 120;
const SHORTEST: usize = 20;

/// How much is to be made up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    Some,
    Much,
}

/// Makes sound shorter or longer by one pitch period, where nobody hears it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    factor: usize,
}

impl Stretch {
    pub(super) fn new(rate: Rate) -> Self {
        Self {
            factor: rate.factor(),
        }
    }

    /// How many samples have to wait for one to be taken out.
    pub(super) fn needs(&self) -> usize {
        (COMPARED + LONGEST) * self.factor
    }

    /// Takes a period out of what waits, and says how long it was; 0 where it would be heard.
    pub(super) fn shorten(&self, tape: &mut Tape, urgency: Urgency) -> usize {
        let mut sound = [0.0; 2 * (COMPARED + LONGEST)];
        let sound = &mut sound[..self.needs()];
        let Some(waiting) = tape.waiting().get(..sound.len()) else {
            return 0;
        };
        convert(waiting, sound);
        let compared = COMPARED * self.factor;
        let (tail, _) = sound.split_at(compared);
        let Some(lag) = self.lag(tail, |lag| &sound[lag..lag + compared], urgency) else {
            return 0;
        };
        let (_, waiting) = tape.sound_mut();
        for (n, sample) in waiting[lag..2 * lag].iter_mut().enumerate() {
            *sample = rounded(blend(sound[n], sound[n + lag], n, lag));
        }
        tape.cut(lag);
        lag
    }

    /// Plays the last period once more before what waits, and says how long it was; 0 where it would be heard.
    pub(super) fn lengthen(&self, tape: &mut Tape, urgency: Urgency) -> usize {
        let mut sound = [0.0; 2 * (COMPARED + LONGEST)];
        let (before, after) = (LONGEST * self.factor, COMPARED * self.factor);
        let sound = &mut sound[..before + after];
        let (history, waiting) = tape.sound_mut();
        let Some(waiting) = waiting.get(..after) else {
            return 0;
        };
        convert(&history[history.len() - before..], sound);
        convert(waiting, &mut sound[before..]);
        let at = |lag: usize| &sound[before - lag..before - lag + after];
        let Some(lag) = self.lag(&sound[before..], at, urgency) else {
            return 0;
        };
        if !tape.insert(lag) {
            return 0;
        }
        let (_, waiting) = tape.sound_mut();
        for (n, sample) in waiting[..lag].iter_mut().enumerate() {
            *sample = rounded(blend(sound[before + n], sound[before + n - lag], n, lag));
        }
        lag
    }

    fn lag<'a>(
        &self,
        tail: &[f32],
        at: impl Fn(usize) -> &'a [f32],
        urgency: Urgency,
    ) -> Option<usize> {
        let lags = SHORTEST * self.factor..=LONGEST * self.factor;
        let Likeness { lag, strength } = pitch::search(tail, at, lags, 2 * self.factor);
        let enough = match urgency {
            Urgency::Some => LIKE,
            Urgency::Much => LIKE_ENOUGH,
        };
        (strength >= enough || is_quiet(tail)).then_some(lag)
    }
}

fn is_quiet(sound: &[f32]) -> bool {
    let sum: f32 = sound.iter().map(|sample| sample.abs()).sum();
    sum < QUIET * sound.len() as f32
}

fn convert(sound: &[i16], out: &mut [f32]) {
    for (out, sample) in out.iter_mut().zip(sound) {
        *out = f32::from(*sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::playout::Played;
    use crate::words::Entropy;

    fn tape(sample: impl Fn(usize) -> i16) -> Tape {
        let mut tape = Tape::new(Rate::Narrow);
        for start in [0, 320] {
            for (n, out) in tape.splice(320).gap.iter_mut().enumerate() {
                *out = sample(start + n);
            }
            tape.extend(320, Played::Sound);
        }
        tape.play(&mut [0; 320]);
        tape
    }

    fn voice(n: usize) -> i16 {
        (6_000.0 * (n as f32 * std::f32::consts::TAU / 50.0).sin()) as i16
    }

    fn steps(sound: &[i16]) -> u16 {
        let steps = sound.windows(2).map(|pair| pair[0].abs_diff(pair[1]));
        steps.max().unwrap()
    }

    #[test]
    fn a_period_of_a_voice_goes_and_comes_without_a_step() {
        let largest = steps(&std::array::from_fn::<i16, 400, _>(voice));
        for lengthens in [false, true] {
            let mut tape = tape(voice);
            let stretch = Stretch::new(Rate::Narrow);
            let lag = if lengthens {
                stretch.lengthen(&mut tape, Urgency::Some)
            } else {
                stretch.shorten(&mut tape, Urgency::Some)
            };
            assert!([50, 100].contains(&lag), "{lag}");
            let ahead = if lengthens { 320 + lag } else { 320 - lag };
            assert_eq!(tape.ahead(), ahead);
            let mut sound = vec![voice(319)];
            sound.extend(tape.waiting());
            assert!(steps(&sound) <= largest + 8, "{}", steps(&sound));
        }
    }

    #[test]
    fn what_is_loud_and_never_the_same_stays_as_it_is() {
        let mut entropy = Entropy::from_number(1);
        let noise: Vec<i16> = (0..640).map(|_| entropy.u16().cast_signed()).collect();
        let stretch = Stretch::new(Rate::Narrow);
        assert_eq!(stretch.shorten(&mut tape(|n| noise[n]), Urgency::Some), 0);
        assert_eq!(stretch.lengthen(&mut tape(|n| noise[n]), Urgency::Some), 0);
        let mut quiet = tape(|n| noise[n] / 1_000);
        assert!(stretch.shorten(&mut quiet, Urgency::Some) > 0);
    }
}
