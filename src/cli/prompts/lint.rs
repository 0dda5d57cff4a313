//! `thirdring prompts lint`: what is never said to a caller, and what he would hardly understand (R65).

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::super::Teller;
use super::super::failure::Failure;
use super::super::rehearse::unusable;
use super::opened;
use crate::media::Phrasebook;
use crate::media::prompts::Sound;
use crate::policy::Policy;
use crate::settings::SettingsError;
use crate::wording::{Pace, asks, forbidden, pace};
use crate::words::{Language, PromptId, Sentence};

const WORDS: &str = "phrases.toml";
/// The shipped phrases are built in; so they are called.
const SHIPPED: &str = "config/prompts/phrases.toml";
/// A file that lies outside is levelled by so much that its noise is heard, or was recorded too loud, dBov.
const LEVELS: std::ops::RangeInclusive<f32> = -40.0..=-14.0;
/// More of its samples at full scale than so many are heard.
const CLIPPED_MAX: f64 = 0.000_5;

/// What is amiss, and where.
struct Finding {
    is_fault: bool,
    title: Sentence,
    help: Option<Sentence>,
    place: Option<Place>,
}

struct Place {
    file: String,
    text: String,
    span: Range<usize>,
}

pub(super) fn run(
    paths: &[PathBuf],
    policy: &Policy,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let mut findings = Vec::new();
    if paths.is_empty() {
        findings.extend(of_book(&Phrasebook::shipped(), None, policy)?);
    }
    for path in paths {
        match path.is_dir() {
            true => findings.extend(of_book(&opened(Some(path))?, Some(path), policy)?),
            false => findings.extend(of_file(path)?),
        }
    }
    let faults = findings.iter().filter(|finding| finding.is_fault).count();
    tell(&findings, faults, teller)?;
    match faults {
        0 => Ok(()),
        faults => Err(Failure::Linted(faults)),
    }
}

fn tell(findings: &[Finding], faults: usize, teller: &mut Teller<'_>) -> Result<(), Failure> {
    if teller.json {
        let all: Vec<Value> = findings
            .iter()
            .map(|finding| finding.json(teller))
            .collect();
        return teller.line(&Value::from(all).to_string());
    }
    for finding in findings {
        teller.line(&finding.drawn(teller))?;
        teller.line("")?;
    }
    let warnings = (findings.len() - faults).to_string();
    let values = [("faults", &*faults.to_string()), ("warnings", &*warnings)];
    teller.line(&teller.filled("lint.summary", &values))
}

/// Any text: a rep's script, canned words.
fn of_file(file: &Path) -> Result<Vec<Finding>, Failure> {
    let text = fs::read_to_string(file).map_err(|why| unusable(file, why))?;
    let name = file.display().to_string();
    let mut findings = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        findings.extend(rude(&name, &text, at, line));
        at += line.len();
    }
    Ok(findings)
}

fn of_book(
    book: &Phrasebook,
    folder: Option<&Path>,
    policy: &Policy,
) -> Result<Vec<Finding>, Failure> {
    let (name, text) = match folder {
        Some(folder) => {
            let file = folder.join(WORDS);
            let text = fs::read_to_string(&file).map_err(|why| unusable(&file, why))?;
            (file.display().to_string(), text)
        }
        None => (SHIPPED.to_owned(), Phrasebook::shipped_words().to_owned()),
    };
    let questions = policy.questions();
    let mut findings = Vec::new();
    for id in book.ids() {
        for language in Language::ALL {
            let words = book.phrase(id).map_or("", |phrase| phrase.words(language));
            let at = place_of(&text, id, words);
            findings.extend(rude(&name, &text, at.start, words));
            if questions.contains(id) && !asks(words, language) {
                let title = Sentence::of("lint.no-question").with("phrase", id);
                findings.push(Finding {
                    is_fault: true,
                    title,
                    help: Some(Sentence::of("lint.right.question")),
                    place: Some(Place {
                        file: name.clone(),
                        text: text.clone(),
                        span: at.clone(),
                    }),
                });
            }
            findings.extend(sound(book, id, language, words));
        }
    }
    Ok(findings)
}

/// Where a phrase's words stand in its file; where they are written otherwise, the head of its table.
fn place_of(text: &str, id: &PromptId, words: &str) -> Range<usize> {
    let head = format!("[{id}]");
    let table = text.find(&head).unwrap_or(0);
    match text[table..].find(words) {
        Some(at) if !words.is_empty() => table + at..table + at + words.len(),
        Some(_) | None => table..table + head.len().min(text.len() - table),
    }
}

fn rude(file: &str, text: &str, at: usize, words: &str) -> Vec<Finding> {
    let found = forbidden(words).into_iter();
    found
        .map(|it| {
            let span = at + it.span.start..at + it.span.end;
            let stands_there = text.get(span.clone()) == words.get(it.span.clone());
            Finding {
                is_fault: true,
                title: Sentence::of("lint.forbidden")
                    .with("words", &words[it.span])
                    .with("rule", it.rule),
                help: Some(Sentence::of(&format!("lint.right.{}", it.rule))),
                place: stands_there.then(|| Place {
                    file: file.to_owned(),
                    text: text.to_owned(),
                    span,
                }),
            }
        })
        .collect()
}

/// What is amiss with a recording: it lacks, is too fast or slow, too loud, too soft, or cut off.
fn sound(book: &Phrasebook, id: &PromptId, language: Language, words: &str) -> Vec<Finding> {
    let about = |key: &str| {
        Sentence::of(key)
            .with("phrase", id)
            .with("language", language)
    };
    let sound = match book.sound(id, language) {
        Ok(sound) => sound,
        Err(why) => {
            return vec![Finding::fault(
                why.sentence(),
                Sentence::of("lint.right.sound"),
            )];
        }
    };
    let mut findings = Vec::new();
    if let Some(Pace {
        a_minute,
        fits: false,
    }) = pace(words, sound.duration())
    {
        let title = about("lint.pace").with("pace", a_minute);
        findings.push(Finding::warning(title, Sentence::of("lint.right.pace")));
    }
    findings.extend(level(&sound, &about));
    let clipped = sound.clipped();
    if clipped > CLIPPED_MAX {
        let title = about("lint.clipped").with("percent", format!("{:.2}", clipped * 100.0));
        findings.push(Finding::warning(title, Sentence::of("lint.right.clipped")));
    }
    findings
}

fn level(sound: &Sound, about: &impl Fn(&str) -> Sentence) -> Option<Finding> {
    let level = sound.level().ok().flatten();
    let Some(level) = level else {
        return Some(Finding::fault(
            about("lint.silent"),
            Sentence::of("lint.right.sound"),
        ));
    };
    (!LEVELS.contains(&level)).then(|| {
        let title = about("lint.level").with("level", format!("{level:.0}"));
        Finding::warning(title, Sentence::of("lint.right.level"))
    })
}

impl Finding {
    fn fault(title: Sentence, help: Sentence) -> Self {
        Self {
            is_fault: true,
            ..Self::warning(title, help)
        }
    }

    fn warning(title: Sentence, help: Sentence) -> Self {
        Self {
            is_fault: false,
            title,
            help: Some(help),
            place: None,
        }
    }

    fn drawn(&self, teller: &Teller<'_>) -> String {
        let help = self.help.clone();
        match (&self.place, help) {
            (Some(place), Some(help)) => {
                let Place { file, text, span } = place;
                let picture =
                    SettingsError::of_text(file, text, span.clone(), self.title.clone(), help);
                picture.drawn(teller.texts, teller.language)
            }
            (_, help) => {
                let say = |sentence: &Sentence| teller.texts.say(sentence, teller.language);
                let level = teller.text(if self.is_fault {
                    "settings.error"
                } else {
                    "settings.warning"
                });
                let help = help
                    .map(|help| format!("\n  {}", say(&help)))
                    .unwrap_or_default();
                format!("{level}: {}{help}", say(&self.title))
            }
        }
    }

    fn json(&self, teller: &Teller<'_>) -> Value {
        let say = |sentence: &Sentence| teller.texts.say(sentence, teller.language);
        let place = self.place.as_ref();
        json!({
            "severity": if self.is_fault { "error" } else { "warning" },
            "key": self.title.key(),
            "message": say(&self.title),
            "help": self.help.as_ref().map(say),
            "file": place.map(|place| &place.file),
            "line": place.map(|place| place.text[..place.span.start].matches('\n').count() + 1),
        })
    }
}
