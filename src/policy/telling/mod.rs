//! A policy as sentences, in the order of its file: what an admin's edit means, before a caller meets it.
//!
//! Each table is taken apart by name, so that no key can be added without a word about it.

mod calls;
mod faults;

use std::fmt::Display;

use crate::words::{PromptId, Sentence};

use super::{Consent, Policy, Recording, Speaking};

/// What is told of one table of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The table's name in the file; empty for what stands above all tables.
    pub table: &'static str,
    pub sentences: Vec<Sentence>,
}

/// How a phrase is shown: its words, or its id.
#[derive(Clone, Copy)]
struct Shown<'a>(&'a dyn Fn(&PromptId) -> String);

impl Shown<'_> {
    fn of(self, phrase: &PromptId) -> String {
        (self.0)(phrase)
    }
}

impl Policy {
    /// Every key of the policy in sentences; `shown` says how a phrase is put.
    pub fn told(&self, shown: &dyn Fn(&PromptId) -> String) -> Vec<Told> {
        let Self {
            name,
            fast,
            recording,
            answer,
            consent,
            hold,
            waiting,
            transfer,
            line_fault,
            line,
            closing,
            rating,
            callback,
            number,
            speaking,
        } = self;
        let shown = Shown(shown);
        let table = |table, sentences| Told { table, sentences };
        vec![
            table("", head(name, *fast)),
            table("recording", of_recording(recording, shown)),
            table("answer", calls::answer(answer, shown)),
            table("consent", of_consent(consent, shown)),
            table("hold", calls::hold(hold, shown)),
            table("waiting", calls::waiting(waiting, shown)),
            table("transfer", calls::transfer(transfer, shown)),
            table("line_fault", faults::line_fault(line_fault, shown)),
            table("line", faults::line(line, shown)),
            table("closing", calls::closing(closing, shown)),
            table("rating", calls::rating(rating, shown)),
            table("callback", calls::callback(callback, shown)),
            table("number", calls::number(number, shown)),
            table("speaking", of_speaking(speaking, shown)),
        ]
    }
}

/// A text of the catalogue with its values.
fn tell(key: &str, values: &[(&str, &dyn Display)]) -> Sentence {
    let of = Sentence::of(key);
    values
        .iter()
        .fold(of, |sentence, (name, value)| sentence.with(name, value))
}

fn head(name: &str, fast: bool) -> Vec<Sentence> {
    let pace = match fast {
        true => "policy.told.fast",
        false => "policy.told.not-fast",
    };
    vec![
        tell("policy.told.name", &[("name", &name)]),
        tell(pace, &[]),
    ]
}

fn of_recording(Recording { notice }: &Recording, shown: Shown<'_>) -> Vec<Sentence> {
    vec![tell(
        "policy.told.recording",
        &[("notice", &shown.of(notice))],
    )]
}

fn of_consent(consent: &Consent, shown: Shown<'_>) -> Vec<Sentence> {
    let Consent {
        say,
        yes,
        no,
        wait,
        on_wrong_key,
    } = consent;
    vec![
        tell(
            "policy.told.consent.keys",
            &[("yes", yes), ("no", no), ("say", &shown.of(say))],
        ),
        tell("policy.told.consent.wait", &[("wait", wait)]),
        tell(
            "policy.told.consent.wrong",
            &[("say", &shown.of(on_wrong_key))],
        ),
    ]
}

fn of_speaking(speaking: &Speaking, shown: Shown<'_>) -> Vec<Sentence> {
    let Speaking {
        pause_within,
        gives_way_after,
        shut_down,
    } = speaking;
    vec![
        tell("policy.told.speaking.pause", &[("wait", pause_within)]),
        tell(
            "policy.told.speaking.gives-way",
            &[("wait", gives_way_after)],
        ),
        tell(
            "policy.told.speaking.shut-down",
            &[("say", &shown.of(shut_down))],
        ),
    ]
}
