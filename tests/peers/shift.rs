//! Thirty callers of SIPp at two seats: who got which call, judged from what the agent told.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use thirdring::records::{Entry, SeatChange, What};
use thirdring::words::{CallId, Moment, SeatId};

use super::agent::House;
use super::missing::{Need, can_run};

const CALLERS: usize = 30;
/// More than two seats can serve: some callers wait.
const BETWEEN_MS: &str = "1200";
/// No seat is idle for longer while a caller waits.
const IDLE_MAX: Duration = Duration::from_secs(1);
/// Who has a seat within this has not waited.
const AT_ONCE: Duration = Duration::from_millis(100);
/// From the first caller to the last one's end.
const WITHIN: Duration = Duration::from_secs(120);

#[test]
fn thirty_callers_at_two_seats_are_served_in_turn() {
    if !can_run(&[Need::Sipp]) {
        return;
    }
    let agent = House::fast()
        .set("line.watch = \"off\"")
        .set("seats.wrap_up.for = \"400ms\"")
        .seat("rep1", "echo")
        .seat("rep2", "echo")
        .open();
    let mut events = agent.events();
    let callers = Command::new("timeout")
        .args(["110", "sipp", "-sf", "tests/peers/sipp/random_stay.xml"])
        .args([&agent.sip.to_string(), "-i", "127.0.0.1", "-nostdin"])
        .args(["-r", "1", "-rp", BETWEEN_MS, "-m", &CALLERS.to_string()])
        .output()
        .expect("SIPp runs");
    assert!(
        callers.status.success(),
        "{}",
        String::from_utf8_lossy(&callers.stdout)
    );
    let ends = Cell::new(0);
    events.wait("the last call's end", WITHIN, |it| {
        ends.set(ends.get() + usize::from(is_end(it)));
        ends.get() == CALLERS
    });
    events.catch_up();
    let day = Day::of(&events.seen);
    println!("{}", day.told());
    day.judge();
}

fn is_end(entry: &Entry) -> bool {
    matches!(entry.what, What::Ended { .. })
}

/// What happened, as spans of time.
#[derive(Default)]
struct Day {
    calls: usize,
    /// Which seat had which call.
    talks: Vec<(CallId, SeatId, Span)>,
    idle: Vec<(SeatId, Span)>,
    /// From when a caller came until a seat was rung for him, or he left.
    waits: Vec<(CallId, Span)>,
}

#[derive(Clone, Copy)]
struct Span {
    from: Moment,
    until: Moment,
}

impl Span {
    fn lasted(self) -> Duration {
        self.until.since(self.from)
    }

    fn shared(self, other: Self) -> Duration {
        let from = self.from.max(other.from);
        self.until.min(other.until).since(from)
    }
}

impl Day {
    fn of(entries: &[Entry]) -> Self {
        let mut day = Self::default();
        let mut waiting: BTreeMap<CallId, Moment> = BTreeMap::new();
        let mut stood: BTreeMap<SeatId, Moment> = BTreeMap::new();
        let mut talking: BTreeMap<SeatId, CallId> = BTreeMap::new();
        for entry in entries {
            match (&entry.what, entry.call) {
                (What::Ended { .. }, Some(call)) => {
                    day.calls += 1;
                    day.waited(&mut waiting, call, entry.at);
                }
                (What::Seated { .. }, Some(call)) => day.waited(&mut waiting, call, entry.at),
                (What::Begun { .. }, Some(call)) => drop(waiting.insert(call, entry.at)),
                (What::Seat(change), None) => {
                    day.changed(change, entry.at, &mut stood, &mut talking)
                }
                (_, _) => {}
            }
        }
        day
    }

    fn waited(&mut self, waiting: &mut BTreeMap<CallId, Moment>, call: CallId, until: Moment) {
        if let Some(from) = waiting.remove(&call) {
            self.waits.push((call, Span { from, until }));
        }
    }

    fn changed(
        &mut self,
        change: &SeatChange,
        at: Moment,
        stood: &mut BTreeMap<SeatId, Moment>,
        talking: &mut BTreeMap<SeatId, CallId>,
    ) {
        let seat = change.seat.clone();
        let from = stood.insert(seat.clone(), at);
        let span = from.map(|from| Span { from, until: at });
        match (change.from.as_str(), span, talking.remove(&seat)) {
            ("in-call", Some(span), Some(call)) => self.talks.push((call, seat.clone(), span)),
            ("available", Some(span), None) => self.idle.push((seat.clone(), span)),
            (_, _, _) => {}
        }
        if let ("in-call", Some(call)) = (change.to.as_str(), change.of_call) {
            talking.insert(seat, call);
        }
    }

    fn judge(&self) {
        assert_eq!(self.calls, CALLERS);
        let mut had: BTreeMap<CallId, &SeatId> = BTreeMap::new();
        for (call, seat, _) in &self.talks {
            assert_eq!(had.insert(*call, seat), None, "{call} had two seats");
        }
        for (seat, talk) in self.talks.iter().map(|(_, seat, talk)| (seat, talk)) {
            let others = self.talks.iter().filter(|(_, other, _)| other == seat);
            let at_once = others.filter(|(_, _, other)| !talk.shared(*other).is_zero());
            assert_eq!(at_once.count(), 1, "{seat} had two calls at once");
        }
        assert!(
            self.longest_slight() <= IDLE_MAX,
            "{:?}",
            self.longest_slight()
        );
        let each: Vec<usize> = self.seats().into_values().collect();
        assert!(
            each.len() == 2 && each.iter().all(|calls| *calls >= 5),
            "{each:?}"
        );
    }

    /// The longest time that a seat was idle while a caller waited.
    fn longest_slight(&self) -> Duration {
        let pairs = self.waits.iter().flat_map(|(_, wait)| {
            let idle = self.idle.iter();
            idle.map(|(_, idle)| idle.shared(*wait))
        });
        pairs.max().unwrap_or_default()
    }

    fn seats(&self) -> BTreeMap<&SeatId, usize> {
        let mut seats = BTreeMap::new();
        for (_, seat, _) in &self.talks {
            *seats.entry(seat).or_default() += 1;
        }
        seats
    }

    fn told(&self) -> String {
        let each = self.seats().into_iter().map(|(seat, calls)| {
            let talks = self.talks.iter().filter(|(_, of, _)| of == seat);
            let talk: Duration = talks.map(|(_, _, span)| span.lasted()).sum();
            let idle = self.idle.iter().filter(|(of, _)| of == seat);
            let idle: Duration = idle.map(|(_, span)| span.lasted()).sum();
            format!("{seat}: {calls} calls, {talk:.1?} talk, {idle:.1?} idle\n")
        });
        let each: String = each.collect();
        let waits = self.waits.iter().map(|(_, wait)| wait.lasted());
        let waited: Vec<Duration> = waits.filter(|wait| *wait > AT_ONCE).collect();
        let longest = waited.iter().max().copied();
        format!(
            "{each}{} calls, {} waited, {:.1?} at most; a seat idle meanwhile: {:?} at most; Jain {:.4}",
            self.calls,
            waited.len(),
            longest.unwrap_or_default(),
            self.longest_slight(),
            self.jain()
        )
    }

    fn jain(&self) -> f64 {
        let each: Vec<f64> = self
            .seats()
            .into_values()
            .map(|calls| calls as f64)
            .collect();
        let (sum, squares) = (
            each.iter().sum::<f64>(),
            each.iter().map(|it| it * it).sum::<f64>(),
        );
        sum * sum / (each.len() as f64 * squares)
    }
}
