//! What each signal is made of.

use super::Signal;
use crate::words::Country;

/// Tones and pauses, one after the other.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) steps: &'static [Step],
    /// Of each tone, against full scale.
    dbfs: i8,
    /// It begins again until it is stopped.
    pub(super) repeats: bool,
}

/// Some milliseconds of one tone, of two, or (0 Hz) of none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) hz: [u32; 2],
    pub(super) ms: u32,
}

const fn tone(hz: u32, ms: u32) -> Step {
    Step { hz: [hz, 0], ms }
}

const fn pause(ms: u32) -> Step {
    tone(0, ms)
}

const fn chord(one: u32, other: u32, ms: u32) -> Step {
    Step {
        hz: [one, other],
        ms,
    }
}

/// At full volume a ring is as loud as a voice close by; the call's sound is some 20 dB below full scale.
const RING_DBFS: i8 = -10;

/// China: GB/T 3380, 450 Hz.
const RING_CN: Pattern = ring(&[tone(450, 1_000), pause(4_000)]);

/// United States: ITU-T E.180, 440 and 480 Hz.
const RING_US: Pattern = ring(&[chord(440, 480, 2_000), pause(4_000)]);

/// United Kingdom: ITU-T E.180, 400 and 450 Hz, twice.
const RING_UK: Pattern = ring(&[
    chord(400, 450, 400),
    pause(200),
    chord(400, 450, 400),
    pause(2_000),
]);

const JOINING: Pattern = once(-20, &[tone(880, 200)]);

/// Soft: the rep is in another call.
const CALL_WAITING: Pattern = Pattern {
    steps: &[tone(1_000, 40), pause(100), tone(1_000, 40), pause(9_820)],
    dbfs: -30,
    repeats: true,
};

const STILL_MUTED: Pattern = once(-20, &[tone(300, 150), pause(100), tone(300, 150)]);

const REJOINED: Pattern = once(-20, &[tone(600, 100), pause(50), tone(900, 100)]);

const fn ring(steps: &'static [Step]) -> Pattern {
    Pattern {
        steps,
        dbfs: RING_DBFS,
        repeats: true,
    }
}

const fn once(dbfs: i8, steps: &'static [Step]) -> Pattern {
    Pattern {
        steps,
        dbfs,
        repeats: false,
    }
}

impl Pattern {
    pub(super) fn of(signal: Signal, country: Country) -> &'static Self {
        match (signal, country) {
            (Signal::Ring, Country::Cn) => &RING_CN,
            (Signal::Ring, Country::Us) => &RING_US,
            (Signal::Ring, Country::Uk) => &RING_UK,
            (Signal::Joining, _) => &JOINING,
            (Signal::CallWaiting, _) => &CALL_WAITING,
            (Signal::StillMuted, _) => &STILL_MUTED,
            (Signal::Rejoined, _) => &REJOINED,
        }
    }

    /// Of each tone, in 16-bit steps.
    pub(super) fn amplitude(&self) -> f32 {
        32_768.0 * 10_f32.powf(f32::from(self.dbfs) / 20.0)
    }
}
