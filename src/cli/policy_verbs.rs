//! `thirdring policy`: a policy in sentences, and what is otherwise in another one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::arguments::PolicyVerb;
use super::failure::{Failure, unusable};
use super::rehearse::{draw, shipped_prompts};
use super::{Teller, policies, replay};
use crate::media::Phrasebook;
use crate::policy::Policy;
use crate::rehearsal::{Rehearsal, differences};
use crate::words::{PromptId, Sentence, Wait};

/// A table of the policy in the reader's language.
struct Table {
    name: &'static str,
    sentences: Vec<String>,
}

pub(super) fn run(verb: PolicyVerb, teller: &mut Teller<'_>) -> Result<(), Failure> {
    match verb {
        PolicyVerb::Explain { policy } => explain(&policies::named(&policy)?, teller),
        PolicyVerb::Timing { policy } => timing(&policies::named(&policy)?, teller),
        PolicyVerb::Diff { old, new, journals } => {
            let (old, new) = (policies::named(&old)?, policies::named(&new)?);
            tell_changes(&old, &new, teller)?;
            compare_calls(old, new, &journals, teller)
        }
    }
}

fn explain(policy: &Policy, teller: &mut Teller<'_>) -> Result<(), Failure> {
    for Table { name, sentences } in tables(policy, teller) {
        if teller.json {
            let raw = json!({ "table": name, "sentences": sentences });
            teller.line(&raw.to_string())?;
            continue;
        }
        if !name.is_empty() {
            teller.line(&format!("[{name}]"))?;
        }
        sentences
            .iter()
            .try_for_each(|sentence| teller.line(&format!("  {sentence}")))?;
    }
    Ok(())
}

fn tables(policy: &Policy, teller: &Teller<'_>) -> Vec<Table> {
    let book = Phrasebook::shipped();
    let shown = |id: &PromptId| match book.phrase(id) {
        Some(phrase) => {
            let words = phrase.words(teller.language);
            teller.filled("policy.phrase", &[("words", words), ("id", id.as_str())])
        }
        None => id.to_string(),
    };
    let said = |sentence: &Sentence| teller.texts.say(sentence, teller.language);
    let told = policy.told(&shown).into_iter();
    told.map(|told| Table {
        name: told.table,
        sentences: told.sentences.iter().map(said).collect(),
    })
    .collect()
}

/// What comes when on the wire, as a table for people and for Markdown.
fn timing(policy: &Policy, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let columns = ["what", "from", "after", "tolerance", "key"];
    let head = columns.map(|name| teller.text(&format!("cli.column.timing-{name}")));
    if !teller.json {
        teller.line(&format!("| {} |", head.join(" | ")))?;
        teller.line("| --- | --- | --- | --- | --- |")?;
    }
    for timed in policy.timing() {
        let (what, from) = (
            format!("timing.{}", timed.what),
            format!("timing.from.{}", timed.from),
        );
        let (after, tolerance) = (Wait::new(timed.after), Wait::new(timed.tolerance));
        let line = match teller.json {
            true => json!({
                "what": timed.what, "from": timed.from, "key": timed.key,
                "after_ms": timed.after.as_millis(), "tolerance_ms": timed.tolerance.as_millis(),
            })
            .to_string(),
            false => format!(
                "| {} | {} | {after} | {tolerance} | `{}` |",
                teller.text(&what),
                teller.text(&from),
                timed.key
            ),
        };
        teller.line(&line)?;
    }
    Ok(())
}

/// The sentences that only one of them has, by table.
fn tell_changes(old: &Policy, new: &Policy, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let (old, new) = (tables(old, teller), tables(new, teller));
    for (old, new) in old.iter().zip(&new) {
        let only = |one: &Table, other: &Table| -> Vec<String> {
            let sentences = one.sentences.iter();
            sentences
                .filter(|sentence| !other.sentences.contains(sentence))
                .cloned()
                .collect()
        };
        let (gone, come) = (only(old, new), only(new, old));
        if gone.is_empty() && come.is_empty() {
            continue;
        }
        if teller.json {
            let raw = json!({ "table": old.name, "old": gone, "new": come });
            teller.line(&raw.to_string())?;
            continue;
        }
        if !old.name.is_empty() {
            teller.line(&format!("[{}]", old.name))?;
        }
        let gone = gone.iter().map(|sentence| format!("- {sentence}"));
        let come = come.iter().map(|sentence| format!("+ {sentence}"));
        gone.chain(come).try_for_each(|line| teller.line(&line))?;
    }
    Ok(())
}

/// Each recorded call lived through by both: where they part.
fn compare_calls(
    old: Policy,
    new: Policy,
    journals: &[PathBuf],
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let prompts = shipped_prompts();
    let [old, new] = [old, new].map(|policy| Rehearsal::new(Arc::new(policy), prompts.clone()));
    for journal in journals {
        compare_call(journal, &old, &new, teller)?;
    }
    Ok(())
}

fn compare_call(
    journal: &Path,
    old: &Rehearsal,
    new: &Rehearsal,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let text = fs::read_to_string(journal).map_err(|why| unusable(journal, why))?;
    let lived = |by: &Rehearsal| by.relive(&text).map_err(|why| replay::failed(journal, why));
    let found = differences(&lived(old)?, &lived(new)?);
    let name = journal.display().to_string();
    if teller.json {
        let parted: Vec<_> = found
            .iter()
            .map(|found| json!({ "at": found.at, "old": found.expected, "new": found.got }))
            .collect();
        return teller.line(&json!({ "journal": name, "differences": parted }).to_string());
    }
    if found.is_empty() {
        return teller.line(&teller.filled("cli.policy.same", &[("journal", &name)]));
    }
    let lines: Vec<String> = found
        .iter()
        .flat_map(|difference| draw(&name, difference, teller))
        .collect();
    lines.iter().try_for_each(|line| teller.line(line))
}
