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

#[cfg(test)]
mod tests {
    use toml::{Table, Value};

    use super::*;
    use crate::words::{Catalogue, Language};

    /// What else each of these words may be; all other strings are phrases or lengths of time.
    const OTHERWISE: [(&str, &str); 27] = [
        ("name", "other"),
        ("answer.mode", "manual"),
        ("consent.yes", "3"),
        ("consent.no", "3"),
        ("hold.asked_by", "agent"),
        ("hold.by_phone", "told"),
        ("hold.counts_from", "end"),
        ("hold.bed", "silence"),
        ("hold.under_phrases", "pause"),
        ("hold.offer_after", "never"),
        ("waiting.offer_after", "never"),
        ("waiting.rep_absent_after", "never"),
        ("transfer.asked_by", "rep"),
        ("transfer.mode", "blind"),
        ("rating.keys", "123"),
        ("line.after.media_late", "1s"),
        ("line.level.too_quiet", "-41dBov"),
        ("line.level.too_loud", "-11dBov"),
        ("line.level.clipped", "1%"),
        ("line.level.noise_floor", "-41dBov"),
        ("line.level.noise_distance", "11dB"),
        ("line.level.hum", "-46dBov"),
        ("line.level.music", "-46dBov"),
        ("line.level.echo_loss", "31dB"),
        ("line.repair.by.0", "other-codec"),
        ("line.repair.by.1", "fresh-ports"),
        ("rating.never_after", "greeting"),
    ];

    #[test]
    fn each_key_that_is_changed_changes_a_sentence() {
        let standard = Policy::standard();
        let before = read_out(&standard);
        let mut keys = Vec::new();
        leaves(&Table::try_from(&standard).unwrap(), "", &mut keys);
        assert!(keys.len() > 110, "{}", keys.len());
        for key in keys {
            let mut table = Table::try_from(&standard).unwrap();
            change(&mut table, &key);
            let changed: Policy = table
                .try_into()
                .unwrap_or_else(|why| panic!("{key}: {why}"));
            let after = read_out(&changed);
            for (language, before, after) in
                before.iter().zip(&after).map(|(b, a)| (b.0, &b.1, &a.1))
            {
                assert_ne!(before, after, "{key} in {language}");
            }
        }
    }

    #[test]
    fn every_sentence_is_in_the_catalogue_and_whole() {
        for policy in ["standard", "fast"].map(|name| Policy::shipped(name).unwrap()) {
            for (language, text) in read_out(&policy) {
                assert!(!text.contains("policy.told"), "{language}: {text}");
                assert!(!text.contains(['{', '}']), "{language}: {text}");
            }
        }
    }

    fn read_out(policy: &Policy) -> Vec<(Language, String)> {
        let texts = Catalogue::shipped();
        let told = policy.told(&|phrase| phrase.to_string());
        let sentences: Vec<&Sentence> = told.iter().flat_map(|told| &told.sentences).collect();
        let said = |language| {
            let lines = sentences
                .iter()
                .map(|sentence| texts.say(sentence, language));
            (language, lines.collect::<Vec<_>>().join("\n"))
        };
        Language::ALL.into_iter().map(said).collect()
    }

    /// `hold.every`; of a list each place: `line_fault.opening.0.say`.
    fn leaves(table: &Table, above: &str, keys: &mut Vec<String>) {
        for (key, value) in table {
            let key = format!("{above}{key}");
            match value {
                Value::Table(inner) => leaves(inner, &format!("{key}."), keys),
                Value::Array(all) => {
                    for (n, value) in all.iter().enumerate() {
                        match value {
                            Value::Table(inner) => leaves(inner, &format!("{key}.{n}."), keys),
                            _ => keys.push(format!("{key}.{n}")),
                        }
                    }
                }
                _ => keys.push(key),
            }
        }
    }

    fn change(table: &mut Table, key: &str) {
        let mut parts = key.split('.');
        let mut value = &mut table[parts.next().unwrap()];
        let mut list = String::new();
        for part in parts {
            value = match part.parse::<usize>() {
                Ok(n) => {
                    list = key.trim_end_matches(&format!(".{n}")).to_owned();
                    &mut value[n]
                }
                Err(_) => &mut value[part],
            };
        }
        let named = OTHERWISE
            .iter()
            .find(|(known, _)| *known == key || *known == list);
        *value = match (named, &*value) {
            (Some((_, other)), _) => Value::String((*other).to_owned()),
            (None, Value::Boolean(on)) => Value::Boolean(!on),
            (None, Value::Integer(n)) => Value::Integer(n + 1),
            (None, Value::String(text)) if is_wait(text) => Value::String("77s".to_owned()),
            (None, _) => Value::String("another_phrase".to_owned()),
        };
    }

    fn is_wait(text: &str) -> bool {
        text.parse::<crate::words::Wait>().is_ok()
    }
}
