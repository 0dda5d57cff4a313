use super::pitch::{self, Likeness};
use super::prediction::{ORDER, Prediction};

/// How much of the excitation comes again with each period, where the sound is quite periodic; the rest of the voice
/// rings on by the prediction. At 16 kHz the prediction remembers less, and more of it was measured better (PESQ).
const EXCITATION: f32 = 0.5;
const EXCITATION_WIDE: f32 = 0.8;

/// What is made up is at most so much louder than the loudest of the last 20 ms, whatever the prediction says.
const LOUDER: f32 = 1.25;
const PEAK: usize = 160;

/// Continues the end of `sound` over `out`, and says how periodic it was: the resonances of its last 20 ms ring on,
/// excited as in its last pitch period again and again. `factor` is 1 at 8 kHz, 2 at 16.
pub(super) fn extrapolate(sound: &[f32], out: &mut [f32], factor: usize) -> Likeness {
    let pitch = pitch::period(sound, factor);
    let prediction = Prediction::of(sound, &[], factor);
    let again = if factor == 1 {
        EXCITATION
    } else {
        EXCITATION_WIDE
    };
    let excitation = again * pitch.strength.max(0.0);
    let period = sound.len() - pitch.lag.max(1)..sound.len();
    let damped = prediction.clone().damped();
    let peak = LOUDER * peak(&sound[sound.len().saturating_sub(PEAK * factor)..]);
    let mut past = [0.0; ORDER];
    for (past, sample) in past.iter_mut().zip(sound.iter().rev()) {
        *past = *sample;
    }
    for (sample, at) in out.iter_mut().zip(period.cycle()) {
        let innovation = prediction.innovation(sound, at);
        let next = excitation * innovation + damped.of_past(&past);
        *sample = next.clamp(-peak, peak);
        past.copy_within(..ORDER - 1, 1);
        past[0] = *sample;
    }
    pitch
}

fn peak(sound: &[f32]) -> f32 {
    sound
        .iter()
        .fold(0.0, |peak, sample| sample.abs().max(peak))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice(n: usize) -> f32 {
        let phase = n as f32 * std::f32::consts::TAU / 57.0;
        3_000.0 * phase.sin() + 1_500.0 * (3.0 * phase).sin()
    }

    #[test]
    fn a_steady_voice_goes_on() {
        let sound: Vec<f32> = (0..390).map(voice).collect();
        let mut out = [0.0; 160];
        let pitch = extrapolate(&sound, &mut out, 1);
        assert_eq!((pitch.lag % 57, pitch.strength > 0.99), (0, true));
        let onward: Vec<f32> = (390..550).map(voice).collect();
        let likeness = pitch::likeness(&out, &onward, 1);
        assert!(likeness > 0.95, "{likeness}");
        assert!(peak(&out[80..]) > 0.5 * peak(&onward));
    }

    #[test]
    fn silence_and_the_loudest_sound_stay_finite() {
        for sample in [0.0, 32_767.0] {
            let mut out = [1.0; 560];
            extrapolate(&[sample; 390], &mut out, 1);
            assert!(out.iter().all(|out| out.abs() <= 1.25 * sample));
        }
    }
}
