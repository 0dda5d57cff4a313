//! What a customer does when he is called, by the seed.

use std::time::Duration;

use thirdring::words::Entropy;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) rings: bool,
    /// From the INVITE on.
    pub(super) after: Duration,
    pub(super) then: Then,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Answers {
        /// None: he stays until he is hung up.
        hangs_up_after: Option<Duration>,
    },
    Refuses(u16),
    /// For ever.
    RingsOn,
    SaysNothing,
}

/// A talk that is joined by then: the opening words are over (`desk::POLICY`).
const A_TALK: Duration = Duration::from_millis(2_500);

impl Plan {
    /// Of the nth call to this number.
    pub(super) fn of(seed: u64, number: &str, nth: u64) -> Self {
        let digits: u64 = number.parse().expect("a number");
        let mut chance = Entropy::from_number(seed ^ digits.wrapping_mul(1_000).wrapping_add(nth));
        let then = match chance.below(20) {
            0..8 => Then::Answers {
                hangs_up_after: Some(A_TALK + up_to_ms(&mut chance, 1_000)),
            },
            // In the opening words, mostly.
            8..10 => Then::Answers {
                hangs_up_after: Some(up_to_ms(&mut chance, 1_500)),
            },
            10 => Then::Answers {
                hangs_up_after: None,
            },
            11..16 => Then::Refuses(486),
            16..19 => Then::RingsOn,
            _ => Then::SaysNothing,
        };
        Self {
            rings: then != Then::SaysNothing && chance.below(4) > 0,
            after: up_to_ms(&mut chance, 300),
            then,
        }
    }

    /// At the end everybody has his talk.
    pub(super) fn gentle() -> Self {
        Self {
            rings: true,
            after: Duration::from_millis(20),
            then: Then::Answers {
                hangs_up_after: Some(A_TALK),
            },
        }
    }
}

fn up_to_ms(chance: &mut Entropy, most: u32) -> Duration {
    Duration::from_millis(chance.below(most).into())
}
