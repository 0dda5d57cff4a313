use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use thirdring::call::{
    Action, Call, ConsentBy, Input, LegNews, PhraseNews, PromiseKind, Promised, Say, Terms, Ticket,
    Timer, Utterance,
};
use thirdring::words::{Because, Command, ConsentFor, Moment, Party, PromptId};

/// More timers than this at one moment are a storm.
const TIMERS_AT_ONCE_MAX: u32 = 100;
/// A phrase that waits for the grid's frame is not late.
const FRAME: Duration = Duration::from_millis(20);
/// Where the caller hears no person, only phrases (R20).
const ALONE: [&str; 5] = [
    "holding",
    "waiting",
    "transferring",
    "consulting",
    "announcing",
];

/// Watches one call and writes down every promise to the caller that is broken.
#[derive(Debug)]
pub(super) struct Witness {
    terms: Arc<Terms>,
    pub(super) breaches: Vec<String>,
    legs: BTreeSet<Party>,
    /// Whose leg is confirmed, so that it is owed a farewell (D27).
    caller_confirmed: bool,
    caller_holds: bool,
    playing: BTreeMap<Party, Utterance>,
    said: BTreeMap<Utterance, PromptId>,
    /// The last phrase the caller was told, once it has ended.
    told_last: Option<PromptId>,
    farewell_by_rep: bool,
    /// Nothing was said to a lonely caller since.
    quiet_since: Moment,
    asked_on_hold: bool,
    promises: BTreeMap<Ticket, PromiseKind>,
    noted: BTreeSet<PromiseKind>,
    before: &'static str,
    pub(super) states: BTreeSet<&'static str>,
    over: bool,
    timers: (Moment, u32),
}

impl Witness {
    pub(super) fn new(terms: Arc<Terms>, now: Moment) -> Self {
        Self {
            terms,
            breaches: Vec::new(),
            legs: BTreeSet::new(),
            caller_confirmed: false,
            caller_holds: false,
            playing: BTreeMap::new(),
            said: BTreeMap::new(),
            told_last: None,
            farewell_by_rep: false,
            quiet_since: now,
            asked_on_hold: false,
            promises: BTreeMap::new(),
            noted: BTreeSet::new(),
            before: "",
            states: BTreeSet::new(),
            over: false,
            timers: (now, 0),
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
        let breaches = self.breaches.len();
        self.silence(now);
        if let Some(input) = input {
            self.notes(input, now);
        }
        for action in actions {
            self.judges(action, actions, input, now);
        }
        self.judges_step(input, actions, call);
        self.arrives(call.state(), now);
        for breach in self.breaches.iter_mut().skip(breaches) {
            *breach = format!("{now:?}: {breach}; after {input:?} in {}", self.before);
        }
        self.before = call.state();
        self.states.insert(call.state());
    }

    fn breach(&mut self, what: impl Into<String>) {
        self.breaches.push(what.into());
    }

    /// R20: nobody waits for more than the grid without a word.
    fn silence(&mut self, now: Moment) {
        if self.caller_holds {
            self.quiet_since = now;
        }
        let lonely = ALONE.contains(&self.before) && !self.caller_holds;
        let quiet = now.since(self.quiet_since);
        let most = self.terms.policy.hold.every.get() + FRAME;
        if lonely && !self.playing.contains_key(&Party::Caller) && quiet > most {
            self.breach(format!("the caller heard nothing for {quiet:?}"));
            self.quiet_since = now;
        }
    }

    fn notes(&mut self, input: &Input, now: Moment) {
        match input {
            Input::Leg(party, news) => self.notes_leg(*party, *news),
            Input::Phrase(utterance, PhraseNews::Ended { .. }) => self.notes_end(*utterance, now),
            Input::Promised(ticket, promised) if *promised != Promised::NotNoted => {
                self.noted.extend(self.promises.get(ticket));
            }
            Input::Command(Command::ClosingSaid) => self.farewell_by_rep = true,
            Input::TimedOut(_) => {
                let count = if self.timers.0 == now {
                    self.timers.1
                } else {
                    0
                };
                self.timers = (now, count + 1);
                if count + 1 == TIMERS_AT_ONCE_MAX {
                    self.breach("a storm of timers");
                }
            }
            _ => {}
        }
    }

    fn notes_leg(&mut self, party: Party, news: LegNews) {
        match news {
            LegNews::PickedUp | LegNews::Acked => {
                let awaited = match news {
                    LegNews::Acked => self.before == "answering",
                    _ => self.legs.contains(&party),
                };
                self.caller_confirmed |= awaited && party == Party::Caller;
                if !self.over && news == LegNews::PickedUp {
                    self.legs.insert(party);
                }
            }
            LegNews::Holds | LegNews::Resumes if party == Party::Caller => {
                self.caller_holds = news == LegNews::Holds;
            }
            LegNews::Cancelled
            | LegNews::Refused(_)
            | LegNews::NoAnswer
            | LegNews::HungUp
            | LegNews::Lost => {
                self.legs.remove(&party);
            }
            LegNews::NeverAcked
            | LegNews::Ringing
            | LegNews::Holds
            | LegNews::Resumes
            | LegNews::NoSeat => {}
        }
    }

    fn notes_end(&mut self, utterance: Utterance, now: Moment) {
        let heard_by = self.playing.iter().find(|(_, of)| **of == utterance);
        if let Some(party) = heard_by.map(|(party, _)| *party) {
            self.playing.remove(&party);
            if party == Party::Caller {
                self.told_last = self.said.get(&utterance).cloned();
                self.quiet_since = now;
            }
        }
    }

    /// Heard until now.
    fn notes_cut(&mut self, utterance: Utterance, now: Moment) {
        if self.playing.get(&Party::Caller) == Some(&utterance) {
            self.quiet_since = now;
        }
        self.playing.retain(|_, of| *of != utterance);
    }

    fn judges(&mut self, action: &Action, step: &[Action], input: Option<&Input>, now: Moment) {
        if self.over && !matches!(action, Action::Refused(_)) {
            self.breach(format!("{action:?} when all was over"));
        }
        match action {
            Action::Answer => {
                self.legs.insert(Party::Caller);
            }
            Action::Call(party, _) => self.judges_calling(*party, step),
            Action::HangUp(party) => {
                self.legs.remove(party);
                if *party == Party::Caller {
                    self.judges_hang_up(step, input);
                }
            }
            Action::Say(say) => self.judges_phrase(say),
            Action::Cut(utterance) => self.notes_cut(*utterance, now),
            Action::Promise { ticket, kind, .. } => {
                self.promises.insert(*ticket, *kind);
            }
            Action::Over(_) => self.judges_over(),
            _ => {}
        }
    }

    /// R30: nobody is called for a caller who has not agreed.
    fn judges_calling(&mut self, party: Party, step: &[Action]) {
        self.legs.insert(party);
        if party == Party::Target && !has_consent(step, ConsentFor::Transfer) {
            self.breach("a target was called without consent");
        }
    }

    /// R29, R57; D27: no BYE before the farewell has ended.
    fn judges_hang_up(&mut self, step: &[Action], input: Option<&Input>) {
        let excused = step.iter().any(|action| {
            let Action::Over(ending) = action else {
                return false;
            };
            matches!(
                ending.because,
                Because::Forced | Because::NeverAcknowledged | Because::DialogLost
            )
        });
        let overdue = matches!(input, Some(Input::TimedOut(Timer::Overdue)));
        let told = self.told_last.as_ref().is_some_and(|phrase| {
            let policy = &self.terms.policy;
            let fault = &policy.line_fault;
            [
                &policy.closing.say,
                &fault.farewell,
                &fault.opening_farewell,
                &policy.callback.farewell,
                &policy.rating.thanks,
                &policy.rating.unrated,
            ]
            .contains(&phrase)
        });
        let told = (told || self.farewell_by_rep) && !self.playing.contains_key(&Party::Caller);
        if self.caller_confirmed && !excused && !overdue && !told {
            self.breach("the caller was left without a farewell");
        }
    }

    fn judges_phrase(&mut self, say: &Say) {
        if self.playing.insert(say.to, say.utterance).is_some() {
            self.breach(format!("'{}' over another phrase", say.phrase));
        }
        self.said.insert(say.utterance, say.phrase.clone());
        if let Some(promised) = self.terms.promising.get(&say.phrase) {
            // A caller who waits is promised a rep, or an expert, with the same words.
            let kept = |kind: &PromiseKind| kind == promised || !kind.is_fault();
            let noted = match promised {
                PromiseKind::Rep => self.noted.iter().any(kept),
                kind => self.noted.contains(kind),
            };
            if !noted {
                self.breach(format!("'{}' promised what is not noted", say.phrase));
            }
        }
    }

    fn judges_over(&mut self) {
        if std::mem::replace(&mut self.over, true) {
            self.breach("it was over twice");
        }
        if !self.legs.is_empty() {
            self.breach(format!("over, but not for {:?}", self.legs));
        }
    }

    fn judges_step(&mut self, input: Option<&Input>, step: &[Action], call: &Call) {
        let (from, to) = (self.before, call.state());
        let caller_gone = matches!(
            input,
            Some(Input::Leg(
                Party::Caller,
                LegNews::HungUp | LegNews::Lost | LegNews::NeverAcked | LegNews::Cancelled
            ))
        );
        if caller_gone && !call.has_ended() {
            self.breach("the caller is gone and the call goes on");
        }
        if call.has_ended() && call.timeout().is_some() {
            self.breach("a timer outlives the call");
        }
        let alone = |party| !self.legs.contains(&party);
        if (to == "talking" && alone(Party::Rep)) || (to == "bridged" && alone(Party::Target)) {
            self.breach("the caller is with nobody");
        }
        let unasked = from != to && to == "holding" && !self.asked_on_hold;
        if unasked && !has_consent(step, ConsentFor::Hold) {
            self.breach("held without consent");
        }
        let rep_lost =
            matches!(input, Some(Input::Leg(Party::Rep, _))) || step.contains(&Action::SeatAbsent);
        if from == "talking" && to == "waiting" && !rep_lost {
            self.breach("left waiting by a rep who was not lost");
        }
    }

    fn arrives(&mut self, state: &'static str, now: Moment) {
        if state == "asking" && self.before != "asking" {
            self.asked_on_hold = self.before == "holding";
        }
        let lonely = ALONE.contains(&state) && !self.caller_holds;
        if !lonely || !ALONE.contains(&self.before) {
            self.quiet_since = now;
        }
    }
}

/// Agreed to, or its absence recorded (D7).
fn has_consent(step: &[Action], wanted: ConsentFor) -> bool {
    step.iter().any(|action| {
        let Action::Consent { to, given, by } = action else {
            return false;
        };
        *to == wanted && (*given || *by == ConsentBy::Muted)
    })
}
