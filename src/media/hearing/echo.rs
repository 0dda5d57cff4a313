use super::level::power_dbov;

/// The loudness of both sides is compared twice a frame, every 10 ms.
pub(in crate::media) const STEPS: usize = 2;

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

/// Both sides rise and fall together: the correlation of their levels, and what is left of it while it still stands.
const ALIKE: f32 = 0.75;
const STILL_ALIKE: f32 = 0.6;

/// An echo that was found may become weaker by so much before it is none, dB.
const HYSTERESIS_DB: f32 = 3.0;

/// Our own levels vary so much at least, or nothing is told by theirs, dB squared.
const VARIANCE_MIN: f32 = 30.0;

/// Hears our own signal come back, by the rise and fall of both sides.
#[derive(Clone, Debug)]
pub(in crate::media) struct Echo {
    /// Our levels, the newest at `newest`, the older ones after it; twice over, so that none has to be moved.
    ours: [f32; 2 * DELAYS],
    newest: usize,
    /// Steps since we were last loud.
    since_loud: usize,
    steps: u32,
    weight: f32,
    theirs: Moments<1>,
    /// Ours at each delay, and the sum of both sides' products.
    delayed: Moments<DELAYS>,
    products: [f32; DELAYS],
    is_fresh: bool,
    found: Option<EchoFound>,
}

/// Sums, and sums of squares, of levels.
#[derive(Clone, Copy, Debug)]
struct Moments<const N: usize> {
    sums: [f32; N],
    squares: [f32; N],
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

/// The loudness of a frame of any rate, step by step.
pub(in crate::media) fn levels(frame: &[i16]) -> [f32; STEPS] {
    let mut steps = frame.chunks(frame.len().div_ceil(STEPS).max(1));
    std::array::from_fn(|_| steps.next().map_or(SILENCE_DBOV, loudness))
}

/// The loudness of one step, dBov.
pub(in crate::media) fn loudness(step: &[i16]) -> f32 {
    power_dbov(step).max(SILENCE_DBOV)
}

/// Whether somebody speaks on our side.
pub(super) fn we_speak(ours: [f32; STEPS]) -> bool {
    ours.iter().any(|dbov| *dbov > WE_SPEAK_DBOV)
}

impl Echo {
    /// Nothing is sent.
    pub(in crate::media) const SILENCE: [f32; STEPS] = [SILENCE_DBOV; STEPS];

    pub(in crate::media) fn new() -> Self {
        Self {
            ours: [SILENCE_DBOV; 2 * DELAYS],
            newest: 0,
            since_loud: DELAYS,
            steps: 0,
            weight: 0.0,
            theirs: Moments::NONE,
            delayed: Moments::NONE,
            products: [0.0; DELAYS],
            is_fresh: false,
            found: None,
        }
    }

    /// Hears what was sent and what came in the same 20 ms.
    pub(in crate::media) fn hear(&mut self, ours: [f32; STEPS], theirs: [f32; STEPS]) {
        for (ours, theirs) in ours.into_iter().zip(theirs) {
            self.step(ours, theirs);
        }
    }

    /// Every 100 ms: looks for the echo.
    pub(in crate::media) fn judge(&mut self, return_loss_max_db: f32) {
        if self.steps < STEPS_MIN || !self.is_fresh {
            return;
        }
        self.is_fresh = false;
        let (alike, slack_db) = match self.found {
            Some(_) => (STILL_ALIKE, HYSTERESIS_DB),
            None => (ALIKE, 0.0),
        };
        self.found = self.most_alike().filter(|found| {
            found.alike >= alike && found.return_loss_db <= return_loss_max_db + slack_db
        });
    }

    /// The echo, where one was heard.
    pub(in crate::media) fn found(&self) -> Option<EchoFound> {
        self.found
    }

    fn step(&mut self, ours: f32, theirs: f32) {
        self.newest = self.newest.checked_sub(1).unwrap_or(DELAYS - 1);
        self.ours[self.newest] = ours;
        self.ours[self.newest + DELAYS] = ours;
        self.since_loud = match ours > WE_SPEAK_DBOV {
            true => 0,
            false => self.since_loud.saturating_add(1),
        };
        if self.since_loud >= DELAYS {
            return;
        }
        self.is_fresh = true;
        self.steps = self.steps.saturating_add(1);
        self.weight = self.weight * KEEPS + 1.0;
        self.theirs.add(&[theirs]);
        let newest_first = self.ours.get(self.newest..).and_then(<[f32]>::first_chunk);
        if let Some(newest_first) = newest_first {
            self.delayed.add(newest_first);
            for (product, ours) in self.products.iter_mut().zip(newest_first) {
                *product = *product * KEEPS + *ours * theirs;
            }
        }
    }

    fn most_alike(&self) -> Option<EchoFound> {
        let theirs = self.theirs.at(0, self.weight);
        let found = (0..DELAYS).map(|delay| {
            let ours = self.delayed.at(delay, self.weight);
            let together = self.products[delay] / self.weight - ours.mean * theirs.mean;
            EchoFound {
                delay_ms: delay as u32 * 10,
                return_loss_db: ours.loud() - theirs.loud(),
                alike: alike(together, ours.variance, theirs.variance),
            }
        });
        found.max_by(|a, b| a.alike.total_cmp(&b.alike))
    }
}

/// What the levels of one side are like.
#[derive(Clone, Copy, Debug)]
struct Spread {
    mean: f32,
    variance: f32,
}

impl Spread {
    /// How loud it is where it is loud.
    fn loud(self) -> f32 {
        self.mean + self.variance.max(0.0).sqrt()
    }
}

impl<const N: usize> Moments<N> {
    const NONE: Self = Self {
        sums: [0.0; N],
        squares: [0.0; N],
    };

    fn add(&mut self, levels: &[f32; N]) {
        let sums = self.sums.iter_mut().zip(&mut self.squares);
        for ((sum, squares), level) in sums.zip(levels) {
            *sum = *sum * KEEPS + *level;
            *squares = *squares * KEEPS + *level * *level;
        }
    }

    fn at(&self, place: usize, weight: f32) -> Spread {
        let mean = self.sums[place] / weight.max(1.0);
        Spread {
            mean,
            variance: self.squares[place] / weight.max(1.0) - mean * mean,
        }
    }
}

/// The correlation of two sides whose products deviate by `together`.
fn alike(together: f32, ours_varies: f32, theirs_varies: f32) -> f32 {
    if ours_varies < VARIANCE_MIN || theirs_varies <= 1.0 {
        return 0.0;
    }
    together / (ours_varies * theirs_varies).sqrt()
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
            echo.hear(levels(ours), levels(theirs));
        }
        echo.judge(30.0);
        echo.found()
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

    #[test]
    fn an_echo_that_is_hardly_one_comes_and_goes_no_more_often_than_it_must() {
        let ours = syllables(1, 60);
        // Half of what comes is somebody else, now louder and now fainter.
        let other = syllables(5, 60);
        let mixed = ours
            .iter()
            .zip(&other)
            .enumerate()
            .map(|(n, (ours, other))| {
                let wave = (n as f32 / 16_000.0).sin() * 0.5 + 0.5;
                ours / 8 + (f32::from(*other) * wave / 12.0) as i16
            });
        let theirs: Vec<i16> = mixed.collect();
        let (mut echo, mut changes, mut was) = (Echo::new(), 0, false);
        let frames = ours.chunks_exact(160).zip(theirs.chunks_exact(160));
        for (n, (ours, theirs)) in frames.enumerate() {
            echo.hear(levels(ours), levels(theirs));
            if n % 5 == 4 {
                echo.judge(30.0);
            }
            changes += u32::from(echo.found().is_some() != was);
            was = echo.found().is_some();
        }
        assert!((1..=8).contains(&changes), "{changes}");
    }
}
