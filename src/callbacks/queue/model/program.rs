//! What a program is, and how it comes about by chance.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::began;
use crate::callbacks::Wish;

const DESKS_MAX: usize = 2;
const NUMBERS: u8 = 3;

#[derive(Clone, Debug)]
pub(super) enum Step {
    Promise {
        desk: usize,
        asked: Asked,
    },
    Seats {
        desk: usize,
        seats: u8,
    },
    Pass(u16),
    /// The book answers so many orders of a desk, or cannot.
    Answer {
        desk: usize,
        orders: u8,
        works: bool,
    },
    End {
        desk: usize,
        which: u8,
        outcome: u8,
    },
    Joined {
        desk: usize,
        number: u8,
    },
    /// Somebody rings in, and is answered.
    RingsIn {
        desk: usize,
        number: u8,
    },
    /// A rep dials somebody himself.
    DialsByHand {
        desk: usize,
        number: u8,
    },
    /// A call ends that was answered, that a rep dialled, or that an attempt became.
    HangsUp {
        which: u8,
    },
    /// A live caller wants a seat.
    Comes {
        desk: usize,
    },
    /// One is done, or has waited for long enough.
    Leaves {
        desk: usize,
    },
    Wish {
        desk: usize,
        which: u8,
        wish: Wish,
    },
    Kill {
        desk: usize,
    },
    /// The wall clock is set, by so many seconds. Only of a desk that has the book for itself: desks that share one go
    /// by its server's clock.
    SetClock(i64),
}

/// What a caller is promised.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) number: u8,
    pub(super) call: u8,
    pub(super) kind: u8,
    /// For so many seconds he has been in the line.
    pub(super) waited: u16,
    /// In so many seconds.
    pub(super) due: u16,
}

pub(super) fn programs() -> impl Strategy<Value = (usize, Vec<Step>)> {
    (1..=DESKS_MAX).prop_flat_map(|desks| (Just(desks), steps(desks)))
}

fn steps(desks: usize) -> impl Strategy<Value = Vec<Step>> {
    let desk = 0..desks;
    let step = prop_oneof![
        3 => (desk.clone(), asked()).prop_map(|(desk, asked)| Step::Promise { desk, asked }),
        3 => desk.clone().prop_map(|desk| Step::Comes { desk }),
        2 => desk.clone().prop_map(|desk| Step::Leaves { desk }),
        2 => (desk.clone(), 0..3u8).prop_map(|(desk, seats)| Step::Seats { desk, seats }),
        2 => (0..900u16).prop_map(Step::Pass),
        2 => (0..40u16).prop_map(Step::Pass),
        9 => (desk.clone(), 1..6u8, prop::bool::weighted(0.9))
            .prop_map(|(desk, orders, works)| Step::Answer { desk, orders, works }),
        3 => (desk.clone(), 0..4u8, 0..8u8)
            .prop_map(|(desk, which, outcome)| Step::End { desk, which, outcome }),
        1 => (desk.clone(), 0..NUMBERS).prop_map(|(desk, number)| Step::Joined { desk, number }),
        2 => (desk.clone(), 0..NUMBERS).prop_map(|(desk, number)| Step::RingsIn { desk, number }),
        2 => (desk.clone(), 0..NUMBERS).prop_map(|(desk, number)| Step::DialsByHand { desk, number }),
        3 => (0..3u8).prop_map(|which| Step::HangsUp { which }),
        1 => (desk.clone(), 0..6u8, wish()).prop_map(|(desk, which, wish)| Step::Wish { desk, which, wish }),
        1 => desk.prop_map(|desk| Step::Kill { desk }),
        1 => prop_oneof![Just(-3_600), Just(3_600), -3_600..3_600i64].prop_map(Step::SetClock),
    ];
    prop::collection::vec(step, 1..80)
}

fn asked() -> impl Strategy<Value = Asked> {
    let due = prop_oneof![Just(0), 0..600u16];
    (0..NUMBERS, 0..6u8, 0..7u8, 0..400u16, due).prop_map(|(number, call, kind, waited, due)| {
        Asked {
            number,
            call,
            kind,
            waited,
            due,
        }
    })
}

fn wish() -> impl Strategy<Value = Wish> {
    let reason = "asked".to_owned();
    prop_oneof![
        Just(Wish::Cancel { reason }),
        Just(Wish::Done),
        Just(Wish::Redial),
        prop::option::of(0..3u8)
            .prop_map(|seat| Wish::Assign(seat.map(|seat| format!("rep{seat}").parse().unwrap()))),
        (0..900i64).prop_map(|secs| Wish::Snooze(began() + SignedDuration::from_secs(secs))),
    ]
}
