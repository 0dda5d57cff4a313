//! A day at two seats in virtual time: who gets which call, under every way of ringing.

mod fairness;
mod line;
mod shift;
mod witness;

use thirdring::seating::{Note, Ring};

use fairness::Fairness;
use line::{Hall, Served};
use shift::{House, Shift};

const SEEDS: u64 = 25;
const CALLS: usize = 200;
/// From one caller to the next, on the average: more than two seats can serve at once, and hardly ever two at a time.
const BUSY_DAY: u32 = 45;
const QUIET_DAY: u32 = 300;

#[test]
fn two_seats_share_two_hundred_calls_under_every_way_of_ringing() {
    for ring in [Ring::LongestIdle, Ring::RoundRobin, Ring::All] {
        for between_s in [BUSY_DAY, QUIET_DAY] {
            let house = House {
                between_s,
                ..House::plain(ring)
            };
            let day = days(&house);
            println!("{ring:?}, a call in {between_s} s, {SEEDS} days: {day}");
            assert!(day.jain() > 0.99, "{ring:?}: {day}");
        }
    }
}

/// What the seats had of many days together; the first is printed by itself.
fn days(house: &House) -> Fairness {
    let mut of_all = Fairness::default();
    for seed in 0..SEEDS {
        let mut shift = Shift::open(house, seed);
        shift.work(CALLS);
        if seed == 0 {
            println!("{:?}, seed {seed}: {}", house.ring, shift.fairness());
        }
        of_all.add(shift.fairness());
    }
    of_all
}

#[test]
fn five_seats_with_skills_breaks_and_notes_keep_every_rule() {
    for ring in [Ring::LongestIdle, Ring::RoundRobin, Ring::All] {
        for skill_only in [false, true] {
            for seed in 0..SEEDS {
                let house = House {
                    seats: 5,
                    skilled: 2,
                    skill_only,
                    note: Note::Required,
                    ..House::plain(ring)
                };
                Shift::open(&house, seed).work(CALLS);
            }
        }
    }
}

#[test]
fn live_and_promised_callers_are_served_in_the_order_in_which_they_came() {
    let mut all = Served::default();
    for seed in 0..SEEDS {
        let mut hall = Hall::open(seed);
        hall.work(200);
        all.live += hall.served.live;
        all.called_back += hall.served.called_back;
        all.before_live += hall.served.before_live;
    }
    println!("{SEEDS} days: {all:?}");
    assert!(all.live > 1_000 && all.before_live > 100, "{all:?}");
}
