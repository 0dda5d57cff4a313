use std::f32::consts::TAU;

use super::tones::{Pattern, Step};
use crate::media::resampling::to_i16;
use crate::words::Country;

/// A tone rises and falls in so many milliseconds, so that it does not click.
const FADE_MS: u32 = 5;

/// A percentage of ring volume is of loudness as it is felt: half of it is 12 dB less.
const FULL_PERCENT: f32 = 100.0;

/// What a rep hears beside the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// A call is there to be answered: until it is stopped.
    Ring,
    /// The caller comes next: one beep.
    Joining,
    /// Another caller waits: a soft double tick, again each 10 s until it is stopped.
    CallWaiting,
    /// Who speaks is not heard: two low beeps.
    StillMuted,
    /// The headset is back in the call: two beeps upwards.
    Rejoined,
}

impl Signal {
    pub const ALL: [Self; 5] = [
        Self::Ring,
        Self::Joining,
        Self::CallWaiting,
        Self::StillMuted,
        Self::Rejoined,
    ];
}

/// Makes the signals as samples of one rate, all that sound at a time together.
///
/// Alone it is what a loudspeaker rings with.
#[derive(Clone, Debug)]
pub struct Signals {
    hz: u32,
    country: Country,
    ring_factor: f32,
    playing: [Option<Playing>; Signal::ALL.len()],
}

#[derive(Clone, Copy, Debug)]
struct Playing {
    pattern: &'static Pattern,
    /// Of its tones, 16-bit steps.
    amplitude: f32,
    step: usize,
    /// Samples of the step so far.
    sample: u32,
    /// Samples that are left of a signal that was stopped.
    left: Option<u32>,
}

impl Signals {
    /// For `hz` samples a second; the ring has `ring_percent` of its full volume, 0 to 100.
    pub fn new(hz: u32, country: Country, ring_percent: u8) -> Self {
        let loudness = f32::from(ring_percent.min(100)) / FULL_PERCENT;
        Self {
            hz,
            country,
            ring_factor: loudness * loudness,
            playing: [None; Signal::ALL.len()],
        }
    }

    /// Begins a signal; one that sounds already goes on.
    pub fn start(&mut self, signal: Signal) {
        let pattern = Pattern::of(signal, self.country);
        let factor = if signal == Signal::Ring {
            self.ring_factor
        } else {
            1.0
        };
        let amplitude = pattern.amplitude() * factor;
        let place = self.place(signal);
        match place {
            Some(playing) if playing.left.is_none() => {}
            Some(_) | None => *place = Some(Playing::new(pattern, amplitude)),
        }
    }

    /// Ends a signal, within 5 ms.
    pub fn stop(&mut self, signal: Signal) {
        let fade = self.fade();
        if let Some(playing) = self.place(signal) {
            playing.left.get_or_insert(fade);
        }
    }

    pub fn is_silent(&self) -> bool {
        self.playing.iter().all(Option::is_none)
    }

    /// Lays the next samples over `sound`.
    pub fn mix(&mut self, sound: &mut [i16]) {
        if self.is_silent() {
            return;
        }
        for sample in sound {
            *sample = sample.saturating_add(to_i16(self.next_sample()));
        }
    }

    /// Fills `out` with the next samples, full scale being 1.
    pub fn play(&mut self, out: &mut [f32]) {
        for sample in out {
            *sample = (self.next_sample() / 32_768.0).clamp(-1.0, 1.0);
        }
    }

    fn next_sample(&mut self) -> f32 {
        let (hz, fade) = (self.hz, self.fade());
        let mut sum = 0.0;
        for place in &mut self.playing {
            let sample = place.as_mut().map(|playing| playing.next(hz, fade));
            match sample {
                Some(Some(sample)) => sum += sample,
                Some(None) | None => *place = None,
            }
        }
        sum
    }

    fn place(&mut self, signal: Signal) -> &mut Option<Playing> {
        let [ring, joining, waiting, muted, rejoined] = &mut self.playing;
        match signal {
            Signal::Ring => ring,
            Signal::Joining => joining,
            Signal::CallWaiting => waiting,
            Signal::StillMuted => muted,
            Signal::Rejoined => rejoined,
        }
    }

    /// In samples.
    fn fade(&self) -> u32 {
        (self.hz * FADE_MS / 1_000).max(1)
    }
}

impl Playing {
    fn new(pattern: &'static Pattern, amplitude: f32) -> Self {
        Self {
            pattern,
            amplitude,
            step: 0,
            sample: 0,
            left: None,
        }
    }

    /// In 16-bit steps; none when it is over.
    fn next(&mut self, hz: u32, fade: u32) -> Option<f32> {
        let step = *self.current_step()?;
        let length = hz / 1_000 * step.ms;
        let leaving = match &mut self.left {
            Some(0) => return None,
            Some(left) => {
                *left -= 1;
                *left
            }
            None => fade,
        };
        let inside = self.sample.min(length - 1 - self.sample).min(leaving);
        let gain = inside.min(fade) as f32 / fade as f32;
        let sample = step.at(self.sample, hz) * gain * self.amplitude;
        self.sample += 1;
        if self.sample >= length {
            (self.step, self.sample) = (self.step + 1, 0);
        }
        Some(sample)
    }

    fn current_step(&mut self) -> Option<&'static Step> {
        if self.pattern.repeats {
            self.step %= self.pattern.steps.len();
        }
        self.pattern.steps.get(self.step)
    }
}

impl Step {
    /// The sum of its tones, each of 1; every step begins at their zero.
    fn at(&self, sample: u32, hz: u32) -> f32 {
        let turns = |tone: u32| (u64::from(sample) * u64::from(tone) % u64::from(hz)) as f32;
        let tones = self.hz.iter().filter(|tone| **tone > 0);
        tones
            .map(|tone| (TAU * turns(*tone) / hz as f32).sin())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::hearing::Level;

    const HZ: u32 = 8_000;

    fn signals(country: Country) -> Signals {
        Signals::new(HZ, country, 100)
    }

    fn heard(signals: &mut Signals, ms: u32) -> Vec<i16> {
        let mut sound = vec![0; (HZ / 1_000 * ms) as usize];
        signals.mix(&mut sound);
        sound
    }

    /// Milliseconds of sound and of silence by turns, the first ones of sound.
    fn rhythm(sound: &[i16]) -> Vec<usize> {
        let is_loud = |block: &[i16]| Level::of(block).dbov > -60.0;
        let blocks: Vec<bool> = sound.chunks_exact(80).map(is_loud).collect();
        let runs = blocks.chunk_by(|a, b| a == b);
        runs.map(|run| run.len() * 10).collect()
    }

    /// The part of a sound's power that these tones have.
    fn part_of_tones(sound: &[i16], tones: &[f32]) -> f32 {
        let power = |tone: f32| {
            let (mut re, mut im) = (0.0_f32, 0.0_f32);
            for (n, sample) in sound.iter().enumerate() {
                let (sin, cos) = (TAU * tone * n as f32 / HZ as f32).sin_cos();
                re += f32::from(*sample) * cos;
                im += f32::from(*sample) * sin;
            }
            2.0 * (re * re + im * im) / sound.len() as f32
        };
        let whole: f32 = sound.iter().map(|it| f32::from(*it).powi(2)).sum();
        tones.iter().map(|tone| power(*tone)).sum::<f32>() / whole
    }

    #[test]
    fn each_country_rings_as_its_telephones_do() {
        for (country, rhythm_ms, tones) in [
            (Country::Cn, vec![1_000, 4_000, 1_000, 4_000], vec![450.0]),
            (
                Country::Us,
                vec![2_000, 4_000, 2_000, 2_000],
                vec![440.0, 480.0],
            ),
            (
                Country::Uk,
                vec![400, 200, 400, 2_000, 400, 200, 400, 2_000],
                vec![400.0, 450.0],
            ),
        ] {
            let mut signals = signals(country);
            signals.start(Signal::Ring);
            let sound = heard(&mut signals, rhythm_ms.iter().sum::<usize>() as u32);
            assert_eq!(rhythm(&sound), rhythm_ms);
            let pure = part_of_tones(&sound[80..2_880], &tones);
            assert!(pure > 0.99, "{country:?} {pure}");
        }
    }

    #[test]
    fn beeps_end_alone_and_the_ring_where_it_is_stopped() {
        let mut signals = signals(Country::Cn);
        for signal in [Signal::Joining, Signal::StillMuted, Signal::Rejoined] {
            signals.start(signal);
            assert!(Level::of(&heard(&mut signals, 500)).peak > 300);
            assert!(signals.is_silent(), "{signal:?}");
        }
        signals.start(Signal::Ring);
        heard(&mut signals, 100);
        signals.stop(Signal::Ring);
        assert!(Level::of(&heard(&mut signals, 5)).peak > 300);
        assert!(signals.is_silent() || heard(&mut signals, 1)[1..] == [0; 7]);
    }

    #[test]
    fn another_call_that_waits_ticks_twice_each_ten_seconds() {
        let mut signals = signals(Country::Cn);
        signals.start(Signal::CallWaiting);
        let sound = heard(&mut signals, 20_000);
        assert_eq!(
            rhythm(&sound),
            [40, 100, 40, 9_820, 40, 100, 40, 9_820],
            "{:?}",
            rhythm(&sound)
        );
    }

    #[test]
    fn nothing_clicks() {
        for signal in Signal::ALL {
            let mut signals = Signals::new(48_000, Country::Us, 100);
            signals.start(signal);
            let mut sound = vec![0.0; 48_000];
            signals.play(&mut sound[..24_000]);
            signals.stop(signal);
            signals.play(&mut sound[24_000..]);
            let steps = sound
                .windows(3)
                .map(|it| (it[0] - 2.0 * it[1] + it[2]).abs());
            // A click is a corner; that of a tone of 1 kHz at 48 is small.
            let corner = steps.fold(0.0, f32::max);
            assert!(corner < 0.005, "{signal:?} {corner}");
        }
    }

    #[test]
    fn the_ring_has_a_volume_of_its_own() {
        let level = |percent: u8| {
            let mut signals = Signals::new(HZ, Country::Cn, percent);
            signals.start(Signal::Ring);
            Level::of(&heard(&mut signals, 900)).dbov
        };
        assert!((level(100) - level(50) - 12.0).abs() < 0.2);
        assert_eq!(level(0), Level::of(&[0; 8]).dbov);
    }

    #[test]
    fn one_that_sounds_is_not_begun_again() {
        let mut once = signals(Country::Cn);
        let mut twice = signals(Country::Cn);
        for signals in [&mut once, &mut twice] {
            signals.start(Signal::Ring);
        }
        let first = heard(&mut once, 1_500);
        let mut second = heard(&mut twice, 700);
        twice.start(Signal::Ring);
        second.extend(heard(&mut twice, 800));
        assert_eq!(first, second);
    }
}
