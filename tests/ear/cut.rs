use thirdring::ear::{Ended, Heard, Reference, hear_all};
use thirdring::words::{Entropy, Language};

use super::line::{Line, pink, rms};
use super::{repertoire, shipped};

/// 40 ms.
const TOLERANCE: u64 = 320;
/// With less of it no phrase need be known: 0.4 s, in noise 0.8 s.
const LEAST_SAID: u32 = 3200;
const LEAST_SAID_IN_NOISE: u32 = 6400;

/// Every phrase is cut so often, elsewhere each time: one in a hundred may be taken for cut elsewhere.
const SEEDS: [u64; 3] = [7, 8, 9];

/// What comes when a phrase is cut.
#[derive(Clone, Copy, Debug)]
enum Then {
    Silence,
    Noise,
    AnotherPhrase,
}

struct Cut<'a> {
    reference: &'a Reference,
    began: u64,
    at: u64,
    /// What is said whole from there on.
    then: Option<&'a Reference>,
}

/// Each phrase is said, is cut a little later than the last time, and another one follows at once.
#[test]
fn what_cuts_a_phrase_is_heard_wherever_it_cuts() {
    let [cut, then] = ["report_upward", "fault_caller_cannot_hear"].map(|id| {
        let is_it = |it: &&Reference| it.prompt.as_str() == id && it.language == Language::En;
        shipped().iter().find(is_it).expect("a phrase")
    });
    let said = levelled(cut);
    let missed: Vec<usize> = (1600..said.len())
        .step_by(160)
        .filter(|&at| {
            let stream = [&said[..at], &levelled(then), &[0; 2400]].concat();
            let heard = hear_all(repertoire(), &stream);
            !heard
                .iter()
                .any(|it| is(it, then, at as u64) && it.ended == Ended::Whole)
        })
        .collect();
    assert_eq!(missed, [0; 0], "cut at these samples");
}

#[test]
fn a_cut_is_found_on_a_clean_line() {
    check(Line::ALaw, Then::Silence, 99);
    // Another phrase may sound like the one it cuts for a tenth of a second: of 1,248 cuts 98.9 % are right.
    check(Line::MuLaw, Then::AnotherPhrase, 98);
}

#[test]
fn a_cut_is_found_when_packets_are_lost() {
    check(Line::Loss, Then::Silence, 97);
    check(Line::Loss, Then::AnotherPhrase, 97);
}

#[test]
fn a_cut_is_found_in_noise() {
    check(Line::ALaw, Then::Noise, 95);
    check(Line::WhiteNoise, Then::Silence, 95);
    check(Line::PinkNoise, Then::AnotherPhrase, 95);
}

fn check(line: Line, then: Then, percent: usize) {
    let mut all = Tally::default();
    for seed in SEEDS {
        let tally = cut_all(line, then, &mut Entropy::from_number(seed));
        all.cuts += tally.cuts;
        all.known += tally.known;
        all.right += tally.right;
        all.unheard.extend(tally.unheard);
    }
    println!("{line:?} {then:?}: {all:?}");
    assert!(all.unheard.len() * 100 <= all.cuts, "what cut these");
    assert!(all.known * 100 >= all.cuts * 99);
    assert!(all.right * 100 >= all.cuts * percent, "within 40 ms");
}

#[derive(Debug, Default)]
struct Tally {
    cuts: usize,
    known: usize,
    /// Cut within 40 ms.
    right: usize,
    /// What cut them was not heard.
    unheard: Vec<String>,
}

fn cut_all(line: Line, then: Then, dice: &mut Entropy) -> Tally {
    let least_said = match line {
        Line::WhiteNoise | Line::PinkNoise => LEAST_SAID_IN_NOISE,
        Line::ALaw | Line::MuLaw | Line::Loss => LEAST_SAID,
    };
    let (stream, cuts) = say_and_cut(least_said, then, dice);
    let heard = hear_all(repertoire(), &line.carry(&stream, 1500.0, dice));
    let mut tally = Tally {
        cuts: cuts.len(),
        ..Tally::default()
    };
    for cut in &cuts {
        let hit = heard.iter().find(|heard| is_of(heard, cut));
        tally.known += usize::from(hit.is_some());
        if hit.is_some_and(|hit| is_right(hit, cut)) {
            tally.right += 1;
        } else {
            println!(
                "{line:?} {then:?}: {} {}..{}: {hit:?}",
                cut.reference.prompt, cut.began, cut.at
            );
        }
        let is_unheard = |then| !heard.iter().any(|it| is(it, then, cut.at));
        if cut.then.is_some_and(is_unheard) {
            tally.unheard.push(cut.reference.prompt.to_string());
        }
    }
    tally
}

fn say_and_cut(least_said: u32, then: Then, dice: &mut Entropy) -> (Vec<i16>, Vec<Cut<'static>>) {
    let (mut stream, mut cuts) = (vec![0; 8000], Vec::new());
    for (index, reference) in shipped().iter().enumerate() {
        let samples = levelled(reference);
        let room = samples.len() as u32 - least_said - 1600;
        let said = (least_said + dice.below(room)) as usize;
        let began = stream.len() as u64;
        stream.extend(&samples[..said]);
        let another = &shipped()[(index * 7 + 5) % shipped().len()];
        cuts.push(Cut {
            reference,
            began,
            at: began + said as u64,
            then: matches!(then, Then::AnotherPhrase).then_some(another),
        });
        stream.extend(afterwards(then, another, dice));
        stream.resize(stream.len() + 2400, 0);
    }
    (stream, cuts)
}

fn afterwards(then: Then, another: &Reference, dice: &mut Entropy) -> Vec<i16> {
    match then {
        Then::Silence => vec![0; 8000],
        Then::Noise => pink(16_000, dice)
            .iter()
            .map(|s| (s * 400.0) as i16)
            .collect(),
        Then::AnotherPhrase => levelled(another),
    }
}

/// At an RMS of 1500.
fn levelled(reference: &Reference) -> Vec<i16> {
    let samples: Vec<f32> = reference.samples.iter().map(|s| f32::from(*s)).collect();
    let gain = 1500.0 / rms(&samples);
    samples
        .iter()
        .map(|s| (s * gain).clamp(-32768.0, 32767.0) as i16)
        .collect()
}

fn is_of(heard: &Heard, cut: &Cut) -> bool {
    is(heard, cut.reference, cut.began)
}

fn is(heard: &Heard, reference: &Reference, began: u64) -> bool {
    heard.prompt == reference.prompt
        && heard.language == reference.language
        && heard.began_at_sample.abs_diff(began) <= 40
}

/// A cut in a pause cannot be told from one at the pause's beginning, one in the last pause not from the whole.
fn is_right(heard: &Heard, cut: &Cut) -> bool {
    let last_sound = cut.began + last_sound(cut.reference, (cut.at - cut.began) as usize);
    let end = cut.began + last_sound_of_all(cut.reference);
    match heard.ended {
        Ended::Whole => last_sound + TOLERANCE >= end,
        Ended::Cut { at_sample } => {
            (last_sound.saturating_sub(TOLERANCE)..=cut.at + TOLERANCE).contains(&at_sample)
        }
    }
}

fn last_sound_of_all(reference: &Reference) -> u64 {
    last_sound(reference, reference.samples.len())
}

/// After the last 5 ms before `until` that are louder than a tenth of the phrase.
fn last_sound(reference: &Reference, until: usize) -> u64 {
    let samples: Vec<f32> = reference.samples.iter().map(|s| f32::from(*s)).collect();
    let quiet = rms(&samples) * 0.1;
    let parts = samples[..until].rchunks(40);
    let silent = parts.take_while(|part| rms(part) < quiet).count();
    (until - (silent * 40).min(until)) as u64
}
