//! `thirdring support-bundle`: what somebody who helps needs to know of a call, in one file, without anybody's number.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde_json::{Value, json};
use tar::{Builder, Header};

use super::Teller;
use super::api::Api;
use super::arguments::SupportBundleArguments;
use super::call_verbs::chosen;
use super::devices;
use super::failure::{Failure, unusable};
use super::redaction::redacted;
use super::trace::{Traced, Words};
use crate::files;
use crate::words::{CallId, safe};

/// Of the log so much of what concerns the call is taken.
const LOG_BYTES_MAX: usize = 16 << 20;
/// A longer line is read as several.
const LINE_BYTES_MAX: u64 = 1 << 20;

pub(super) fn run(
    arguments: &SupportBundleArguments,
    api: &Api,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let call = chosen(arguments.call, api)?;
    let traced = Traced::of(call, api, teller)?;
    let mut parts = vec![
        ("about.json", about(call, api)?),
        ("call.txt", traced.drawn(Words::Redacted, teller)),
        ("call.svg", traced.svg(teller)),
        ("timeline.jsonl", json_lines(&traced.entries, redacted)),
        // These were masked before they were kept.
        ("sip.jsonl", json_lines(&traced.messages, |message| message)),
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

fn json_lines<T: serde::Serialize>(items: &[T], told: fn(Value) -> Value) -> String {
    let lines = items.iter().map(|item| {
        let value = serde_json::to_value(item).unwrap_or_default();
        format!("{}\n", told(value))
    });
    lines.collect()
}

/// The lines of a log that name the call; `-` is standard input.
fn of_log(log: &Path, call: CallId) -> Result<String, Failure> {
    let its = match log == Path::new("-") {
        true => lines_of(io::stdin().lock(), call),
        false => File::open(log).and_then(|file| lines_of(BufReader::new(file), call)),
    };
    its.map_err(|why| unusable(log, why))
}

/// A log may be larger than memory: only what is looked for is kept.
fn lines_of(mut log: impl BufRead, call: CallId) -> io::Result<String> {
    let call = call.to_string();
    let plain = call.replace('-', "");
    let (mut its, mut line) = (String::new(), Vec::new());
    let mut next = |line: &mut Vec<u8>| log.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', line);
    while its.len() < LOG_BYTES_MAX && next(&mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        if text.contains(&call) || text.contains(&plain) {
            its += &safe(text.trim_end());
            its.push('\n');
        }
        line.clear();
    }
    Ok(its)
}

/// A tar file with one folder, for whoever helps and not for all.
fn write(out: &Path, call: CallId, parts: &[(&str, Vec<u8>)]) -> io::Result<()> {
    let mut tar = Builder::new(files::create_private(out)?);
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
    tar.into_inner()?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_the_call_are_found_behind_any_number_of_others() {
        let call = CallId::new(0, [7; 10]);
        let mut log = b"somebody else's\n".repeat(100_000);
        log.extend(vec![b'x'; 3 * 1_024 * 1_024]);
        log.extend(format!("\ncall={call} \u{1b}[2Jended\n").into_bytes());
        let found = lines_of(log.as_slice(), call).unwrap();
        assert_eq!(found, format!("call={call} \\u{{1b}}[2Jended\n"));
    }
}
