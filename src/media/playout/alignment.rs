use super::pitch;

/// A sound is moved by so much of its period at most to meet the other side in step: half of it could be either way.
const REACH: f32 = 0.4;

/// The most of it, in samples at 16 kHz.
const SHIFT_MAX: usize = 96;

/// In samples at 8 kHz: 5 ms. Measured better than 3.75, 7.5 and more (PESQ).
const COMPARED: usize = 40;

/// Less alike than this, nothing is to be met.
const LIKE: f32 = 0.2;

/// By so much more alike the farthest place must be than the nearest.
const FAR: f32 = 0.1;

/// Where a sound that was continued over a gap meets what lies behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Meeting {
    /// So many samples later than it was expected; 0 where they are not alike.
    pub(super) shift: f32,
    /// At most 1, where they are the same.
    pub(super) likeness: f32,
}

/// Finds the place around `gap` where `sound` is most like the beginning of `other`; it has this `period`. `factor` is 1
/// at 8 kHz, 2 at 16.
pub(super) fn meet(
    sound: &[f32],
    gap: usize,
    other: &[f32],
    period: usize,
    factor: usize,
) -> Meeting {
    let most = ((period as f32 * REACH) as usize).min(SHIFT_MAX);
    let other = &other[..other.len().min(COMPARED * factor)];
    let mut alike = [-1.0; 2 * SHIFT_MAX + 1];
    let alike = &mut alike[..2 * most + 1];
    for (place, alike) in alike.iter_mut().enumerate() {
        let start = (gap + place).saturating_sub(most);
        if let Some(there) = sound.get(start..start + other.len()) {
            let far = place.abs_diff(most) as f32 / most.max(1) as f32;
            *alike = pitch::likeness(other, there, 1) - FAR * far;
        }
    }
    let best = (0..alike.len()).max_by(|a, b| alike[*a].total_cmp(&alike[*b]));
    let best = best.unwrap_or(most);
    let likeness = alike[best];
    let shift = best as f32 - most as f32 + between(alike, best);
    Meeting {
        shift: if likeness > LIKE { shift } else { 0.0 },
        likeness,
    }
}

/// How far beside the best place the top of a parabola over it and its neighbours lies.
fn between(alike: &[f32], best: usize) -> f32 {
    let neighbours = best
        .checked_sub(1)
        .map(|before| (alike.get(before), alike.get(best + 1)));
    let Some((Some(before), Some(after))) = neighbours else {
        return 0.0;
    };
    let bend = before - 2.0 * alike[best] + after;
    let top = 0.5 * (before - after) / bend;
    if top.is_finite() {
        top.clamp(-0.5, 0.5)
    } else {
        0.0
    }
}

/// The `n`th sample over `gap` of a sound whose pitch glides, so that it ends so much later (or earlier) than it would.
pub(super) fn bent(sound: &[f32], n: usize, gap: usize, shift: f32) -> f32 {
    let way = n as f32 / gap as f32;
    let at = (n as f32 + shift * way * way).max(0.0);
    let whole = at as usize;
    let sample = |n: usize| sound.get(n).copied().unwrap_or(0.0);
    let (a, b) = (sample(whole.saturating_sub(1)), sample(whole));
    let (c, d) = (sample(whole + 1), sample(whole + 2));
    let part = at - whole as f32;
    // A cubic through the two samples around it (Catmull-Rom).
    let cubic = 3.0 * (b - c) + d - a;
    let square = 2.0 * a - 5.0 * b + 4.0 * c - d;
    b + 0.5 * part * (c - a + part * (square + part * cubic))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A voice whose period is `period` at its beginning and 10 % longer 320 samples on.
    fn gliding(period: f32) -> Vec<f32> {
        let phase = |n: f32| n / period - 0.05 * n * n / 320.0 / period;
        let turn = |n: usize| std::f32::consts::TAU * phase(n as f32);
        (0..480)
            .map(|n| 4_000.0 * turn(n).sin() + 2_000.0 * (2.0 * turn(n)).sin())
            .collect()
    }

    fn steady(period: f32) -> Vec<f32> {
        let turn = |n: usize| std::f32::consts::TAU * n as f32 / period;
        (0..480)
            .map(|n| 4_000.0 * turn(n).sin() + 2_000.0 * (2.0 * turn(n)).sin())
            .collect()
    }

    #[test]
    fn a_voice_that_sinks_is_met_in_step() {
        let (voice, guess) = (gliding(57.0), steady(57.0));
        let meeting = meet(&guess, 160, &voice[160..], 57, 1);
        assert!(
            meeting.likeness > 0.9 && meeting.shift < -3.0,
            "{meeting:?}"
        );
        let bent: Vec<f32> = (0..160)
            .map(|n| bent(&guess, n, 160, meeting.shift))
            .collect();
        let (as_it_was, in_step) = (
            pitch::likeness(&guess[..160], &voice[..160], 1),
            pitch::likeness(&bent, &voice[..160], 1),
        );
        assert!(
            in_step > 0.99 && in_step > as_it_was,
            "{as_it_was} {in_step}"
        );
    }

    #[test]
    fn what_goes_on_as_expected_is_left_as_it_is() {
        let voice = steady(57.0);
        let meeting = meet(&voice, 160, &voice[160..], 57, 1);
        assert!(meeting.shift.abs() < 0.05, "{meeting:?}");
        for n in 0..160 {
            assert_eq!(bent(&voice, n, 160, 0.0), voice[n]);
        }
    }

    #[test]
    fn silence_meets_nothing() {
        let meeting = meet(&[0.0; 300], 160, &[0.0; 160], 57, 1);
        assert_eq!(meeting.shift, 0.0);
        assert_eq!(meet(&[], 160, &[1.0; 160], 0, 2).shift, 0.0);
    }
}
