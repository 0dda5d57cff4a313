//! What was expected and what was found, in sentences.

use std::fmt;
use std::time::Duration;

use super::evidence::Said;
use super::scenario::{End, HeaderOf, Level, Phrase, What, When};
use crate::words::{Sentence, safe};

pub(super) fn expected(what: &What, when: Option<&When>) -> Sentence {
    let what = wanted(what);
    let Some(When { from, at, within }) = when else {
        return what;
    };
    Sentence::of("sim.expect.timed")
        .with("what", what)
        .with("seconds", seconds(*at))
        .with("from", from)
        .with("within", seconds(*within))
}

fn wanted(what: &What) -> Sentence {
    let of = Sentence::of;
    let ms = |span: &Duration| span.as_millis();
    match what {
        What::Hears(phrase) => heard(phrase),
        What::HearsInOrder(ids) => of("sim.expect.in-order").with("phrases", joined(ids)),
        What::NeverHears(id) => of("sim.expect.never").with("phrase", id),
        What::Silence(lasts) => of("sim.expect.silence").with("ms", ms(lasts)),
        What::Tone { hz, lasts } => of("sim.expect.tone").with("hz", hz).with("ms", ms(lasts)),
        What::Level { level, lasts } => of("sim.expect.level")
            .with("level", in_words(*level))
            .with("ms", ms(lasts)),
        What::Gap(most) => of("sim.expect.gap").with("ms", ms(most)),
        What::Keys(keys) => {
            let keys: String = keys.iter().map(|key| key.as_char()).collect();
            of("sim.expect.keys").with("keys", keys)
        }
        What::Status(code) => of("sim.expect.status").with("code", code),
        What::Header { name, like, of: at } => of("sim.expect.header")
            .with("name", name)
            .with("like", like)
            .with(
                "of",
                match at {
                    HeaderOf::Request(method) => method.clone(),
                    HeaderOf::Response(code) => code.to_string(),
                },
            ),
        What::Codec(codec) => of("sim.expect.codec").with("codec", codec.encoding_name()),
        What::Ended(end) => of(match end {
            End::ByUs => "sim.expect.ended-by-us",
            End::ByThem => "sim.expect.ended-by-them",
            End::Refused => "sim.expect.refused",
            End::Cancelled => "sim.expect.cancelled",
        }),
    }
}

fn heard(phrase: &Phrase) -> Sentence {
    let mut hears = Sentence::of("sim.expect.hears")
        .with("phrase", &phrase.id)
        .with("language", phrase.language);
    if phrase.nth > 1 {
        hears = Sentence::of("sim.expect.nth")
            .with("what", hears)
            .with("nth", phrase.nth);
    }
    if let Some(level) = phrase.level {
        hears = Sentence::of("sim.expect.at-level")
            .with("what", hears)
            .with("level", in_words(level));
    }
    if let Some(gap) = phrase.gap {
        hears = Sentence::of("sim.expect.with-gaps")
            .with("what", hears)
            .with("ms", gap.as_millis());
    }
    match phrase.may_be_cut {
        true => Sentence::of("sim.expect.or-cut").with("what", hears),
        false => hears,
    }
}

fn in_words(level: Level) -> String {
    format!("{} ± {} dBov", level.dbov, level.give_db)
}

fn joined(names: &[impl fmt::Display]) -> String {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    names.join(", ")
}

pub(super) fn told(said: &Said) -> Sentence {
    let how = match said.cut_after {
        None => Sentence::of("sim.found.whole"),
        Some(after) => Sentence::of("sim.found.cut").with("seconds", seconds(after)),
    };
    Sentence::of("sim.found.phrase")
        .with("how", how)
        .with("dbov", rounded(said.level_dbov))
}

pub(super) fn in_dbov(level: f32) -> Sentence {
    Sentence::of("sim.found.level").with("dbov", rounded(level))
}

pub(super) fn nothing() -> Sentence {
    Sentence::of("sim.found.nothing")
}

pub(super) fn or_nothing(value: Option<&str>) -> Sentence {
    match value {
        Some(value) => Sentence::of("sim.found.value").with("value", safe(value)),
        None => nothing(),
    }
}

fn rounded(level: f32) -> String {
    format!("{level:.1}")
}

pub(super) fn seconds(span: Duration) -> String {
    format!("{:.2}", span.as_secs_f64())
}
