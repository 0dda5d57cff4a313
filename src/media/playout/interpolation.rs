use super::prediction::{ORDER, Prediction};

/// 20 ms: over more the prediction dies away in the middle.
pub(super) const LONGEST: usize = 160;

/// What keeps the equations solvable in silence, as a part of their diagonal.
const FLOOR: f64 = 1e-6;

/// Finds the samples between `before` and `after` that leave the least to be said by a linear prediction of both: at most
/// 20 ms at 8 kHz.
pub(super) fn interpolate(before: &[f32], after: &[f32], gap: &mut [f32]) {
    let length = gap.len().min(LONGEST);
    let mut row = [0.0; LONGEST];
    let correlation = Prediction::of(before, after, 1).correlation();
    let kept = length.min(correlation.len());
    row[..kept].copy_from_slice(&correlation[..kept]);
    row[0] *= 1.0 + FLOOR;
    let mut known = [0.0; LONGEST];
    for (n, known) in known[..length].iter_mut().enumerate() {
        *known = -said_by(before.iter().rev(), n, &correlation)
            - said_by(after.iter(), length - 1 - n, &correlation);
    }
    let solution = solve(&row[..length], &known[..length]);
    for (sample, solved) in gap.iter_mut().zip(solution) {
        *sample = solved as f32;
    }
}

/// What the known samples on one side, the nearest first, say of an unknown one that has so many between.
fn said_by<'a>(
    known: impl Iterator<Item = &'a f32>,
    between: usize,
    correlation: &[f64; ORDER + 1],
) -> f64 {
    let reach = correlation.iter().skip(between + 1);
    reach.zip(known).map(|(c, s)| c * f64::from(*s)).sum()
}

/// Solves a symmetric Toeplitz system, given its first row, by Levinson's recursion.
fn solve(row: &[f64], known: &[f64]) -> [f64; LONGEST] {
    let mut solution = [0.0; LONGEST];
    let mut filter = [0.0; LONGEST + 1];
    let Some(first) = row.first() else {
        return solution;
    };
    filter[0] = 1.0;
    let mut error = *first;
    solution[0] = known[0] / error;
    for n in 1..row.len() {
        let mirrored = row[1..=n].iter().rev();
        let across: f64 = mirrored.clone().zip(&filter).map(|(t, a)| t * a).sum();
        let so_far: f64 = mirrored.zip(&solution).map(|(t, x)| t * x).sum();
        extend(&mut filter[..=n], -across / error);
        error -= across * across / error;
        let step = (known[n] - so_far) / error;
        for (x, a) in solution.iter_mut().zip(filter[..=n].iter().rev()) {
            *x += step * a;
        }
    }
    solution
}

/// Adds the filter's mirror image, `k` times, to it.
fn extend(filter: &mut [f64], k: f64) {
    let last = filter.len() - 1;
    for n in 0..filter.len().div_ceil(2) {
        let (one, other) = (filter[n], filter[last - n]);
        filter[n] = one + k * other;
        filter[last - n] = other + k * one;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Entropy;

    #[test]
    fn equations_are_solved() {
        let row = [4.0, 1.0, 0.5, 0.25];
        let solution = solve(&row, &[1.0, -2.0, 3.0, 0.5]);
        for (n, known) in [1.0, -2.0, 3.0, 0.5].into_iter().enumerate() {
            let sum: f64 = (0..4).map(|m| row[n.abs_diff(m)] * solution[m]).sum();
            assert!((sum - known).abs() < 1e-9);
        }
    }

    #[test]
    fn a_steady_sound_is_found_again() {
        let mut entropy = Entropy::from_number(1);
        let mut noise = || f32::from(entropy.u16().cast_signed()) / 1_000.0;
        let tone = |n: usize| 5_000.0 * (n as f32 * std::f32::consts::TAU / 31.0).sin();
        let sound: Vec<f32> = (0..710).map(|n| tone(n) + noise()).collect();
        let mut gap = [0.0; 160];
        interpolate(&sound[..390], &sound[550..], &mut gap);
        for (n, sample) in gap.iter().enumerate() {
            assert!((sample - tone(390 + n)).abs() < 500.0, "{n}: {sample}");
        }
    }

    #[test]
    fn silence_stays_silent() {
        let mut gap = [1.0; 160];
        interpolate(&[0.0; 390], &[0.0; 160], &mut gap);
        assert_eq!(gap, [0.0; 160]);
    }
}
