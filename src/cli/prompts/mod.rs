//! `thirdring prompts`: the phrases that callers hear, their words and their sound, without an agent.

mod importing;
mod lint;
mod rendering;

use std::path::{Path, PathBuf};

use serde_json::json;

use super::Teller;
use super::arguments::{PlayArguments, PromptsVerb};
use super::failure::Failure;
use super::table::Table;
use super::{devices, policies};
use crate::desk;
use crate::media::phrasebook::Phrase;
use crate::media::prompts::{Loudness, Shape};
use crate::media::resampling::resample;
use crate::media::{Phrasebook, Rate};
use crate::seats::sound_cards::SAMPLE_RATE;
use crate::words::{Language, PromptId};

pub(super) fn run(verb: &PromptsVerb, teller: &mut Teller<'_>) -> Result<(), Failure> {
    match verb {
        PromptsVerb::List { prompts } => list(&opened(prompts.as_deref())?, teller),
        PromptsVerb::Lint { linted, policy } => {
            lint::run(linted, &policies::named(policy)?, teller)
        }
        PromptsVerb::Play(arguments) => play(arguments, teller),
        PromptsVerb::Import(arguments) => importing::run(arguments, teller),
        PromptsVerb::Render(arguments) => rendering::run(arguments, teller),
    }
}

/// The phrases of a folder, or those that ship.
fn opened(folder: Option<&Path>) -> Result<Phrasebook, Failure> {
    match folder {
        Some(folder) => desk::phrases_in(folder).map_err(|why| unfit(&why)),
        None => Ok(Phrasebook::shipped()),
    }
}

fn unfit(why: &desk::Unfit) -> Failure {
    Failure::Told(why.sentence())
}

/// Each with its words, who says it, and how long it takes in each language.
fn list(book: &Phrasebook, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let phrases = book.ids().filter_map(|id| Some((id, book.phrase(id)?)));
    if teller.json {
        let rows: Vec<_> = phrases
            .map(|(id, phrase)| as_json(book, id, phrase))
            .collect();
        return teller.line(&serde_json::Value::from(rows).to_string());
    }
    let mut table = Table::default();
    let columns = ["phrase", "spoken-by", "rule", "zh-CN", "en", "words"];
    table.row(
        columns
            .map(|name| teller.text(&format!("cli.column.{name}")))
            .to_vec(),
    );
    for (id, phrase) in phrases {
        let mut row = vec![
            id.to_string(),
            teller.word("spoken-by", phrase.when.as_str()),
            phrase.rule.clone(),
        ];
        row.extend(Language::ALL.map(|language| seconds(book, id, language)));
        row.push(phrase.words(teller.language).to_owned());
        table.row(row);
    }
    teller.table(&table)
}

fn as_json(book: &Phrasebook, id: &PromptId, phrase: &Phrase) -> serde_json::Value {
    let seconds = Language::ALL.map(|language| {
        let seconds = book.duration(id, language).map(|it| it.as_secs_f64());
        (language.to_string(), json!(seconds.ok()))
    });
    let words = Language::ALL.map(|language| (language.to_string(), json!(phrase.words(language))));
    json!({
        "phrase": id,
        "spoken_by": phrase.when.as_str(),
        "rule": phrase.rule,
        "words": serde_json::Map::from_iter(words),
        "seconds": serde_json::Map::from_iter(seconds),
    })
}

fn seconds(book: &Phrasebook, id: &PromptId, language: Language) -> String {
    match book.duration(id, language) {
        Ok(takes) => format!("{:.1} s", takes.as_secs_f64()),
        Err(_) => "-".to_owned(),
    }
}

/// As a caller hears it, into the rep's ear.
fn play(arguments: &PlayArguments, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let book = opened(arguments.prompts.as_deref())?;
    let spoken = arguments.spoken.unwrap_or(teller.language);
    let sound = book.sound(&arguments.phrase, spoken);
    let sound = sound.map_err(|why| Failure::Told(why.sentence()))?;
    let heard = sound.gain(Loudness::Phrase);
    let heard = heard.and_then(|gain| sound.levelled(Rate::Wide, gain, Shape::Phrase));
    let heard = heard.map_err(|why| Failure::Told(why.sentence()))?;
    let heard: Vec<f32> = heard
        .into_iter()
        .map(|sample| f32::from(sample) / 32_768.0)
        .collect();
    let heard =
        resample(&heard, Rate::Wide.hz(), SAMPLE_RATE).expect("16 kHz to 48 kHz is a third");
    if let Some(phrase) = book.phrase(&arguments.phrase)
        && !teller.json
    {
        teller.line(phrase.words(spoken))?;
    }
    devices::play(&heard)
}

/// What of its language a folder may have of a phrase.
fn file_of(folder: &Path, language: Language, id: &PromptId, extension: &str) -> PathBuf {
    folder
        .join(language.to_string())
        .join(format!("{id}.{extension}"))
}

#[cfg(test)]
mod tests;
