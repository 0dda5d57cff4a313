//! `thirdring prompts render`: a command of the admin's speaks the phrases that a folder lacks.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use super::super::Teller;
use super::super::arguments::RenderArguments;
use super::super::failure::{Failure, unusable};
use super::importing;
use crate::words::{Language, PromptId, Sentence};

/// Beside `phrases.toml`.
const RENDER: &str = "render.toml";
const SPOKEN: &str = "wav";

/// How phrases are spoken.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Render {
    /// A program and its arguments, without a shell; `{words}`, `{voice}` and `{file}`, a `.wav` to write, are filled in.
    command: Vec<String>,
    /// By language.
    voice: BTreeMap<Language, String>,
}

pub(super) fn run(arguments: &RenderArguments, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let folder = &arguments.prompts;
    let render = read(&folder.join(RENDER))?;
    importing::begin(folder, teller)?;
    let book = super::opened(Some(folder))?;
    let wanted: Vec<(&PromptId, Language)> = book
        .ids()
        .flat_map(|id| Language::ALL.map(|language| (id, language)))
        .filter(|(_, language)| render.voice.contains_key(language))
        .filter(|(id, language)| arguments.all || !book.speaks(id, *language))
        .collect();
    for (n, (id, language)) in wanted.iter().enumerate() {
        let words = book.phrase(id).map_or("", |phrase| phrase.words(*language));
        let spoken = render.speak(folder, *language, words)?;
        importing::put(folder, *language, (id, SPOKEN), &spoken)?;
        let progress = format!("{}/{}", n + 1, wanted.len());
        let values = [
            ("progress", &*progress),
            ("phrase", id.as_str()),
            ("language", language.tag()),
        ];
        teller.line(&teller.filled("prompts.rendered", &values))?;
    }
    if wanted.is_empty() {
        teller.line(&teller.text("prompts.nothing-to-render"))?;
    }
    Ok(())
}

fn read(file: &Path) -> Result<Render, Failure> {
    let text = fs::read_to_string(file).map_err(|why| unusable(file, why))?;
    let unread = |why: &str| {
        let what = Sentence::of("prompts.render-unread").with("file", file.display());
        Failure::Told(what.with("why", why))
    };
    let render: Render = toml::from_str(&text).map_err(|why| unread(why.message()))?;
    let is_whole = ["{words}", "{file}"]
        .iter()
        .all(|part| render.command.iter().any(|word| word.contains(part)));
    match is_whole {
        true => Ok(render),
        false => Err(unread("command: {words} {file}")),
    }
}

impl Render {
    /// The recording's bytes, once it can be played.
    fn speak(&self, folder: &Path, language: Language, words: &str) -> Result<Vec<u8>, Failure> {
        let file = folder.join("rendering.wav");
        let voice = self.voice.get(&language).map_or("", String::as_str);
        let path = file.to_string_lossy();
        let fill = |part: &String| {
            let part = part.replace("{voice}", voice).replace("{file}", &path);
            part.replace("{words}", words)
        };
        let line: Vec<String> = self.command.iter().map(fill).collect();
        // What an earlier try has left says something else.
        let _ = fs::remove_file(&file);
        let said = line
            .split_first()
            .map(|(program, words)| Command::new(program).args(words).output());
        let failed = |why: String| {
            let program = self.command.first().cloned().unwrap_or_default();
            let what = Sentence::of("prompts.render-failed").with("program", program);
            Failure::Told(what.with("why", why))
        };
        let said = said
            .ok_or_else(|| failed(String::new()))?
            .map_err(|why| failed(why.to_string()))?;
        if !said.status.success() {
            return Err(failed(
                String::from_utf8_lossy(&said.stderr).trim().to_owned(),
            ));
        }
        let spoken = fs::read(&file).map_err(|why| unusable(&file, why))?;
        fs::remove_file(&file).map_err(|why| unusable(&file, why))?;
        importing::fits(&file, &spoken)?;
        Ok(spoken)
    }
}
