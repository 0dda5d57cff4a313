//! `thirdring doctor call`: an echo call, scored.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::arguments::EchoArguments;
use super::super::failure::Failure;
use super::super::table::Table;
use super::super::{Environment, Teller};
use super::ends_as;
use super::sheet::ANEW;
use crate::doctor::{Called, Case, Finding, Score, Verdict, Whom, call as call_echo};
use crate::sip::Uri;
use crate::words::Sentence;

pub(super) fn call(
    arguments: &EchoArguments,
    environment: &Environment,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let whom = whom(arguments.whom.as_deref())?;
    let state = environment.state().unwrap_or_default();
    let layers = arguments.layers.clone();
    let case = Case::new(layers.config, layers.set, state);
    let is_drawn = environment.terminal && !teller.json;
    let mut told = 0;
    let called = call_echo(&case, whom, |done, all| {
        let percent = done * 10 / all.max(1) * 10;
        if is_drawn && percent > told {
            told = percent;
            // A line that cannot be drawn is not missed: the table tells.
            let _ = write!(teller.out, "{ANEW}{percent} %…").and_then(|()| teller.out.flush());
        }
    });
    let called = called.map_err(Failure::NoEcho)?;
    if is_drawn {
        write!(teller.out, "{ANEW}").map_err(Failure::Output)?;
    }
    match teller.json {
        true => teller.line(&raw(&called, teller).to_string())?,
        false => show(&called, teller)?,
    }
    let worst = called.findings.iter().map(|finding| finding.verdict).max();
    ends_as(worst.unwrap_or(Verdict::Ok))
}

fn whom(text: Option<&str>) -> Result<Whom, Failure> {
    let Some(text) = text else {
        return Ok(Whom::Usual);
    };
    let is_number = text
        .chars()
        .all(|c| c.is_ascii_digit() || "+*#".contains(c));
    if is_number && !text.is_empty() {
        return Ok(Whom::Number(text.to_owned()));
    }
    let uri: Result<Uri, _> = text.parse();
    uri.map(Whom::Uri)
        .map_err(|_| Failure::NoEcho(Sentence::of("value.sip-address").with("found", text)))
}

fn show(called: &Called, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let score = &called.score;
    teller.line(&teller.filled("doctor.echo.called", &[("uri", &called.uri)]))?;
    let mut table = Table::default();
    let head = ["there", "back"].map(|way| teller.text(&format!("doctor.echo.{way}")));
    table.row([String::new()].into_iter().chain(head).collect());
    for (name, there, back) in rows(score) {
        let untold = || teller.text("doctor.echo.untold");
        let name = teller.text(&format!("doctor.echo.row.{name}"));
        table.row(vec![
            name,
            there.unwrap_or_else(untold),
            back.unwrap_or_else(untold),
        ]);
    }
    for line in table.lines() {
        teller.line(&line)?;
    }
    teller.line(&teller.texts.say(&round(score), teller.language))?;
    called
        .findings
        .iter()
        .try_for_each(|finding| tell(finding, teller))
}

/// What there is a figure of for each way.
fn rows(score: &Score) -> [(&'static str, Option<String>, Option<String>); 4] {
    let (there, back) = (score.there, score.back);
    let level = |dbov: Option<f32>| dbov.map(|dbov| format!("{dbov:.0} dBov"));
    [
        (
            "packets",
            Some(score.sent.to_string()),
            back.map(|back| back.received.to_string()),
        ),
        (
            "lost",
            there.map(|there| lost(there.lost, score.sent)),
            back.map(|back| lost(back.lost, back.received + back.lost)),
        ),
        (
            "jitter",
            there.map(|there| ms(there.jitter)),
            back.map(|back| ms(back.jitter)),
        ),
        ("level", level(score.said_dbov), level(score.heard_dbov())),
    ]
}

fn lost(lost: u32, all: u32) -> String {
    let part = f64::from(lost) * 100.0 / f64::from(all.max(1));
    format!("{lost} ({part:.1} %)")
}

fn ms(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}

/// What is of both ways together.
fn round(score: &Score) -> Sentence {
    let delay = score.delay().map_or_else(|| "-".to_owned(), ms);
    Sentence::of("doctor.echo.round")
        .with("delay", delay)
        .with("whole", score.whole())
        .with("said", score.said)
        .with("codec", score.codec)
        .with("answered", ms(score.answered_after))
}

fn tell(finding: &Finding, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let verdict = teller.text(&format!("doctor.verdict.{}", finding.verdict.as_str()));
    let say = |sentence: &Sentence| teller.texts.say(sentence, teller.language);
    let cause = say(&finding.cause);
    let remedy = finding.remedy().map(|remedy| say(&remedy));
    teller.line(&format!("{verdict}  {cause}"))?;
    match remedy {
        Some(remedy) => teller.line(&format!("  → {remedy}")),
        None => Ok(()),
    }
}

fn raw(called: &Called, teller: &Teller<'_>) -> Value {
    let score = &called.score;
    let say = |sentence: &Sentence| teller.texts.say(sentence, teller.language);
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let findings = called.findings.iter().map(|finding| {
        json!({
            "verdict": finding.verdict.as_str(),
            "key": finding.cause.key(),
            "cause": say(&finding.cause),
            "remedy": finding.remedy().map(|remedy| say(&remedy)),
        })
    });
    json!({
        "uri": called.uri,
        "codec": score.codec,
        "answered_after_ms": millis(score.answered_after),
        "there": {
            "packets": score.sent,
            "lost": score.there.map(|there| there.lost),
            "jitter_ms": score.there.map(|there| millis(there.jitter)),
            "level_dbov": score.said_dbov,
        },
        "back": {
            "packets": score.back.map(|back| back.received),
            "lost": score.back.map(|back| back.lost),
            "jitter_ms": score.back.map(|back| millis(back.jitter)),
            "level_dbov": score.heard_dbov(),
        },
        "delay_ms": score.delay().map(millis),
        "said": score.said,
        "heard": score.heard(),
        "whole": score.whole(),
        "findings": findings.collect::<Vec<_>>(),
    })
}
