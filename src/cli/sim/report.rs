//! What became of a scenario: a line for each expectation, what was heard in time, and over many calls how long it took.

use serde_json::{Value, json};

use super::{Scene, drawing};
use crate::cli::Teller;
use crate::cli::failure::Failure;
use crate::cli::junit::Case;
use crate::cli::table::Table;
use crate::sim::{Percentiles, Played, Verdict};
use crate::words::Sentence;

/// Tells of all runs; how many expectations were not met.
pub(super) fn tell(
    scene: &Scene,
    played: &[Played],
    seed: u64,
    teller: &mut Teller<'_>,
) -> Result<usize, Failure> {
    let unmet = played.iter().map(|one| unmet(one).count()).sum();
    if teller.json {
        for (run, one) in (1..).zip(played) {
            teller.line(&raw(scene, run, one, seed, teller).to_string())?;
        }
        return Ok(unmet);
    }
    let title = &scene.scenario.title;
    teller.line(&format!("{}: {title}", scene.name))?;
    match played {
        [one] => tell_one(one, teller)?,
        many => tell_many(many, seed, teller)?,
    }
    let all: usize = played.iter().map(|one| one.verdicts.len()).sum();
    let (all, met) = (all.to_string(), (all - unmet).to_string());
    teller.line(&teller.filled("sim.done", &[("all", &all), ("met", &met)]))?;
    Ok(unmet)
}

fn unmet(played: &Played) -> impl Iterator<Item = &Verdict> {
    played.verdicts.iter().filter(|verdict| !verdict.is_met)
}

fn tell_one(played: &Played, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let mut table = Table::default();
    for verdict in &played.verdicts {
        let mark = match verdict.is_met {
            true => teller.text("sim.met"),
            false => teller.text("sim.unmet"),
        };
        let found = found(verdict, teller);
        let expected = teller.texts.say(&verdict.expected, teller.language);
        table.row(vec![
            format!("  {mark}"),
            verdict.who.clone(),
            expected,
            found,
        ]);
    }
    teller.table(&table)?;
    for (name, marks) in &played.timelines {
        let drawn = drawing::draw(name, marks, teller);
        drawn.iter().try_for_each(|line| teller.line(line))?;
    }
    Ok(())
}

/// What was found, and the fault's name where it has one.
fn found(verdict: &Verdict, teller: &Teller<'_>) -> String {
    let found = teller.texts.say(&verdict.found, teller.language);
    match verdict.fault {
        None => found,
        Some(fault) => {
            let name = teller.text(&format!("sim.fault.{}", fault.as_str()));
            teller.filled("sim.found.fault", &[("fault", &name), ("found", &found)])
        }
    }
}

/// A line for each expectation: how often it was met, and how long it took.
fn tell_many(played: &[Played], seed: u64, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let count = played.len().to_string();
    let seed = seed.to_string();
    teller.line(&teller.filled("sim.runs", &[("count", &count), ("seed", &seed)]))?;
    let mut table = Table::default();
    for (expected, verdicts) in by_expectation(played) {
        let met = verdicts.iter().filter(|verdict| verdict.is_met).count();
        let took = verdicts.iter().filter_map(|verdict| verdict.took).collect();
        let took = Percentiles::of(took).map_or_else(String::new, |it| percentiles(&it, teller));
        let expected = teller.texts.say(expected, teller.language);
        let who = verdicts.first().map_or("", |verdict| verdict.who.as_str());
        let met = format!("  {met}/{}", verdicts.len());
        table.row(vec![met, who.to_owned(), expected, took]);
    }
    teller.table(&table)?;
    let runs = (1_u32..).zip(played);
    let all = runs.flat_map(|(run, one)| unmet(one).map(move |it| (run, it)));
    for (run, verdict) in all.take(SHOWN_MAX) {
        let (run, found) = (run.to_string(), found(verdict, teller));
        let expected = teller.texts.say(&verdict.expected, teller.language);
        let values = [
            ("run", run.as_str()),
            ("expected", &expected),
            ("found", &found),
        ];
        teller.line(&teller.filled("sim.unmet-in", &values))?;
    }
    Ok(())
}

/// Of the unmet expectations of many calls; all of them are in `--json` and `--junit`.
const SHOWN_MAX: usize = 10;

/// The same expectation in all runs, in the order of the first that has it; a run may have ended before.
fn by_expectation(played: &[Played]) -> Vec<(&Sentence, Vec<&Verdict>)> {
    let mut all: Vec<(&Sentence, Vec<&Verdict>)> = Vec::new();
    for verdict in played.iter().flat_map(|one| &one.verdicts) {
        let same = |it: &&mut (&Sentence, Vec<&Verdict>)| {
            *it.0 == verdict.expected && it.1.first().is_some_and(|one| one.who == verdict.who)
        };
        match all.iter_mut().find(same) {
            Some((_, verdicts)) => verdicts.push(verdict),
            None => all.push((&verdict.expected, vec![verdict])),
        }
    }
    all
}

fn percentiles(took: &Percentiles, teller: &Teller<'_>) -> String {
    let seconds = |span: std::time::Duration| format!("{:.2}", span.as_secs_f64());
    let values = [took.median, took.p95, took.p99, took.most].map(seconds);
    let [median, p95, p99, most] = &values;
    let values = [
        ("median", median.as_str()),
        ("p95", p95),
        ("p99", p99),
        ("most", most),
    ];
    teller.filled("sim.percentiles", &values)
}

/// A test case for each expectation of each run.
pub(super) fn cases(scene: &Scene, played: &[Played], teller: &Teller<'_>) -> Vec<Case> {
    let case = |run: u32, verdict: &Verdict| {
        let expected = teller.texts.say(&verdict.expected, teller.language);
        Case {
            name: format!("{} {run}: {} {expected}", scene.name, verdict.who),
            failure: (!verdict.is_met).then(|| found(verdict, teller)),
        }
    };
    let runs = (1..).zip(played);
    let cases = runs.flat_map(|(run, one)| one.verdicts.iter().map(move |it| (run, it)));
    cases.map(|(run, verdict)| case(run, verdict)).collect()
}

fn raw(scene: &Scene, run: u32, played: &Played, seed: u64, teller: &Teller<'_>) -> Value {
    let verdicts = played.verdicts.iter().map(|verdict| {
        json!({
            "who": verdict.who,
            "met": verdict.is_met,
            "expected": teller.texts.say(&verdict.expected, teller.language),
            "found": teller.texts.say(&verdict.found, teller.language),
            "fault": verdict.fault,
            "took_ms": verdict.took.map(|took| took.as_millis() as u64),
        })
    });
    let timelines = played.timelines.iter().map(|(name, marks)| {
        let marks = marks.iter().map(|mark| {
            json!({
                "at_ms": mark.at.as_millis() as u64,
                "lasts_ms": mark.lasts.as_millis() as u64,
                "what": teller.texts.say(&mark.what, teller.language),
            })
        });
        (name.clone(), Value::from(marks.collect::<Vec<_>>()))
    });
    json!({
        "scenario": scene.name,
        "title": scene.scenario.title,
        "run": run,
        "seed": seed,
        "met": unmet(played).next().is_none(),
        "expectations": verdicts.collect::<Vec<_>>(),
        "timeline": serde_json::Map::from_iter(timelines),
    })
}
