use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::call::{
    Action, Call, ConsentBy, Input, LegNews, PhraseNews, PromiseKind, Promised, Recording, Say,
    Terms, Ticket, Timer,
};
use crate::policy::Means;
use crate::words::{Because, Command, ConsentFor, Moment, Party, PromptId};

use super::heard::Heard;
use super::legs::Legs;

/// More timers than this at one moment are a storm.
const TIMERS_AT_ONCE_MAX: u32 = 100;
/// A phrase that waits for its frame is not late.
const FRAME: Duration = Duration::from_millis(20);
/// Where the caller hears no person, only phrases (R20).
const ALONE: [&str; 6] = [
    "holding",
    "waiting",
    "connecting",
    "transferring",
    "consulting",
    "announcing",
];

/// Watches one call and writes down every promise to the caller that is broken.
#[derive(Debug)]
pub(super) struct Witness {
    terms: Arc<Terms>,
    pub(super) breaches: Vec<String>,
    pub(super) states: BTreeSet<&'static str>,
    legs: Legs,
    heard: Heard,
    rows: Rows,
    so_far: SoFar,
}

/// Which callbacks were asked for, and which kinds were committed (D24).
#[derive(Debug, Default)]
struct Rows {
    asked: BTreeMap<Ticket, PromiseKind>,
    noted: BTreeSet<PromiseKind>,
}

#[derive(Debug, Default)]
struct SoFar {
    /// The state before this step.
    before: &'static str,
    /// The open question was put to a caller on hold.
    asked_on_hold: bool,
    farewell_by_rep: bool,
    /// By what each leg was mended (R26).
    repaired: BTreeSet<(Party, Means)>,
    over: bool,
    /// How many timers struck at this moment.
    timers: (Moment, u32),
}

impl Witness {
    pub(super) fn new(terms: Arc<Terms>) -> Self {
        Self {
            terms,
            breaches: Vec::new(),
            states: BTreeSet::new(),
            legs: Legs::default(),
            heard: Heard::default(),
            rows: Rows::default(),
            so_far: SoFar::default(),
        }
    }

    /// One step of the call: what came in, what was done, where it led.
    pub(super) fn sees(
        &mut self,
        input: Option<&Input>,
        actions: &[Action],
        call: &Call,
        now: Moment,
    ) {
        let before = self.so_far.before;
        let known = self.breaches.len();
        self.judges_silence(now);
        if let Some(input) = input {
            self.notes(input, now);
        }
        for action in actions {
            self.notes_action(action, now);
            self.judges(action, actions, input);
        }
        self.judges_step(input, actions, call);
        self.arrives(call.state(), now);
        for breach in self.breaches.iter_mut().skip(known) {
            *breach = format!("{now:?}: {breach}; after {input:?} in {before}");
        }
    }

    fn breach(&mut self, what: impl Into<String>) {
        self.breaches.push(what.into());
    }

    /// R20: nobody waits for more than the grid without a word.
    fn judges_silence(&mut self, now: Moment) {
        if self.legs.caller_holds || !ALONE.contains(&self.so_far.before) {
            self.heard.quiet_since = now;
        }
        let quiet = now.since(self.heard.quiet_since);
        let most = self.terms.policy.hold.every.get() + FRAME;
        if self.heard.is_silent() && quiet > most {
            self.breach(format!("the caller heard nothing for {quiet:?}"));
            self.heard.quiet_since = now;
        }
    }

    fn notes(&mut self, input: &Input, now: Moment) {
        match input {
            Input::Leg(party, news) if !self.so_far.over => {
                self.legs.note(*party, *news, self.so_far.before);
            }
            Input::Phrase(utterance, PhraseNews::Ended { .. }) => {
                self.heard.ends(*utterance, now);
            }
            Input::Promised(ticket, promised) if *promised != Promised::NotNoted => {
                self.rows.noted.extend(self.rows.asked.get(ticket));
            }
            Input::Command(Command::ClosingSaid) => self.so_far.farewell_by_rep = true,
            Input::TimedOut(_) => self.notes_timer(now),
            _ => {}
        }
    }

    fn notes_timer(&mut self, now: Moment) {
        let (at, count) = self.so_far.timers;
        let count = if at == now { count + 1 } else { 1 };
        self.so_far.timers = (now, count);
        if count == TIMERS_AT_ONCE_MAX {
            self.breach("a storm of timers");
        }
    }

    fn notes_action(&mut self, action: &Action, now: Moment) {
        match action {
            Action::Answer => {
                self.legs.there.insert(Party::Caller);
            }
            Action::Call(party, _) => {
                self.legs.there.insert(*party);
                self.so_far.repaired.retain(|(of, _)| of != party);
            }
            Action::HangUp(party) => {
                self.legs.there.remove(party);
            }
            Action::Consent { to, given, by } if is_to_wait(*to, *given, *by) => {
                self.legs.may_hold();
            }
            Action::Cut(utterance) => self.heard.is_cut(*utterance, now),
            Action::Promise { ticket, kind, .. } => {
                self.rows.asked.insert(*ticket, *kind);
            }
            _ => {}
        }
    }

    fn judges(&mut self, action: &Action, step: &[Action], input: Option<&Input>) {
        if self.so_far.over && !matches!(action, Action::Refused(_)) {
            self.breach(format!("{action:?} when all was over"));
        }
        match action {
            // R30
            Action::Call(Party::Target, _) if !has_consent(step, ConsentFor::Transfer) => {
                self.breach("a target was called without consent");
            }
            Action::Record(Recording::Begin) => self.judges_recording(input),
            Action::HangUp(Party::Caller) => self.judges_hang_up(step, input),
            Action::Say(say) => self.judges_phrase(say),
            Action::Repair { party, by } => self.judges_repair(*party, *by),
            Action::Over(_) => self.judges_over(),
            _ => {}
        }
    }

    /// D32: nobody is recorded who has not just heard so, all of it.
    fn judges_recording(&mut self, input: Option<&Input>) {
        let whole = Some(true) == input.and_then(heard_whole);
        if !whole || !self.heard.told_last(&[&self.terms.policy.recording.notice]) {
            self.breach("recorded without notice");
        }
    }

    /// R29, R57; D27: no BYE before the farewell has ended.
    fn judges_hang_up(&mut self, step: &[Action], input: Option<&Input>) {
        let excused = step.iter().any(is_exception);
        let overdue = matches!(input, Some(Input::TimedOut(Timer::Overdue)));
        let said = self.so_far.farewell_by_rep && self.heard.is_silent();
        if self.legs.caller_confirmed && !excused && !overdue && !said && !self.farewell_told() {
            self.breach("the caller was left without a farewell");
        }
    }

    fn farewell_told(&self) -> bool {
        let policy = &self.terms.policy;
        let fault = &policy.line_fault;
        self.heard.told_last(&[
            &policy.closing.say,
            &fault.farewell,
            &fault.opening_farewell,
            &policy.callback.farewell,
            &policy.rating.thanks,
            &policy.rating.unrated,
        ])
    }

    fn judges_phrase(&mut self, say: &Say) {
        if !self.heard.begins(say) {
            self.breach(format!("'{}' over another phrase", say.phrase));
        }
        let noted = &self.rows.noted;
        let kept = match self.terms.promising.get(&say.phrase) {
            None => true,
            // When we call is true of whatever is noted.
            Some(_) if self.says_when(&say.phrase) => !noted.is_empty(),
            // A caller who waits is promised a rep, or an expert, with the same words.
            Some(PromiseKind::Rep) => noted.iter().any(|kind| !kind.is_fault()),
            Some(kind) => noted.contains(kind),
        };
        if !kept {
            self.breach(format!("'{}' promised what is not noted", say.phrase));
        }
    }

    fn says_when(&self, phrase: &PromptId) -> bool {
        let callback = &self.terms.policy.callback;
        [
            &callback.promise,
            &callback.promise_soon,
            &callback.promise_tomorrow,
            &callback.promise_today,
            &callback.promise_working_day,
        ]
        .contains(&phrase)
    }

    /// R26: each leg that is there, once by each means.
    fn judges_repair(&mut self, party: Party, by: Means) {
        if !self.legs.has(party) {
            self.breach(format!("the {party} is gone and was mended"));
        }
        if !self.so_far.repaired.insert((party, by)) {
            self.breach(format!("the {party} was mended twice by {by:?}"));
        }
    }

    fn judges_over(&mut self) {
        if std::mem::replace(&mut self.so_far.over, true) {
            self.breach("it was over twice");
        }
        if !self.legs.there.is_empty() {
            self.breach(format!("over, but not for {:?}", self.legs.there));
        }
    }

    fn judges_step(&mut self, input: Option<&Input>, step: &[Action], call: &Call) {
        let (from, to) = (self.so_far.before, call.state());
        if is_callers_end(input) && !call.has_ended() {
            self.breach("the caller is gone and the call goes on");
        }
        if call.has_ended() && call.timeout().is_some() {
            self.breach("a timer outlives the call");
        }
        let with_rep = to != "talking" || self.legs.has_able_rep();
        let with_target = to != "bridged" || self.legs.has(Party::Target);
        if !with_rep || !with_target {
            self.breach("the caller is with nobody");
        }
        let newly_held = from != to && to == "holding" && !self.so_far.asked_on_hold;
        let may_hold = has_consent(step, ConsentFor::Hold) || self.legs.is_held_by_phone();
        if newly_held && !may_hold {
            self.breach("held without consent");
        }
        if to != "talking"
            && step
                .iter()
                .any(|action| matches!(action, Action::Suggest(_)))
        {
            self.breach("a phrase was suggested to a rep who does not talk");
        }
        let rep_lost =
            matches!(input, Some(Input::Leg(Party::Rep, _))) || step.contains(&Action::SeatAbsent);
        if from == "talking" && to == "waiting" && !rep_lost {
            self.breach("left waiting by a rep who was not lost");
        }
    }

    fn arrives(&mut self, state: &'static str, now: Moment) {
        let before = std::mem::replace(&mut self.so_far.before, state);
        if state == "asking" && before != "asking" {
            self.so_far.asked_on_hold = before == "holding";
        }
        if !ALONE.contains(&before) {
            self.heard.quiet_since = now;
        }
        self.states.insert(state);
    }
}

/// Agreed to, or its absence recorded: nobody could ask (D7).
fn has_consent(step: &[Action], wanted: ConsentFor) -> bool {
    step.iter().any(|action| {
        let Action::Consent { to, given, by } = action else {
            return false;
        };
        let recorded_missing =
            matches!(by, ConsentBy::Muted | ConsentBy::Headset | ConsentBy::Phone);
        *to == wanted && (*given || recorded_missing)
    })
}

/// D11: one consent covers a transfer and its hold.
fn is_to_wait(to: ConsentFor, given: bool, by: ConsentBy) -> bool {
    to != ConsentFor::Callback && given || by == ConsentBy::Phone
}

fn heard_whole(input: &Input) -> Option<bool> {
    let Input::Phrase(_, PhraseNews::Ended { whole }) = input else {
        return None;
    };
    Some(*whole)
}

/// Endings that need no farewell (D27).
fn is_exception(action: &Action) -> bool {
    let Action::Over(ending) = action else {
        return false;
    };
    matches!(
        ending.because,
        Because::Forced
            | Because::NeverAcknowledged
            | Because::DialogLost
            | Because::HandedOff
            | Because::Machine
    )
}

fn is_callers_end(input: Option<&Input>) -> bool {
    matches!(
        input,
        Some(Input::Leg(
            Party::Caller,
            LegNews::HungUp
                | LegNews::Lost
                | LegNews::NeverAcked
                | LegNews::Cancelled
                | LegNews::AnsweredElsewhere
        ))
    )
}
