/// Lags that are looked at, in samples at 8 kHz: 2.5 to 15 ms, voices of 66 to 400 Hz.
const LAG_MIN: usize = 20;
const LAG_MAX: usize = 120;

/// How far sound is like itself some time before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Likeness {
    /// In samples.
    pub(super) lag: usize,
    /// The normalised correlation: 1 where it is the same, 0 where it has nothing of it.
    pub(super) strength: f32,
}

/// The period of the end of `sound`; `factor` is 1 at 8 kHz, 2 at 16.
pub(super) fn period(sound: &[f32], factor: usize) -> Likeness {
    let longest = (LAG_MAX * factor).min(sound.len() * 3 / 5);
    let shortest = (LAG_MIN * factor).min(longest);
    let window = (sound.len() - longest).min(160 * factor);
    let (_, tail) = sound.split_at(sound.len() - window);
    let at = |lag: usize| &sound[sound.len() - window - lag..sound.len() - lag];
    search(tail, at, shortest..=longest, 2 * factor)
}

/// The lag whose sound is most like `tail`: coarsely first, then sample by sample around the best.
pub(super) fn search<'a>(
    tail: &[f32],
    at: impl Fn(usize) -> &'a [f32],
    lags: std::ops::RangeInclusive<usize>,
    step: usize,
) -> Likeness {
    let (shortest, longest) = (*lags.start(), *lags.end());
    let coarse = best(tail, &at, lags.step_by(step), step);
    let around =
        coarse.lag.saturating_sub(step - 1).max(shortest)..=(coarse.lag + step - 1).min(longest);
    best(tail, &at, around, 1)
}

fn best<'a>(
    tail: &[f32],
    at: &impl Fn(usize) -> &'a [f32],
    lags: impl Iterator<Item = usize>,
    step: usize,
) -> Likeness {
    let nothing = Likeness {
        lag: 0,
        strength: -1.0,
    };
    lags.fold(nothing, |best, lag| {
        let strength = likeness(tail, at(lag), step);
        if strength > best.strength {
            Likeness { lag, strength }
        } else {
            best
        }
    })
}

/// The normalised correlation of two sounds of one length, of each `step`th sample.
pub(super) fn likeness(one: &[f32], other: &[f32], step: usize) -> f32 {
    let (mut product, mut ones, mut others) = (0.0, 1.0, 1.0);
    for (a, b) in one.iter().zip(other).step_by(step) {
        product += a * b;
        ones += a * a;
        others += b * b;
    }
    product / f32::sqrt(ones * others)
}
