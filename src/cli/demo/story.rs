//! What the reader of the demo sees: lines as they happen, a verdict a scene.

use serde_json::json;

use super::scenes::Scene;
use super::{Ending, Missed};
use crate::cli::Teller;
use crate::cli::failure::Failure;
use crate::ear::Ended;
use crate::media::Phrasebook;
use crate::phone::HeardPhrase;
use crate::records::{Entry, What};
use crate::words::{Language, Moment, Party};

/// One thing that happened in a scene.
pub(super) struct Line {
    pub(super) scene: Scene,
    /// Since the demo began.
    pub(super) at_s: f64,
    pub(super) told: Told,
}

pub(super) enum Told {
    /// The ear found a phrase in what a phone received.
    Heard {
        by: Party,
        phrase: Box<HeardPhrase>,
        words: String,
    },
    /// The agent's own timeline.
    Happened(Box<Entry>),
    /// A phone did something by the script.
    Did { who: Party, what: &'static str },
}

/// Tells the story, line by line.
pub(super) struct Story {
    name_width: usize,
}

impl Story {
    pub(super) fn new(scenes: &[Scene]) -> Self {
        let widths = scenes.iter().map(|scene| scene.name().len());
        Self {
            name_width: widths.max().unwrap_or(0),
        }
    }

    pub(super) fn tell(&mut self, line: Line, teller: &mut Teller<'_>) -> Result<(), Failure> {
        if teller.json {
            return teller.line(&raw(&line).to_string());
        }
        let Some(words) = words(&line.told, teller) else {
            return Ok(());
        };
        let (name, width) = (line.scene.name(), self.name_width);
        teller.line(&format!("{name:width$} {:7.2} s  {words}", line.at_s))
    }

    pub(super) fn conclude(
        &mut self,
        scene: Scene,
        ending: Ending,
        teller: &mut Teller<'_>,
    ) -> Result<(), Failure> {
        let (name, width) = (scene.name(), self.name_width);
        if teller.json {
            let texts = teller.texts;
            let told = |missed: Missed| texts.say(&missed.sentence(), Language::En);
            let missed = ending.err().map(told);
            return teller.line(&json!({ "scene": name, "missed": missed }).to_string());
        }
        let verdict = match ending {
            Ok(()) => teller.text("demo.passed"),
            Err(missed) => told_missed(&missed, teller),
        };
        teller.line(&format!("{name:width$} {verdict}"))
    }
}

fn told_missed(missed: &Missed, teller: &Teller<'_>) -> String {
    let why = teller.texts.say(&missed.sentence(), teller.language);
    teller.filled("demo.missed", &[("why", &why)])
}

/// The line for a person; `None` for what only a machine wants to know.
fn words(told: &Told, teller: &Teller<'_>) -> Option<String> {
    match told {
        Told::Heard { by, phrase, words } => {
            let ended = match phrase.heard.ended {
                Ended::Whole => "demo.whole",
                Ended::Cut { .. } => "demo.cut",
            };
            let values = [
                ("who", teller.word("party", by.as_str())),
                ("phrase", phrase.heard.prompt.to_string()),
                ("words", words.clone()),
                ("ended", teller.text(ended)),
            ];
            let values: Vec<(&str, &str)> = values
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            Some(teller.filled("demo.heard", &values))
        }
        Told::Did { who, what } => {
            let who = teller.word("party", who.as_str());
            let what = teller.text(&format!("demo.did.{what}"));
            Some(teller.filled("demo.did", &[("who", &who), ("what", &what)]))
        }
        Told::Happened(entry) => happened(&entry.what, teller),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the demo tells the turning points"
)]
fn happened(what: &What, teller: &Teller<'_>) -> Option<String> {
    match what {
        What::State { state } => {
            Some(teller.filled("demo.state", &[("state", &teller.word("state", state))]))
        }
        What::Consent { to, given, by } => {
            let key = if *given {
                "demo.consent"
            } else {
                "demo.no-consent"
            };
            let (to, by) = (teller.word("consent", to), teller.word("consent-by", by));
            Some(teller.filled(key, &[("for", &to), ("by", &by)]))
        }
        What::Line {
            party: Party::Caller,
            verdict,
        } => Some(teller.filled("demo.line", &[("verdict", &teller.word("line", verdict))])),
        What::Promise { kind, news, .. } => {
            let (kind, news) = (teller.word("kind", kind), teller.word("news", news));
            Some(teller.filled("demo.promise", &[("kind", &kind), ("news", &news)]))
        }
        What::Ended { ending } => {
            let by = teller.word("party", ending.by.as_str());
            let because = teller.word("because", ending.because.as_str());
            Some(teller.filled("demo.ended", &[("by", &by), ("because", &because)]))
        }
        _ => None,
    }
}

fn raw(line: &Line) -> serde_json::Value {
    let (scene, at_s) = (line.scene.name(), (line.at_s * 1_000.0).round() / 1_000.0);
    match &line.told {
        Told::Heard { by, phrase, .. } => json!({
            "scene": scene, "at_s": at_s, "heard": phrase.heard.prompt, "by": by,
            "whole": phrase.heard.ended == Ended::Whole, "rtp_timestamp": phrase.rtp_timestamp,
            "score": phrase.heard.score, "level_dbov": phrase.heard.level_dbov,
        }),
        Told::Happened(entry) => json!({ "scene": scene, "at_s": at_s, "happened": entry.what }),
        Told::Did { who, what } => json!({ "scene": scene, "at_s": at_s, "who": who, "did": what }),
    }
}

/// Seconds since the demo began.
pub(super) fn seconds(began: Moment, at: Moment) -> f64 {
    at.since(began).as_secs_f64()
}

/// A phrase's words in the language it was spoken in.
pub(super) fn words_of(book: &Phrasebook, phrase: &HeardPhrase) -> String {
    let page = book.phrase(&phrase.heard.prompt);
    page.map_or_else(String::new, |page| {
        page.words(phrase.heard.language).to_owned()
    })
}
