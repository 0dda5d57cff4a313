use super::level::dbov;
use crate::media::codec::{FRAME_SAMPLES, Frame};

/// The loudness of both sides is compared every 10 ms.
const STEP_SAMPLES: usize = FRAME_SAMPLES / 2;

/// Delays that are tried: 0 to 500 ms.
const DELAYS: usize = 51;

/// What is heard counts for 3 s, then less and less: so much is kept from one step to the next.
const KEEPS: f32 = 1.0 - 1.0 / 300.0;

/// While we are this loud, or were within the last delays, an echo could come, dBov.
const WE_SPEAK_DBOV: f32 = -40.0;

/// Steps of ours that prove something: 2.5 s.
const STEPS_MIN: u32 = 250;

/// What is quieter than this is as good as silence, dBov.
const SILENCE_DBOV: f32 = -60.0;

/// Both sides rise and fall together: the correlation of their levels.
const ALIKE: f32 = 0.75;

/// Our own levels vary so much at least, or nothing is told by theirs, dB squared.
const VARIANCE_MIN: f32 = 30.0;

/// Hears our own signal come back, by the rise and fall of both sides.
#[derive(Clone, Debug)]
pub(super) struct Echo {
    /// Our levels, the newest at `next`.
    ours: [f32; DELAYS],
    next: usize,
    /// Steps since we were last loud.
    since_loud: usize,
    steps: u32,
    theirs: Moments,
    delayed: [Delayed; DELAYS],
}

/// Sum, and sum of squares, of levels.
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    weight: f32,
    sum: f32,
    squares: f32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Delayed {
    ours: Moments,
    products: f32,
}

/// How our signal comes back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EchoFound {
    pub delay_ms: u32,
    /// How much weaker than it was sent, dB.
    pub return_loss_db: f32,
    /// How alike both are, 0 to 1.
    pub alike: f32,
}

impl Echo {
    pub(super) fn new() -> Self {
        Self {
            ours: [SILENCE_DBOV; DELAYS],
            next: 0,
            since_loud: DELAYS,
            steps: 0,
            theirs: Moments::default(),
            delayed: [Delayed::default(); DELAYS],
        }
    }

    /// Hears what was sent and what came in the same 20 ms.
    pub(super) fn hear(&mut self, ours: &Frame, theirs: &Frame) {
        let pairs = ours.chunks(STEP_SAMPLES).zip(theirs.chunks(STEP_SAMPLES));
        for (ours, theirs) in pairs {
            self.step(level(ours), level(theirs));
        }
    }

    /// The echo, where one was heard.
    pub(super) fn found(&self, return_loss_max_db: f32) -> Option<EchoFound> {
        if self.steps < STEPS_MIN {
            return None;
        }
        let found = self.most_alike()?;
        (found.alike >= ALIKE && found.return_loss_db <= return_loss_max_db).then_some(found)
    }

    fn step(&mut self, ours: f32, theirs: f32) {
        self.next = (self.next + 1) % DELAYS;
        self.ours[self.next] = ours;
        self.since_loud = match ours > WE_SPEAK_DBOV {
            true => 0,
            false => self.since_loud.saturating_add(1),
        };
        if self.since_loud >= DELAYS {
            return;
        }
        self.steps = self.steps.saturating_add(1);
        self.theirs.add(theirs);
        // The newest first: from `next` backwards, around the ring.
        let (early, late) = self.ours.split_at(self.next + 1);
        let newest_first = early.iter().rev().chain(late.iter().rev());
        for (delayed, ours) in self.delayed.iter_mut().zip(newest_first) {
            delayed.ours.add(*ours);
            delayed.products = delayed.products * KEEPS + *ours * theirs;
        }
    }

    pub(super) fn most_alike(&self) -> Option<EchoFound> {
        let found = (0_u32..)
            .zip(&self.delayed)
            .map(|(delay, delayed)| EchoFound {
                delay_ms: delay * 10,
                return_loss_db: delayed.ours.loud() - self.theirs.loud(),
                alike: delayed.alike(&self.theirs),
            });
        found.max_by(|a, b| a.alike.total_cmp(&b.alike))
    }
}

impl Moments {
    fn add(&mut self, level: f32) {
        self.weight = self.weight * KEEPS + 1.0;
        self.sum = self.sum * KEEPS + level;
        self.squares = self.squares * KEEPS + level * level;
    }

    fn mean(&self) -> f32 {
        self.sum / self.weight.max(1.0)
    }

    /// How loud it is where it is loud.
    fn loud(&self) -> f32 {
        self.mean() + self.variance().max(0.0).sqrt()
    }

    fn variance(&self) -> f32 {
        let mean = self.mean();
        self.squares / self.weight.max(1.0) - mean * mean
    }
}

impl Delayed {
    fn alike(&self, theirs: &Moments) -> f32 {
        let (ours_varies, theirs_varies) = (self.ours.variance(), theirs.variance());
        if ours_varies < VARIANCE_MIN || theirs_varies <= 1.0 {
            return 0.0;
        }
        let together = self.products / theirs.weight - self.ours.mean() * theirs.mean();
        together / (ours_varies * theirs_varies).sqrt()
    }
}

fn level(sound: &[i16]) -> f32 {
    let energy: f32 = sound
        .iter()
        .map(|sample| f32::from(*sample) * f32::from(*sample))
        .sum();
    dbov(energy / STEP_SAMPLES as f32).max(SILENCE_DBOV)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Entropy;

    /// Syllables of random length and loudness.
    fn syllables(seed: u64, seconds: usize) -> Vec<i16> {
        let mut entropy = Entropy::from_number(seed);
        let mut sound = Vec::new();
        while sound.len() < seconds * 8_000 {
            let (length, loud) = (400 + entropy.below(2_000), entropy.below(4) * 3_000);
            sound.extend((0..length).map(|n| {
                let shape = (n as f32 / length as f32 * std::f32::consts::PI).sin();
                ((n as f32 * 0.4).sin() * shape * loud as f32) as i16
            }));
        }
        sound
    }

    fn heard(ours: &[i16], theirs: &[i16]) -> Option<EchoFound> {
        let mut echo = Echo::new();
        for (ours, theirs) in ours.chunks_exact(160).zip(theirs.chunks_exact(160)) {
            let frame = |sound: &[i16]| std::array::from_fn(|n| sound[n]);
            echo.hear(&frame(ours), &frame(theirs));
        }
        echo.found(30.0)
    }

    #[test]
    fn our_own_voice_is_found_with_its_delay_and_loss() {
        let ours = syllables(1, 6);
        let back = ours.iter().map(|sample| sample / 10);
        let theirs: Vec<i16> = std::iter::repeat_n(0, 200 * 8).chain(back).collect();
        let found = heard(&ours, &theirs).unwrap();
        assert!((190..=210).contains(&found.delay_ms), "{found:?}");
        assert!((found.return_loss_db - 19.0).abs() < 4.0, "{found:?}");
    }

    #[test]
    fn another_voice_is_no_echo() {
        for seed in 2..12 {
            assert_eq!(heard(&syllables(1, 10), &syllables(seed, 10)), None);
        }
    }

    #[test]
    fn silence_and_noise_are_no_echo() {
        assert_eq!(heard(&syllables(1, 10), &[0; 80_000]), None);
        let mut entropy = Entropy::from_number(3);
        let noise: Vec<i16> = (0..80_000).map(|_| entropy.u16() as i16 / 64).collect();
        assert_eq!(heard(&syllables(1, 10), &noise), None);
    }

    #[test]
    fn an_echo_weaker_than_the_limit_is_let_be() {
        let ours = syllables(1, 6);
        let theirs: Vec<i16> = ours.iter().map(|sample| sample / 100).collect();
        assert_eq!(heard(&ours, &theirs), None);
    }
}
