//! `thirdring support-bundle`: what somebody who helps needs to know of a call, in one file, without anybody's number.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use serde_json::{Map, Value, json};
use tar::{Builder, Header};

use super::api::Api;
use super::arguments::SupportBundleArguments;
use super::call_verbs::chosen;
use super::devices;
use super::failure::Failure;
use super::rehearse::unusable;
use super::trace::Traced;
use super::{Teller, show};
use crate::sip::masked_text;
use crate::words::CallId;

/// Of the log that is given: so much of its end is looked through.
const LOG_MAX_BYTES: u64 = 64 << 20;
/// Fields that hold what people wrote or said.
const PEOPLES_WORDS: [&str; 4] = ["note", "text", "reason", "caller_name"];
/// Fields that hold a number.
const NUMBERS: [&str; 3] = ["caller", "number", "to"];

pub(super) fn run(
    arguments: &SupportBundleArguments,
    api: &Api,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let call = chosen(arguments.call, api)?;
    let traced = Traced::of(call, api, teller)?;
    let mut parts = vec![
        ("about.json", about(call, api)?),
        ("call.txt", traced.drawn(teller)),
        ("call.svg", traced.svg(teller)),
        ("timeline.jsonl", json_lines(&traced.entries)),
        ("sip.jsonl", json_lines(&traced.messages)),
        ("seats.json", redacted_answer("/api/v1/seats", api)?),
        (
            "registrations.json",
            redacted_answer("/api/v1/registrations", api)?,
        ),
        ("metrics.txt", api.get("/metrics").unwrap_or_default()),
        ("sound-devices.json", devices::described()),
    ]
    .into_iter()
    .map(|(name, text)| (name, text.into_bytes()))
    .collect::<Vec<_>>();
    parts.push(("call.pcap", traced.pcap()));
    if let Some(log) = &arguments.log {
        parts.push(("log.txt", of_log(log, call)?.into_bytes()));
    }
    let out = arguments
        .out
        .clone()
        .unwrap_or_else(|| format!("thirdring-{call}.tar").into());
    write(&out, call, &parts).map_err(|why| unusable(&out, why))?;
    if teller.json {
        let names: Vec<&str> = parts.iter().map(|(name, _)| *name).collect();
        return teller.line(&json!({ "file": out, "parts": names }).to_string());
    }
    let file = out.display().to_string();
    teller.line(&teller.filled("cli.support-bundle.written", &[("file", &file)]))
}

/// Which program on which machine, and how the agent is.
fn about(call: CallId, api: &Api) -> Result<String, Failure> {
    let health: Value =
        serde_json::from_str(&api.get_whatever_its_status("/healthz")?).unwrap_or_default();
    let about = json!({
        "call": call,
        "version": env!("CARGO_PKG_VERSION"),
        "system": std::env::consts::OS,
        "processor": std::env::consts::ARCH,
        "health": health,
    });
    Ok(pretty(&about))
}

fn redacted_answer(path: &str, api: &Api) -> Result<String, Failure> {
    let answer: Value = api.read(path)?;
    Ok(pretty(&redacted(answer)))
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn json_lines<T: serde::Serialize>(items: &[T]) -> String {
    let lines = items.iter().map(|item| {
        let value = serde_json::to_value(item).unwrap_or_default();
        format!("{}\n", redacted(value))
    });
    lines.collect()
}

/// Without numbers and what people wrote.
fn redacted(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(redacted_field)
                .collect::<Map<_, _>>(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(redacted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn redacted_field((name, value): (String, Value)) -> (String, Value) {
    let Value::String(text) = &value else {
        return (name, redacted(value));
    };
    let is_said = PEOPLES_WORDS.contains(&&*name) && !text.is_empty() && !text.contains("SIP/2.0");
    let shown = match NUMBERS.contains(&&*name) {
        _ if is_said => "***".to_owned(),
        true => masked_text(text),
        false => text.clone(),
    };
    (name, Value::from(shown))
}

/// The lines of a log that name the call; `-` is standard input.
fn of_log(log: &Path, call: CallId) -> Result<String, Failure> {
    let mut text = Vec::new();
    let read = match log == Path::new("-") {
        true => io::stdin()
            .lock()
            .take(LOG_MAX_BYTES)
            .read_to_end(&mut text),
        false => File::open(log).and_then(|file| file.take(LOG_MAX_BYTES).read_to_end(&mut text)),
    };
    read.map_err(|why| unusable(log, why))?;
    let call = call.to_string();
    let plain = call.replace('-', "");
    let text = String::from_utf8_lossy(&text);
    let its = text
        .lines()
        .filter(|line| line.contains(&call) || line.contains(&plain));
    Ok(its.map(|line| format!("{}\n", show::safe(line))).collect())
}

/// A tar file with one folder.
fn write(out: &Path, call: CallId, parts: &[(&str, Vec<u8>)]) -> io::Result<()> {
    let mut tar = Builder::new(File::create(out)?);
    for (name, bytes) in parts {
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        header.set_cksum();
        tar.append_data(
            &mut header,
            format!("thirdring-{call}/{name}"),
            bytes.as_slice(),
        )?;
    }
    tar.into_inner()?.sync_all()?;
    private(out)
}

/// A bundle is for whoever helps, not for all.
#[cfg(unix)]
fn private(out: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(out, fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn private(out: &Path) -> io::Result<()> {
    fs::metadata(out).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_person_or_was_said_by_him_is_left_out() {
        let seat = json!({
            "seat": "rep1",
            "caller": "13900139000",
            "call": { "note": "wants his money back", "reason": "", "began": 17 },
            "targets": [{ "number": "+86 10 1234 5678" }],
        });
        let expected = json!({
            "seat": "rep1",
            "caller": "xxxxxxxxx00",
            "call": { "note": "***", "reason": "", "began": 17 },
            "targets": [{ "number": "+xx xx xxxx xx78" }],
        });
        assert_eq!(redacted(seat), expected);
    }
}
