//! `thirdring trace`: why a call ended, in one sentence; then all that was said and done, as a ladder.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::api::Api;
use super::arguments::TraceArguments;
use super::call_verbs::chosen;
use super::failure::Failure;
use super::rehearse::unusable;
use super::{Teller, show};
use crate::records::{CallRecord, Entry, SipMessage, Way, What};
use crate::trace::{Ladder, pcap};
use crate::words::{CallId, Ending, Moment};

/// What is known of a call.
pub(super) struct Traced {
    call: CallId,
    /// Why it ended, in one sentence.
    why: String,
    pub(super) entries: Vec<Entry>,
    pub(super) messages: Vec<SipMessage>,
}

pub(super) fn trace(
    arguments: &TraceArguments,
    api: &Api,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let traced = Traced::of(chosen(arguments.call, api)?, api, teller)?;
    if teller.json {
        teller.line(&traced.json().to_string())?;
    } else {
        let drawn = traced.drawn(teller);
        teller.line(&drawn)?;
        let in_full = traced.messages.iter().filter(|_| arguments.messages);
        for message in in_full {
            whole(message, teller)?;
        }
    }
    if let Some(file) = &arguments.svg {
        let svg = traced.svg(teller);
        written(file, svg.as_bytes(), teller)?;
    }
    match &arguments.pcap {
        Some(file) => written(file, &traced.pcap(), teller),
        None => Ok(()),
    }
}

impl Traced {
    pub(super) fn of(call: CallId, api: &Api, teller: &Teller<'_>) -> Result<Self, Failure> {
        // These wait until all is written.
        let messages = lines(&format!("/api/v1/calls/{call}/sip.jsonl"), api)?;
        let entries: Vec<Entry> = lines(&format!("/api/v1/calls/{call}/timeline.jsonl"), api)?;
        let is_up = api.get(&format!("/api/v1/calls/{call}")).is_ok();
        let why = why(call, &entries, &messages, is_up, teller);
        Ok(Self {
            call,
            why,
            entries,
            messages,
        })
    }

    fn json(&self) -> Value {
        let Self {
            call,
            why,
            entries,
            messages,
        } = self;
        json!({ "call": call, "why": why, "timeline": entries, "messages": messages })
    }

    /// On a terminal: the sentence, then the ladder.
    pub(super) fn drawn(&self, teller: &Teller<'_>) -> String {
        let mut lines = vec![self.why.clone()];
        if self.messages.is_empty() {
            lines.push(teller.text("cli.trace.no-messages"));
        }
        lines.push(String::new());
        let (ladder, heads) = self.ladder(teller);
        lines.extend(ladder.began.map(|began| began.to_string()));
        lines.extend(ladder.lines(&heads));
        lines.join("\n")
    }

    pub(super) fn svg(&self, teller: &Teller<'_>) -> String {
        let (ladder, heads) = self.ladder(teller);
        ladder.svg(&format!("{}: {}", self.call, self.why), &heads)
    }

    pub(super) fn pcap(&self) -> Vec<u8> {
        pcap(&self.messages)
    }

    /// With the heads of its columns.
    fn ladder(&self, teller: &Teller<'_>) -> (Ladder, Vec<String>) {
        let events = self.entries.iter().map(event).collect();
        let ladder = Ladder::new(&self.messages, events);
        let ours = [teller.word("party", "agent")];
        let parties = ladder.parties.iter();
        let theirs = parties.map(|party| teller.word("party", party.as_str()));
        let heads = ours.into_iter().chain(theirs).collect();
        (ladder, heads)
    }
}

fn lines<T: DeserializeOwned>(path: &str, api: &Api) -> Result<Vec<T>, Failure> {
    let body = api.get(path)?;
    body.lines().map(|line| api.view(line)).collect()
}

/// One message with where it went.
fn whole(message: &SipMessage, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let arrow = match message.way {
        Way::Received => "<-",
        Way::Sent => "->",
    };
    let SipMessage {
        utc,
        transport,
        ours,
        theirs,
        text,
        ..
    } = message;
    teller.line("")?;
    teller.line(&format!("{utc} {transport} {ours} {arrow} {theirs}"))?;
    text.lines()
        .try_for_each(|line| teller.line(&show::safe(line)))
}

fn event(entry: &Entry) -> (Moment, Timestamp, String) {
    (entry.at, entry.utc, show::told(&entry.what))
}

/// Who ended it, why, when, and what the other side said about it.
fn why(
    call: CallId,
    entries: &[Entry],
    messages: &[SipMessage],
    is_up: bool,
    teller: &Teller<'_>,
) -> String {
    let record = CallRecord::from_entries(call, entries);
    let Some(Ending { by, because }) = record.ending else {
        let key = if is_up {
            "cli.trace.goes-on"
        } else {
            "cli.trace.cut"
        };
        return teller.text(key);
    };
    let (by, because) = (
        teller.word("party", by.as_str()),
        teller.word("because", because.as_str()),
    );
    let times = record.times;
    let after = times.answered.or(times.began).zip(times.ended);
    let after = after.map_or(0.0, |(from, to)| to.duration_since(from).as_secs_f64());
    let after = format!("{after:.1}");
    let reason = last_reason(entries, messages);
    let key = match (times.answered, &reason) {
        (Some(_), None) => "cli.trace.why",
        (None, None) => "cli.trace.why-unanswered",
        (Some(_), Some(_)) => "cli.trace.why-reason",
        (None, Some(_)) => "cli.trace.why-unanswered-reason",
    };
    let reason = reason.unwrap_or_default();
    let values = [
        ("by", &*by),
        ("because", &*because),
        ("after", &*after),
        ("reason", &*reason),
    ];
    teller.filled(key, &values)
}

/// The last refusal, or the Reason of the last BYE or CANCEL, that we were given before the end (RFC 3326).
fn last_reason(entries: &[Entry], messages: &[SipMessage]) -> Option<String> {
    let is_end = |entry: &&Entry| matches!(entry.what, What::Ended { .. });
    let end = entries.iter().find(is_end)?.at;
    let heard = messages
        .iter()
        .filter(|message| message.way == Way::Received && message.at <= end);
    heard.rev().find_map(|message| {
        let mut head = message.text.lines().take_while(|line| !line.is_empty());
        let start = head.next()?;
        let refusal = start
            .strip_prefix("SIP/2.0 ")
            .filter(|status| status.starts_with(['4', '5', '6']));
        // That we should log in is no reason.
        let refusal =
            refusal.filter(|status| !status.starts_with("401") && !status.starts_with("407"));
        let is_end = start.starts_with("BYE ") || start.starts_with("CANCEL ");
        let said = || head.find_map(|line| line.strip_prefix("Reason:").map(str::trim));
        let reason = refusal.or_else(|| is_end.then(said).flatten());
        reason.map(show::safe)
    })
}

fn written(file: &Path, bytes: &[u8], teller: &mut Teller<'_>) -> Result<(), Failure> {
    fs::write(file, bytes).map_err(|why| unusable(file, why))?;
    if teller.json {
        return Ok(());
    }
    let file = file.display().to_string();
    teller.line(&teller.filled("cli.trace.written", &[("file", &file)]))
}
