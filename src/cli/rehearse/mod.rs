//! `thirdring rehearse`: calls in virtual time against a policy, before a caller meets it.

mod scripts;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::arguments::RehearseArguments;
use super::failure::{Failure, unusable};
use super::junit::{self, Case};
use super::{Teller, policies};
use crate::desk;
use crate::files;
use crate::media::Phrasebook;
use crate::rehearsal::{Difference, Fault, Played, Prompts, Rehearsal, differences, shipped};
use crate::settings::SettingsError;
use scripts::Script;

/// How a script went.
enum Outcome {
    AsWritten,
    /// It is written now as it went.
    Updated,
    Otherwise(Vec<Difference>),
    /// Promises to the caller that were broken.
    Breaches(Vec<String>),
    Unplayable(Fault),
}

pub(super) fn run(arguments: &RehearseArguments, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let policy = policies::named(&arguments.policy)?;
    if let Some(folder) = &arguments.copy {
        copy(folder, teller)?;
    }
    let rehearsal = Rehearsal::new(Arc::new(policy), shipped_prompts());
    let scripts = scripts::found(&arguments.scripts)?;
    let mut outcomes = Vec::new();
    for script in &scripts {
        let outcome = rehearse(script, &rehearsal, arguments.update)?;
        if !teller.json {
            tell(script, &outcome, teller)?;
        }
        outcomes.push(outcome);
    }
    let cases: Vec<_> = scripts.iter().zip(&outcomes).collect();
    if let Some(file) = &arguments.junit {
        let report = junit::report("thirdring rehearse", "rehearsal", &reported(&cases, teller));
        fs::write(file, report).map_err(|why| unusable(file, why))?;
    }
    conclude(&cases, teller)
}

/// What a build server is told of each script.
fn reported(cases: &[(&Script, &Outcome)], teller: &Teller<'_>) -> Vec<Case> {
    let case = |(script, outcome): &(&Script, &Outcome)| {
        let is_right = matches!(outcome, Outcome::AsWritten | Outcome::Updated);
        let failure = (!is_right).then(|| drawn(script, outcome, teller).join("\n"));
        Case {
            name: script.name.clone(),
            failure,
        }
    };
    cases.iter().map(case).collect()
}

/// The shipped phrases, as rehearsals need them.
pub(super) fn shipped_prompts() -> Prompts {
    let book = Phrasebook::shipped();
    let promising = desk::promising(&book);
    Prompts::new(Arc::new(book), promising)
}

/// Our scripts, to be read and changed.
fn copy(folder: &Path, teller: &mut Teller<'_>) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|why| unusable(folder, why))?;
    let scripts = shipped();
    for script in &scripts {
        let file = folder.join(script.name);
        fs::write(&file, script.text).map_err(|why| unusable(&file, why))?;
    }
    let (count, folder) = (scripts.len().to_string(), folder.display().to_string());
    teller.line(&teller.filled(
        "rehearsal.copied",
        &[("count", &count), ("folder", &folder)],
    ))
}

fn rehearse(script: &Script, rehearsal: &Rehearsal, update: bool) -> Result<Outcome, Failure> {
    let Played {
        transcript,
        breaches,
    } = match rehearsal.play(&script.text) {
        Ok(played) => played,
        Err(fault) => return Ok(Outcome::Unplayable(fault)),
    };
    if !breaches.is_empty() {
        return Ok(Outcome::Breaches(breaches));
    }
    let found = differences(&script.text, &transcript);
    match &script.file {
        _ if found.is_empty() => Ok(Outcome::AsWritten),
        Some(file) if update => {
            files::replace(file, transcript.as_bytes()).map_err(|why| unusable(file, why))?;
            Ok(Outcome::Updated)
        }
        Some(_) | None => Ok(Outcome::Otherwise(found)),
    }
}

fn tell(script: &Script, outcome: &Outcome, teller: &mut Teller<'_>) -> Result<(), Failure> {
    drawn(script, outcome, teller)
        .iter()
        .try_for_each(|line| teller.line(line))
}

/// What a person has to know of it; nothing, where it went as it is written.
fn drawn(script: &Script, outcome: &Outcome, teller: &Teller<'_>) -> Vec<String> {
    let name = &script.name;
    match outcome {
        Outcome::AsWritten => Vec::new(),
        Outcome::Updated => vec![teller.filled("rehearsal.updated", &[("script", name)])],
        Outcome::Otherwise(found) => found
            .iter()
            .flat_map(|difference| draw(name, difference, teller))
            .collect(),
        Outcome::Breaches(breaches) => breaches
            .iter()
            .map(|what| teller.filled("rehearsal.breach", &[("script", name), ("what", what)]))
            .collect(),
        Outcome::Unplayable(Fault { span, title, help }) => {
            let (title, help) = (title.clone(), help.clone());
            let picture = SettingsError::of_text(name, &script.text, span.clone(), title, help);
            vec![picture.drawn(teller.texts, teller.language)]
        }
    }
}

/// Both sides, a line each.
pub(super) fn draw(name: &str, difference: &Difference, teller: &Teller<'_>) -> Vec<String> {
    let Difference {
        line,
        at,
        expected,
        got,
    } = difference;
    let line = line.to_string();
    let values = [("script", name), ("line", &line), ("at", at.as_str())];
    let title = match at.is_empty() {
        true => teller.filled("rehearsal.at-line", &values),
        false => teller.filled("rehearsal.at", &values),
    };
    let side = |key: &str, lines: &[String]| -> Vec<String> {
        let nothing = [teller.text("rehearsal.nothing")];
        let lines = if lines.is_empty() { &nothing } else { lines };
        let of = |line: &String| teller.filled(key, &[("line", line)]);
        lines.iter().map(of).collect()
    };
    let mut drawn = vec![title];
    drawn.extend(side("rehearsal.expected", expected));
    drawn.extend(side("rehearsal.got", got));
    drawn
}

/// How many went how; whatever did not go as written is a failure.
fn conclude(cases: &[(&Script, &Outcome)], teller: &mut Teller<'_>) -> Result<(), Failure> {
    if teller.json {
        for (script, outcome) in cases {
            teller.line(&raw(script, outcome).to_string())?;
        }
    }
    let count = |is: fn(&Outcome) -> bool| cases.iter().filter(|(_, outcome)| is(outcome)).count();
    let unplayable = count(|outcome| matches!(outcome, Outcome::Unplayable(_)));
    let otherwise =
        count(|outcome| matches!(outcome, Outcome::Otherwise(_) | Outcome::Breaches(_)));
    if !teller.json {
        let (all, right) = (cases.len(), cases.len() - unplayable - otherwise);
        let (all, right) = (all.to_string(), right.to_string());
        teller.line(&teller.filled("rehearsal.done", &[("all", &all), ("right", &right)]))?;
    }
    match (unplayable, otherwise) {
        (0, 0) => Ok(()),
        (0, otherwise) => Err(Failure::RehearsedOtherwise(otherwise)),
        (unplayable, _) => Err(Failure::UnplayableScripts(unplayable)),
    }
}

fn raw(script: &Script, outcome: &Outcome) -> serde_json::Value {
    let (word, differences, breaches) = match outcome {
        Outcome::AsWritten => ("as-written", &[][..], &[][..]),
        Outcome::Updated => ("updated", &[][..], &[][..]),
        Outcome::Otherwise(found) => ("otherwise", found.as_slice(), &[][..]),
        Outcome::Breaches(breaches) => ("promise-broken", &[][..], breaches.as_slice()),
        Outcome::Unplayable(_) => ("unplayable", &[][..], &[][..]),
    };
    let differences: Vec<_> = differences
        .iter()
        .map(|found| {
            json!({ "line": found.line, "at": found.at, "expected": found.expected, "got": found.got })
        })
        .collect();
    json!({ "script": script.name, "outcome": word, "differences": differences, "breaches": breaches })
}
