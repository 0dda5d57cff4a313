//! A policy is told whole: each key has its word in a sentence.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever is no table and no list is a value"
)]

use std::time::Duration;

use thirdring::policy::Policy;
use thirdring::words::{Catalogue, Language, Sentence, Wait};
use toml::{Table, Value};

const STANDARD: &str = include_str!("../../config/policy/standard.toml");

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
        for (language, before, after) in before.iter().zip(&after).map(|(b, a)| (b.0, &b.1, &a.1)) {
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
    text.parse::<Wait>().is_ok()
}

#[test]
fn a_policy_is_written_as_it_is_read() {
    for policy in ["standard", "fast"].map(|name| Policy::shipped(name).unwrap()) {
        let written = toml::to_string(&policy).unwrap();
        let again = policy.with(&[&written]).unwrap();
        assert_eq!(toml::to_string(&again).unwrap(), written);
        assert_eq!(format!("{again:?}"), format!("{policy:?}"));
    }
    let standard: Table = toml::from_str(STANDARD).unwrap();
    assert_eq!(Table::try_from(Policy::standard()).unwrap(), standard);
}

#[test]
fn changes_are_laid_one_over_the_other() {
    let base = Policy::parse("[hold]\nevery = \"30s\"").unwrap();
    let changed = base.with(&[
        "[hold]\nstill = \"hold_wait\"",
        "[closing]\ncaller_first = \"1s\"",
    ]);
    let changed = changed.unwrap();
    assert_eq!(changed.hold.every.get(), Duration::from_secs(30));
    assert_eq!(changed.hold.still.as_str(), "hold_wait");
    assert_eq!(changed.closing.caller_first.get(), Duration::from_secs(1));
}
