//! `thirdring dial explain`: what the settings make of a number, without an agent.

use serde_json::{Value, json};

use super::arguments::ExplainArguments;
use super::failure::Failure;
use super::table::Table;
use super::{Environment, Teller};
use crate::dialling::{Explanation, Route};
use crate::settings::{Inspection, Settings};
use crate::words::{PhoneNumber, safe};

pub(super) fn explain(
    arguments: &ExplainArguments,
    environment: &Environment,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let inspection = Inspection::of(&arguments.layers.sources(environment));
    let settings = inspection.settings_if_right().map_err(Failure::Settings)?;
    let told = settings.dial_rules().explain(&arguments.number);
    if teller.json {
        return teller.line(&raw(&arguments.number, &told, &settings).to_string());
    }
    let mut table = Table::default();
    for (name, value) in rows(&arguments.number, &told, &settings, teller) {
        table.row(vec![teller.text(&format!("cli.explain.{name}")), value]);
    }
    teller.table(&table)
}

fn rows(
    number: &PhoneNumber,
    told: &Explanation,
    settings: &Settings,
    teller: &Teller<'_>,
) -> Vec<(&'static str, String)> {
    let mut rows = vec![
        ("number", number.as_str().to_owned()),
        ("canonical", told.canonical.as_str().to_owned()),
        ("class", teller.word("dial-class", told.class.as_str())),
        ("rule", rule(told, settings, teller)),
    ];
    match &told.outcome {
        Ok(Route {
            number,
            uri,
            kind,
            via,
            ..
        }) => {
            let kind = serde_json::to_value(kind).unwrap_or_default();
            let kind = teller.word("dial-line", kind.as_str().unwrap_or_default());
            rows.push(("dialled", number.as_str().to_owned()));
            rows.push(("via", format!("{kind} {}", safe(via))));
            rows.push(("uri", safe(uri.reveal())));
        }
        Err(why) => {
            let why = teller.texts.say(&why.sentence(), teller.language);
            rows.push(("refused", why));
        }
    }
    rows
}

/// Its place in the file, from 1, and whom it is for.
fn rule(told: &Explanation, settings: &Settings, teller: &Teller<'_>) -> String {
    let found = told
        .rule
        .and_then(|n| Some((n, settings.dial.rule.get(n.checked_sub(1)?)?)));
    match found {
        Some((n, rule)) => format!("{n}: {}", rule.pattern),
        None => teller.text("cli.explain.no-rule"),
    }
}

fn raw(number: &PhoneNumber, told: &Explanation, settings: &Settings) -> Value {
    let mut raw = json!({
        "number": number,
        "canonical": told.canonical,
        "class": told.class,
        "rule": told.rule,
        "cap": settings.dial.daily_cap.get(&told.class),
    });
    let outcome = match &told.outcome {
        Ok(Route {
            number,
            uri,
            kind,
            via,
            ..
        }) => json!({
            "dialled": number,
            "uri": uri,
            "via": { "kind": kind, "name": via },
        }),
        Err(why) => json!({ "refused": why }),
    };
    if let (Value::Object(raw), Value::Object(outcome)) = (&mut raw, outcome) {
        raw.extend(outcome);
    }
    raw
}
