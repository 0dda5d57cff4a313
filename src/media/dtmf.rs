use super::codec::Rate;
use super::hearing::Narrow;
use super::resonator::Resonators;
use crate::words::Key;

/// Samples of one measurement: 12.75 ms, in which a tone is 78 Hz wide.
const BLOCK: usize = 102;

/// ITU-T Q.23, Hz.
const ROWS_HZ: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS_HZ: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];

const KEYS: [[char; 4]; 4] = [
    ['1', '2', '3', 'A'],
    ['4', '5', '6', 'B'],
    ['7', '8', '9', 'C'],
    ['*', '0', '#', 'D'],
];

/// Measurements alike that make a key, and others that end it.
const HITS: u8 = 2;
const MISSES: u8 = 3;

/// The column may be this much stronger than the row, as power: 8 dB; the row than the column: 4 dB.
const TWIST: f32 = 6.31;
const REVERSE_TWIST: f32 = 2.51;

/// A tone is this much stronger than the others of its group, as power: 8 dB.
const STANDS_OUT: f32 = 6.31;

/// Both tones together make up so much of the power; what is less is speech.
const SHARE: f32 = 0.72;

/// Each tone is at least this strong, as power of 16-bit steps: -45 dBov.
const POWER_MIN: f32 = 34_000.0;

/// Hears keys in the sound itself, where they do not come as events (RFC 4733).
#[derive(Clone, Copy, Debug)]
pub struct InBandKeys {
    narrow: Narrow,
    resonators: Resonators<8>,
    energy: f32,
    samples: usize,
    run: Run,
}

/// Measurements in a row.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    candidate: Option<char>,
    hits: u8,
    misses: u8,
    pressed: Option<char>,
}

impl Default for InBandKeys {
    fn default() -> Self {
        let frequencies = [ROWS_HZ, COLUMNS_HZ];
        Self {
            narrow: Narrow::default(),
            resonators: Resonators::new(std::array::from_fn(|n| frequencies[n / 4][n % 4])),
            energy: 0.0,
            samples: 0,
            run: Run::default(),
        }
    }
}

impl InBandKeys {
    /// Hears 20 ms; the key that was recognised in them.
    pub fn hear(&mut self, frame: &[i16], rate: Rate) -> Option<Key> {
        let narrow = self.narrow.take(frame, rate);
        let mut rest: &[i16] = &narrow;
        let mut pressed = None;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(BLOCK - self.samples));
            self.measure(now);
            rest = later;
            if self.samples == BLOCK {
                let heard = self.conclude();
                pressed = self.run.hear(heard).or(pressed);
            }
        }
        pressed.and_then(|key| Key::try_from(key).ok())
    }

    fn measure(&mut self, sound: &[i16]) {
        self.resonators.hear(sound);
        let squares = sound.iter().map(|s| f32::from(*s) * f32::from(*s));
        self.energy += squares.sum::<f32>();
        self.samples += sound.len();
    }

    fn conclude(&mut self) -> Option<char> {
        let powers = self.resonators.take_powers();
        let mean_power = self.energy / BLOCK as f32;
        (self.energy, self.samples) = (0.0, 0);
        let (rows, columns) = powers.split_at(4);
        let (row, column) = (strongest(rows)?, strongest(columns)?);
        let (low, high) = (rows[row], columns[column]);
        let is_key = low.min(high) >= POWER_MIN
            && high <= low * TWIST
            && low <= high * REVERSE_TWIST
            && low + high >= SHARE * mean_power;
        is_key.then(|| KEYS[row][column])
    }
}

impl Run {
    /// Takes in one measurement; the key, when it is pressed long enough.
    fn hear(&mut self, heard: Option<char>) -> Option<char> {
        self.hits = match heard {
            Some(_) if heard == self.candidate => self.hits.saturating_add(1),
            Some(_) => 1,
            None => 0,
        };
        self.candidate = heard;
        self.misses = match heard == self.pressed {
            true => 0,
            false => self.misses.saturating_add(1),
        };
        if self.misses >= MISSES {
            self.pressed = None;
        }
        if self.hits >= HITS && heard != self.pressed {
            self.pressed = heard;
            self.misses = 0;
            return heard;
        }
        None
    }
}

/// The strongest of a group, if it stands out.
fn strongest(group: &[f32]) -> Option<usize> {
    let best = (0..group.len()).max_by(|a, b| group[*a].total_cmp(&group[*b]))?;
    let others = (0..group.len()).filter(|other| *other != best);
    let second = others.map(|other| group[other]).fold(0.0, f32::max);
    (group[best] >= STANDS_OUT * second).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Entropy;

    fn tone_of(key: char, samples: usize, twist_db: f32, off: f32) -> Vec<i16> {
        let row = (0..4).find(|row| KEYS[*row].contains(&key)).unwrap();
        let column = (0..4).find(|n| KEYS[row][*n] == key).unwrap();
        let high = 3_000.0 * 10_f32.powf(twist_db / 20.0);
        let step = off * std::f32::consts::TAU / 8_000.0;
        (0..samples)
            .map(|n| {
                let at = n as f32 * step;
                ((at * ROWS_HZ[row]).sin() * 3_000.0 + (at * COLUMNS_HZ[column]).sin() * high)
                    as i16
            })
            .collect()
    }

    fn heard(sound: &[i16]) -> String {
        let mut keys = InBandKeys::default();
        sound
            .chunks(160)
            .filter_map(|frame| keys.hear(frame, Rate::Narrow))
            .map(Key::as_char)
            .collect()
    }

    /// 400 digits of 40 ms, 40 ms apart, and what they are; noise is its greatest sample.
    fn four_hundred(noise: f32) -> (Vec<i16>, String) {
        let mut entropy = Entropy::from_number(400);
        let all: Vec<char> = KEYS.iter().flatten().copied().collect();
        let (mut sound, mut dialled) = (vec![0; 777], String::new());
        for _ in 0..400 {
            let key = all[entropy.below(16) as usize];
            dialled.push(key);
            sound.extend(tone_of(key, 320, 0.0, 1.0));
            sound.extend([0; 320]);
        }
        for sample in &mut sound {
            *sample += (f32::from(entropy.u16() as i16) / 32_768.0 * noise) as i16;
        }
        (sound, dialled)
    }

    #[test]
    fn four_hundred_digits_of_forty_milliseconds_are_heard() {
        let (sound, dialled) = four_hundred(0.0);
        assert_eq!(heard(&sound), dialled);
    }

    #[test]
    fn at_ten_decibels_above_noise_at_most_five_are_lost() {
        // Two tones of 3,000 have the power 9e6, uniform noise of amplitude A the power A^2 / 3.
        let (sound, dialled) = four_hundred(1_643.0);
        let heard = heard(&sound);
        let mut rest = heard.chars().peekable();
        let right = dialled.chars().filter(|key| rest.next_if_eq(key).is_some());
        assert!(right.count() >= 395 && heard.len() <= 400, "{heard}");
    }

    #[test]
    fn twist_and_frequency_are_accepted_within_their_bounds() {
        for (twist_db, off) in [(7.0, 1.0), (-3.0, 1.0), (0.0, 1.015), (0.0, 0.985)] {
            let sound = tone_of('5', 1_600, twist_db, off);
            assert_eq!(heard(&sound), "5", "{twist_db} dB, {off}");
        }
        for (twist_db, off) in [(10.0, 1.0), (-6.0, 1.0), (0.0, 1.05)] {
            assert_eq!(heard(&tone_of('5', 1_600, twist_db, off)), "");
        }
    }

    #[test]
    fn a_key_that_is_held_is_one_and_a_click_is_none() {
        assert_eq!(heard(&tone_of('#', 16_000, 0.0, 1.0)), "#");
        assert_eq!(heard(&tone_of('#', 150, 0.0, 1.0)), "");
    }
}
