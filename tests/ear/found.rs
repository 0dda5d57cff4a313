use thirdring::ear::{Ended, Heard, hear_all};
use thirdring::words::Entropy;

use super::line::{Line, rms};
use super::{repertoire, shipped};

const SEEDS: u64 = 3;

/// A phrase that was said: index into the references, and where.
struct Said {
    reference: usize,
    at: u64,
}

#[derive(Debug, Default)]
struct Tally {
    said: u32,
    right: u32,
    exact: u32,
    within_5_ms: u32,
    whole: u32,
    strangers: u32,
    least_score: f32,
}

#[test]
fn phrases_are_found_on_a_clean_line() {
    check(Line::ALaw);
    check(Line::MuLaw);
}

#[test]
fn phrases_are_found_in_white_noise() {
    check(Line::WhiteNoise);
}

#[test]
fn phrases_are_found_in_pink_noise() {
    check(Line::PinkNoise);
}

#[test]
fn phrases_are_found_when_packets_are_lost() {
    check(Line::Loss);
}

fn check(line: Line) {
    let mut tally = Tally {
        least_score: 1.0,
        ..Tally::default()
    };
    for seed in 0..SEEDS {
        let mut dice = Entropy::from_number(seed);
        let (stream, said) = say_all(&mut dice);
        let received = line.carry(&stream, 1500.0, &mut dice);
        count(&mut tally, &said, &hear_all(repertoire(), &received));
    }
    println!("{line:?}: {tally:?}");
    assert!(tally.said >= 100 * SEEDS as u32);
    assert!(tally.right * 100 >= tally.said * 99, "the right phrase");
    assert!(tally.within_5_ms * 100 >= tally.right * 99, "the onset");
    assert!(
        !line.is_clean() || tally.exact == tally.said,
        "the exact onset"
    );
    assert_eq!(tally.strangers, 0);
    assert!(tally.whole * 100 >= tally.right * 99, "whole");
}

/// Every phrase once, shuffled, a little louder or quieter, after a random pause.
fn say_all(dice: &mut Entropy) -> (Vec<i16>, Vec<Said>) {
    let (mut stream, mut said) = (Vec::new(), Vec::new());
    for reference in shuffled(shipped().len(), dice) {
        stream.resize(stream.len() + 800 + dice.below(4000) as usize, 0);
        said.push(Said {
            reference,
            at: stream.len() as u64,
        });
        let samples: Vec<f32> = shipped()[reference]
            .samples
            .iter()
            .map(|s| f32::from(*s))
            .collect();
        let gain = 1500.0 / rms(&samples);
        stream.extend(
            samples
                .iter()
                .map(|s| (s * gain).clamp(-32768.0, 32767.0) as i16),
        );
    }
    (stream, said)
}

fn shuffled(length: usize, dice: &mut Entropy) -> Vec<usize> {
    let mut order: Vec<usize> = (0..length).collect();
    for last in (1..length).rev() {
        order.swap(last, dice.below(last as u32 + 1) as usize);
    }
    order
}

fn count(tally: &mut Tally, said: &[Said], heard: &[Heard]) {
    let mut true_hits = 0;
    for said in said {
        tally.said += 1;
        let reference = &shipped()[said.reference];
        let hit = heard.iter().find(|heard| {
            heard.prompt == reference.prompt
                && heard.language == reference.language
                && heard.began_at_sample.abs_diff(said.at) < 800
        });
        let Some(hit) = hit else {
            println!("missed {} {}", reference.prompt, reference.language);
            continue;
        };
        if hit.ended != Ended::Whole {
            println!(
                "cut? {hit:?} of {}",
                said.at + reference.samples.len() as u64
            );
        }
        true_hits += 1;
        tally.right += 1;
        tally.exact += u32::from(hit.began_at_sample == said.at);
        tally.within_5_ms += u32::from(hit.began_at_sample.abs_diff(said.at) <= 40);
        tally.whole += u32::from(hit.ended == Ended::Whole);
        tally.least_score = tally.least_score.min(hit.score);
    }
    tally.strangers += heard.len() as u32 - true_hits;
}
