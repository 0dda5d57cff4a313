//! `thirdring config`: what is wrong with the settings, what they are and who said so, what a key means.

use serde_json::json;

use super::arguments::{ConfigVerb, ExplainKeyArguments, LayersArguments, ShowArguments};
use super::failure::Failure;
use super::table::Table;
use super::{Environment, Teller};
use crate::desk;
use crate::settings::{Effective, Entry, Finding, Inspection, Manual, schema};

pub(super) fn run(
    verb: &ConfigVerb,
    environment: &Environment,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let read = |layers: &LayersArguments| Inspection::of(&layers.sources(environment));
    match verb {
        ConfigVerb::Check(layers) => check(read(layers), teller),
        ConfigVerb::Show(arguments) => show(arguments, read(&arguments.layers), teller),
        ConfigVerb::ExplainKey(arguments) => explain(arguments, &read(&arguments.layers), teller),
        ConfigVerb::Schema => {
            let schema = serde_json::to_string_pretty(&schema(teller.language));
            teller.line(&schema.expect("a schema has only string keys"))
        }
    }
}

/// All faults and warnings; with a fault exit code 1.
fn check(mut inspection: Inspection, teller: &mut Teller<'_>) -> Result<(), Failure> {
    desk::inspect(&mut inspection);
    let findings: Vec<Finding> = inspection.findings().collect();
    let faults = findings.iter().filter(|finding| finding.is_error()).count();
    if teller.json {
        let all = findings.iter();
        let all: Vec<_> = all
            .map(|it| it.json(teller.texts, teller.language))
            .collect();
        teller.line(&json!({ "ok": faults == 0, "findings": all }).to_string())?;
    } else {
        for finding in &findings {
            teller.line(&finding.drawn(teller.texts, teller.language))?;
            teller.line("")?;
        }
    }
    match faults {
        0 if teller.json => Ok(()),
        0 => teller.line(&teller.text("cli.config.right")),
        faults => Err(Failure::Faulty(faults)),
    }
}

/// Each value as TOML; with `--origin` who set it.
fn show(
    arguments: &ShowArguments,
    inspection: Inspection,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let values = inspection.effective();
    inspection.settings_if_right().map_err(Failure::Settings)?;
    if teller.json {
        let shown = values.iter().map(|it| {
            json!({ "key": it.key, "value": it.value, "origin": it.origin.as_ref().map(ToString::to_string) })
        });
        return teller.line(&json!(shown.collect::<Vec<_>>()).to_string());
    }
    for value in values {
        let line = match arguments.origin {
            true => format!("{}  # {}", value.toml(), origin(&value, teller)),
            false => value.toml(),
        };
        teller.line(&line)?;
    }
    Ok(())
}

fn origin(value: &Effective, teller: &Teller<'_>) -> String {
    match &value.origin {
        Some(origin) => origin.to_string(),
        None => teller.text("cli.config.default"),
    }
}

fn explain(
    arguments: &ExplainKeyArguments,
    inspection: &Inspection,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let manual = Manual::shipped(teller.language);
    let key = arguments.key.as_str();
    let entries = manual.under(key);
    if entries.is_empty() {
        return Err(Failure::NoSuchKey {
            key: key.to_owned(),
            advice: manual.advice(key),
        });
    }
    let values = inspection.effective();
    let set = |key: &str| values.iter().find(|value| value.key == key);
    if teller.json {
        let told = entries
            .iter()
            .map(|entry| raw(&manual, entry, set(&entry.key), teller));
        return teller.line(&json!(told.collect::<Vec<_>>()).to_string());
    }
    let mut entries = entries.into_iter().peekable();
    while let Some(entry) = entries.next() {
        told(&manual, entry, set(&entry.key), teller)?;
        if entries.peek().is_some() {
            teller.line("")?;
        }
    }
    Ok(())
}

fn told(
    manual: &Manual,
    entry: &Entry,
    set: Option<&Effective>,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    teller.line(&entry.key)?;
    for line in entry.text.lines() {
        teller.line(&format!("  {line}"))?;
    }
    let kind = manual.kind(&entry.key);
    let words = kind.words().join(", ");
    let kind = teller.filled(&format!("kind.{}", kind.as_str()), &[("words", &words)]);
    let mut table = Table::default();
    let mut row = |name: &str, value: String| {
        table.row(vec![
            format!("  {}", teller.text(&format!("cli.config.{name}"))),
            value,
        ]);
    };
    row("kind", kind);
    row(entry.written_as(), entry.written.clone());
    if !entry.rules.is_empty() {
        row("rules", entry.rules.join(", "));
    }
    if let Some(value) = set {
        row("value", value.value.to_string());
        row("origin", origin(value, teller));
    }
    teller.table(&table)
}

fn raw(
    manual: &Manual,
    entry: &Entry,
    set: Option<&Effective>,
    teller: &Teller<'_>,
) -> serde_json::Value {
    json!({
        "key": entry.key,
        "text": entry.text,
        "kind": manual.kind(&entry.key).as_str(),
        entry.written_as(): entry.written,
        "rules": entry.rules,
        "value": set.map(|value| value.value.clone()),
        "origin": set.map(|value| origin(value, teller)),
    })
}
