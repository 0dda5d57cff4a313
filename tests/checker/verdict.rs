//! What the wire and the API say of the promises: lost, doubled, in flight twice.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Instant;

use jiff::Timestamp;
use serde_json::Value;

use super::office::Report;
use super::wire::{Line, What};

/// Each finding is a sentence; there should be none.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) invites: usize,
    pub(super) answered: usize,
    /// Acknowledged promises that did not end, or that are done and nobody answered.
    pub(super) lost: Vec<String>,
    /// Two calls in flight for one number or promise.
    pub(super) overlap: Vec<String>,
    /// Called by another desk while they talked to a rep, their promise kept.
    pub(super) called_in_a_talk: Vec<String>,
    /// Answered, and called again all the same.
    pub(super) doubled: Vec<String>,
    /// INVITEs that no attempt's row tells of, and others that should not be.
    pub(super) strays: Vec<String>,
    /// Attempts of which nobody knows how they ended.
    pub(super) uncertain: usize,
    /// Customers who hung up in the opening words, and were called again.
    pub(super) again_after_hanging_up: usize,
}

/// One INVITE and what came of it, on the wire.
#[derive(Debug)]
struct Call<'a> {
    call_id: &'a str,
    /// Promise and attempt, of which the Call-ID is made (D24).
    of: Option<(&'a str, u64)>,
    number: &'a str,
    desk: SocketAddr,
    began: Instant,
    began_utc: Timestamp,
    branches: BTreeSet<&'a str>,
    /// Of the last line.
    last: Instant,
    heard_of_us: bool,
    answered: bool,
    /// By whom it was ended, if by anybody.
    end: Option<(Instant, &'a What)>,
}

impl Verdict {
    pub(super) fn of(report: &Report) -> Self {
        let calls = calls(&report.lines);
        let rows: BTreeMap<&str, &Value> = report
            .rows
            .iter()
            .map(|row| (text(row, "id"), row))
            .collect();
        let histories = rows.values().flat_map(|row| history(row));
        let uncertain = histories.filter(|attempt| outcome(attempt) == "unknown");
        let (doubled, again_after_hanging_up) = doubled(&calls, &rows);
        let (overlap, called_in_a_talk) = overlap(report, &calls, &rows);
        Self {
            invites: calls.len(),
            answered: calls.iter().filter(|call| call.answered).count(),
            lost: lost(report, &rows, &calls),
            overlap,
            called_in_a_talk,
            doubled,
            strays: strays(&calls, &rows),
            uncertain: uncertain.count(),
            again_after_hanging_up,
        }
    }
}

impl Verdict {
    /// I1, I2, I3 and I5.
    pub(super) fn assert_kept(&self) {
        let none: [String; 0] = [];
        assert_eq!(self.lost, none, "lost");
        assert_eq!(self.overlap, none, "overlap");
        assert_eq!(self.called_in_a_talk, none, "called in a talk");
        assert_eq!(self.doubled, none, "doubled answers");
        assert_eq!(self.strays, none, "strays");
    }
}

/// Folded by Call-ID, in the order of their first INVITE.
fn calls(lines: &[Line]) -> Vec<Call<'_>> {
    let mut calls: Vec<Call<'_>> = Vec::new();
    let mut places = BTreeMap::new();
    for line in lines {
        let place = places.get(line.call_id.as_str()).copied();
        if let What::Invite {
            number,
            from,
            branch,
        } = &line.what
        {
            let place = place.unwrap_or_else(|| {
                calls.push(Call::new(line, number, *from));
                calls.len() - 1
            });
            places.insert(line.call_id.as_str(), place);
            calls[place].branches.insert(branch);
            calls[place].last = line.at;
        } else if let Some(place) = place {
            calls[place].take(line);
        }
    }
    calls
}

impl<'a> Call<'a> {
    fn new(line: &'a Line, number: &'a str, desk: SocketAddr) -> Self {
        Self {
            call_id: &line.call_id,
            of: derived(&line.call_id),
            number,
            desk,
            began: line.at,
            began_utc: line.utc,
            branches: BTreeSet::new(),
            last: line.at,
            heard_of_us: false,
            answered: false,
            end: None,
        }
    }

    fn take(&mut self, line: &'a Line) {
        self.heard_of_us = true;
        self.answered |= line.what == What::Answered;
        if line.what.is_end() {
            self.end.get_or_insert((line.at, &line.what));
        }
    }

    /// Until it was ended, or its desk was killed; a telephone that never said a word did not ring after the last
    /// INVITE. None: it lasts.
    fn over(&self, report: &Report) -> Option<Instant> {
        let ended = self.end.map(|(at, _)| at);
        let rounds = report.rounds.get(&self.desk).map_or(&[][..], Vec::as_slice);
        let mut deaths = rounds.iter().map(|round| round.death.over);
        let killed = deaths.find(|at| *at >= self.began);
        let silent = (!self.heard_of_us).then_some(self.last);
        [ended, killed, silent].into_iter().flatten().min()
    }

    fn was_hung_up_by_customer(&self) -> bool {
        matches!(self.end, Some((_, What::HungUp)))
    }
}

/// `callback-<promise>-<attempt>`.
fn derived(call_id: &str) -> Option<(&str, u64)> {
    let (promise, attempt) = call_id.strip_prefix("callback-")?.rsplit_once('-')?;
    Some((promise, attempt.parse().ok()?))
}

fn lost(report: &Report, rows: &BTreeMap<&str, &Value>, calls: &[Call<'_>]) -> Vec<String> {
    let answered = calls.iter().filter(|call| call.answered);
    let answered: BTreeSet<&str> = answered.filter_map(|call| Some(call.of?.0)).collect();
    let promised = report.acknowledged.values().map(String::as_str);
    let all = promised.chain(rows.keys().copied());
    let all: BTreeSet<&str> = all.collect();
    let judge = |id: &str| match rows.get(id) {
        None => Some("there is no row".to_owned()),
        Some(row) => match text(row, "state") {
            "done" if !answered.contains(id) => Some("is done, and nobody answered".to_owned()),
            "done" | "given-up" | "uncertain" => None,
            // Nobody cancels here: another row keeps the promise.
            "cancelled" => keeper(row)
                .filter(|id| rows.contains_key(id))
                .map_or_else(|| Some(format!("was cancelled: {row}")), |_| None),
            state => Some(format!("is {state} at the end")),
        },
    };
    let lost = all.into_iter().filter_map(|id| Some((id, judge(id)?)));
    lost.map(|(id, why)| format!("office {}: {id} {why}", report.office))
        .collect()
}

fn keeper(row: &Value) -> Option<&str> {
    row["because"].as_str()?.strip_prefix("merged into ")
}

/// And who was called by another desk in a talk, whose promise was kept.
fn overlap(
    report: &Report,
    calls: &[Call<'_>],
    rows: &BTreeMap<&str, &Value>,
) -> (Vec<String>, Vec<String>) {
    let (mut found, mut in_a_talk) = (Vec::new(), Vec::new());
    for (place, call) in calls.iter().enumerate() {
        let over = call.over(report);
        let later = calls[place + 1..].iter();
        let meanwhile = later.take_while(|other| over.is_none_or(|over| other.began < over));
        for other in meanwhile.filter(|other| other.is_for_the_same(call)) {
            let (second, first) = (other.call_id, call.call_id);
            let talked = other.desk != call.desk && was_joined_before(call, other.began_utc, rows);
            let list = if talked { &mut in_a_talk } else { &mut found };
            list.push(format!(
                "office {}: {second} began during {first}",
                report.office
            ));
        }
    }
    (found, in_a_talk)
}

fn was_joined_before(call: &Call<'_>, utc: Timestamp, rows: &BTreeMap<&str, &Value>) -> bool {
    let joined = told(call, rows).filter(|attempt| outcome(attempt) == "joined");
    let at = joined.and_then(|attempt| text(attempt, "ended_utc").parse::<Timestamp>().ok());
    at.is_some_and(|at| at < utc)
}

impl Call<'_> {
    fn is_for_the_same(&self, other: &Self) -> bool {
        self.number == other.number || promise(self) == promise(other)
    }
}

/// Promises that were answered and called again all the same; and how many of them had hung up before a rep was there,
/// which is known and on the retry schedule.
fn doubled(calls: &[Call<'_>], rows: &BTreeMap<&str, &Value>) -> (Vec<String>, usize) {
    let mut before: BTreeMap<&str, &Call<'_>> = BTreeMap::new();
    let (mut doubled, mut again) = (unearned(rows), 0);
    for call in calls.iter().filter(|call| call.answered) {
        let first = promise(call).and_then(|promise| before.insert(promise, call));
        let Some(first) = first else {
            continue;
        };
        let told = told_outcome(first, rows);
        if told == "abandoned" && first.was_hung_up_by_customer() {
            again += 1;
        } else {
            let (second, first) = (call.call_id, first.call_id);
            doubled.push(format!("{second} was answered after {told} {first}"));
        }
    }
    (doubled, again)
}

/// A call that dies with us is owed a callback (D29), but of our own calls those only that were joined.
fn unearned(rows: &BTreeMap<&str, &Value>) -> Vec<String> {
    let mut joined: BTreeMap<&str, usize> = BTreeMap::new();
    let mut died: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows.values() {
        let talks = history(row).filter(|attempt| outcome(attempt) == "joined");
        *joined.entry(text(row, "number")).or_default() += talks.count();
        // Clients ask for theirs in no call; the kind is that of all that was merged.
        *died.entry(text(row, "number")).or_default() += usize::from(!row["origin"].is_null());
    }
    let more = died
        .into_iter()
        .filter(|(number, died)| *died > joined[number]);
    more.map(|(number, died)| {
        format!(
            "{number}: {died} calls died, {} were joined",
            joined[number]
        )
    })
    .collect()
}

fn promise<'a>(call: &Call<'a>) -> Option<&'a str> {
    Some(call.of?.0)
}

fn strays(calls: &[Call<'_>], rows: &BTreeMap<&str, &Value>) -> Vec<String> {
    let mut found = Vec::new();
    for call in calls {
        if told(call, rows).is_none() {
            found.push(format!("no attempt's row tells of {}", call.call_id));
        }
        if call.branches.len() > 1 {
            found.push(format!(
                "{} has {} transactions",
                call.call_id,
                call.branches.len()
            ));
        }
    }
    let mut reasons = BTreeSet::new();
    // A call that died with us has no key of a client's. What a desk noted while its server was down stands for the row
    // that another desk noted by the same key.
    let stands_in = |row: &Value| {
        let keeper = keeper(row).and_then(|id| rows.get(id));
        keeper.is_some_and(|keeper| text(keeper, "reason") == text(row, "reason"))
    };
    let asked = rows
        .values()
        .filter(|row| row["origin"].is_null() && !stands_in(row));
    let twice = asked.filter(|row| !reasons.insert(text(row, "reason")));
    found.extend(twice.map(|row| format!("{} has two rows", text(row, "reason"))));
    found
}

/// The attempt's row.
fn told<'a>(call: &Call<'_>, rows: &BTreeMap<&str, &'a Value>) -> Option<&'a Value> {
    let (promise, attempt) = call.of?;
    let row = rows.get(promise)?;
    history(row).find(|it| it["number"] == attempt && it["sip_call_id"] == call.call_id)
}

fn told_outcome<'a>(call: &Call<'_>, rows: &BTreeMap<&str, &'a Value>) -> &'a str {
    told(call, rows).map_or("an untold", outcome)
}

fn outcome(attempt: &Value) -> &str {
    attempt["outcome"].as_str().unwrap_or("none")
}

fn history(row: &Value) -> impl Iterator<Item = &Value> {
    row["history"].as_array().into_iter().flatten()
}

fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::super::desk::{Death, How};
    use super::super::office::Round;
    use super::*;

    const DESK: &str = "127.0.0.1:5060";

    /// Seconds after the beginning, what, and which call: promise and attempt.
    fn report(lines: &[(u64, What, &str)], rows: Vec<Value>) -> Report {
        let began = Instant::now();
        let at = |s| began + Duration::from_secs(s);
        let lines = lines.iter().map(|(s, what, call)| Line {
            at: at(*s),
            utc: Timestamp::UNIX_EPOCH + Duration::from_secs(*s),
            call_id: format!("callback-{call}"),
            what: what.clone(),
        });
        let death = Death {
            spawned: began,
            over: at(10),
            how: How::AtAnyMoment,
        };
        let round = Round {
            death,
            answered: None,
            ready: None,
        };
        let acknowledged = rows
            .iter()
            .map(|row| (text(row, "reason"), text(row, "id")));
        let acknowledged = acknowledged.map(|(reason, id)| (reason.to_owned(), id.to_owned()));
        Report {
            office: 1,
            lines: lines.collect(),
            rounds: BTreeMap::from([(DESK.parse().unwrap(), vec![round])]),
            acknowledged: acknowledged.collect(),
            rows,
            scratches: Vec::new(),
        }
    }

    fn invite() -> What {
        invite_by("z9")
    }

    fn invite_by(branch: &str) -> What {
        What::Invite {
            number: "13800000001".to_owned(),
            from: DESK.parse().unwrap(),
            branch: branch.to_owned(),
        }
    }

    fn row(id: &str, state: &str, outcomes: &[&str]) -> Value {
        let attempts = outcomes.iter().zip(1..);
        let history: Vec<_> = attempts
            .map(|(outcome, n)| json!({ "number": n, "sip_call_id": format!("callback-{id}-{n}"), "outcome": outcome }))
            .collect();
        json!({ "id": id, "kind": "rep", "state": state, "reason": id, "history": history })
    }

    #[test]
    fn a_promise_that_was_kept_is_found_kept() {
        let lines = [
            (1, invite(), "a-1"),
            (2, What::Refused(486), "a-1"),
            (3, invite(), "a-2"),
            (4, What::Answered, "a-2"),
            (5, What::HungUp, "a-2"),
        ];
        let verdict = Verdict::of(&report(&lines, vec![row("a", "done", &["busy", "joined"])]));
        let findings = [
            &verdict.lost,
            &verdict.overlap,
            &verdict.doubled,
            &verdict.strays,
        ];
        assert!(findings.iter().all(|found| found.is_empty()), "{verdict:?}");
        assert_eq!((verdict.invites, verdict.answered), (2, 1));
    }

    #[test]
    fn promises_that_are_open_or_gone_or_done_by_nobody_are_lost() {
        let mut report = report(&[], vec![row("a", "open", &[]), row("b", "done", &[])]);
        report.acknowledged.insert("c".to_owned(), "c".to_owned());
        assert_eq!(Verdict::of(&report).lost.len(), 3);
    }

    #[test]
    fn a_call_overlaps_the_one_before_unless_that_was_ended_or_killed() {
        let rows = || {
            vec![
                row("a", "done", &["joined"]),
                row("b", "uncertain", &["unknown"]),
            ]
        };
        let overlaps = |ended: Option<u64>, later| {
            let mut lines = vec![(1, invite(), "a-1"), (2, What::Answered, "a-1")];
            lines.extend(ended.map(|s| (s, What::WasHungUp, "a-1")));
            lines.push((later, invite(), "b-1"));
            Verdict::of(&report(&lines, rows())).overlap.len()
        };
        assert_eq!(overlaps(None, 5), 1);
        assert_eq!(overlaps(Some(4), 5), 0);
        assert_eq!(overlaps(None, 11), 0, "killed at 10");
    }

    #[test]
    fn a_callback_for_a_call_that_died_before_it_was_joined_is_doubled() {
        let crash = |id| json!({ "id": id, "origin": "call", "state": "uncertain", "number": "1" });
        let doubled = |outcome| {
            let mut row = row("a", "done", &[outcome]);
            row["number"] = "1".into();
            unearned(&BTreeMap::from([("a", &row), ("b", &crash("b"))])).len()
        };
        assert_eq!(doubled("unknown"), 1);
        assert_eq!(doubled("joined"), 0);
    }

    #[test]
    fn a_second_answer_is_doubled_unless_he_had_hung_up_in_the_opening_words() {
        let doubled = |first: &str| {
            let lines = [
                (1, invite(), "a-1"),
                (2, What::Answered, "a-1"),
                (3, What::HungUp, "a-1"),
                (4, invite(), "a-2"),
                (5, What::Answered, "a-2"),
            ];
            let verdict = Verdict::of(&report(&lines, vec![row("a", "done", &[first, "joined"])]));
            (verdict.doubled.len(), verdict.again_after_hanging_up)
        };
        assert_eq!(doubled("abandoned"), (0, 1));
        assert_eq!(doubled("unknown"), (1, 0));
    }

    #[test]
    fn an_invite_without_a_row_and_a_second_transaction_are_strays() {
        let other = invite_by("z10");
        let lines = [
            (1, invite(), "a-1"),
            (2, other, "a-1"),
            (3, invite(), "b-1"),
        ];
        let verdict = Verdict::of(&report(&lines, vec![row("a", "uncertain", &["unknown"])]));
        assert_eq!(verdict.strays.len(), 2, "{:?}", verdict.strays);
        assert_eq!(verdict.uncertain, 1);
    }
}
