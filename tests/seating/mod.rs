//! A day at two seats in virtual time: who gets which call, under every way of ringing.

mod fairness;
mod shift;
mod witness;

use thirdring::seating::{Note, Ring};

use fairness::Fairness;
use shift::{House, Shift};

const SEEDS: u64 = 25;
const CALLS: usize = 200;

#[test]
fn two_seats_share_two_hundred_calls_under_every_way_of_ringing() {
    for ring in [Ring::LongestIdle, Ring::RoundRobin, Ring::All] {
        let mut of_all = Fairness::default();
        for seed in 0..SEEDS {
            let mut shift = Shift::open(&House::plain(ring), seed);
            shift.work(CALLS);
            println!("{ring:?}, seed {seed}: {}", shift.fairness());
            of_all.add(shift.fairness());
        }
        println!("{ring:?}, {SEEDS} shifts: {of_all}");
        // Chance alone would leave two seats at 0.98 and less.
        assert!(of_all.jain() > 0.99, "{ring:?}: {of_all}");
        assert_eq!(of_all.calls(), CALLS * usize::try_from(SEEDS).unwrap());
    }
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
