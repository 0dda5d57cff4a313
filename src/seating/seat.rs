use std::collections::BTreeSet;
use std::time::Duration;

use super::wrap_up::WrapUp;
use super::{Choice, Fault, Refusal, Standing, State, WrapUpRules};
use crate::words::{CallId, Moment};

/// A rep's place: what he chose, what keeps him from calls, and his call.
#[derive(Clone, Debug)]
pub struct Seat {
    kind: &'static str,
    skills: BTreeSet<String>,
    choice: Choice,
    faults: BTreeSet<Fault>,
    pub(super) work: Work,
    /// Since when it stands as it does.
    since: Moment,
    /// Since when it could have had a call; ringing in vain does not count.
    idle_since: Moment,
}

/// A seat as the settings have it.
#[derive(Clone, Debug, Default)]
pub struct NewSeat {
    pub kind: &'static str,
    pub skills: BTreeSet<String>,
    pub choice: Choice,
    pub faults: BTreeSet<Fault>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Work {
    Idle,
    Ringing(CallId),
    InCall { call: CallId, has_note: bool },
    WrapUp(WrapUp),
}

impl Seat {
    pub(super) fn new(new: NewSeat, now: Moment) -> Self {
        Self {
            kind: new.kind,
            skills: new.skills,
            choice: new.choice,
            faults: new.faults,
            work: Work::Idle,
            since: now,
            idle_since: now,
        }
    }

    /// `phone`, `echo` ...: as in the settings.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// The rep says that he takes calls.
    pub fn is_ready(&self) -> bool {
        self.choice == Choice::Available
    }

    /// A rep is there and takes calls, this one or the next.
    pub fn is_staffed(&self) -> bool {
        self.is_ready() && self.faults.is_empty()
    }

    /// It could have a call now.
    pub fn is_free(&self) -> bool {
        self.is_staffed() && self.work == Work::Idle
    }

    pub fn has_skill(&self, skill: &str) -> bool {
        self.skills.contains(skill)
    }

    pub fn has_fault(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    pub fn faults(&self) -> impl Iterator<Item = Fault> {
        self.faults.iter().copied()
    }

    pub(super) fn idle_since(&self) -> Moment {
        self.idle_since
    }

    pub fn state(&self) -> State {
        match &self.work {
            Work::Ringing(_) => State::Ringing,
            Work::InCall { .. } => State::InCall,
            Work::WrapUp(_) => State::WrapUp,
            Work::Idle => match (&self.choice, self.faults.first()) {
                (Choice::Available, Some(fault)) => fault.state(),
                (choice, _) => choice.state(),
            },
        }
    }

    pub fn standing(&self) -> Standing {
        let wrap_up = match &self.work {
            Work::WrapUp(wrap_up) => Some(wrap_up),
            Work::Idle | Work::Ringing(_) | Work::InCall { .. } => None,
        };
        Standing {
            state: self.state(),
            choice: self.choice.clone(),
            call: self.call(),
            until: wrap_up.and_then(|wrap_up| wrap_up.until),
            note_owed: wrap_up.is_some_and(|wrap_up| wrap_up.note_owed),
        }
    }

    /// That it rings for, talks for or wraps up.
    fn call(&self) -> Option<CallId> {
        match &self.work {
            Work::Idle => None,
            Work::Ringing(call) | Work::InCall { call, .. } => Some(*call),
            Work::WrapUp(wrap_up) => Some(wrap_up.call),
        }
    }

    /// It is rung for the call, or has it.
    pub(super) fn has(&self, call: CallId) -> bool {
        self.call() == Some(call) && !matches!(self.work, Work::WrapUp(_))
    }

    /// It has the call, or wraps it up.
    pub(super) fn works_for(&self, call: CallId) -> bool {
        self.call() == Some(call) && !matches!(self.work, Work::Ringing(_))
    }

    pub(super) fn has_just_begun_ringing(&self, lately: Duration, now: Moment) -> bool {
        matches!(self.work, Work::Ringing(_)) && now.since(self.since) < lately
    }

    // What is done to it

    /// Who says that he is there is not absent.
    pub(super) fn choose(&mut self, choice: Choice) {
        if choice == Choice::Available {
            self.faults.remove(&Fault::Absent);
        }
        self.choice = choice;
    }

    pub(super) fn set_fault(&mut self, fault: Fault, is: bool) -> bool {
        if is {
            self.faults.insert(fault)
        } else {
            self.faults.remove(&fault)
        }
    }

    /// Whether it was this call that rang.
    pub(super) fn pick_up(&mut self, call: CallId) -> bool {
        let rang = self.work == Work::Ringing(call);
        if rang {
            let has_note = false;
            self.work = Work::InCall { call, has_note };
        }
        rang
    }

    /// Its call is over: what follows is the wrap-up where there was a talk.
    pub(super) fn release(&mut self, rules: &WrapUpRules, now: Moment) {
        match self.work {
            Work::Ringing(_) => self.work = Work::Idle,
            Work::InCall { call, has_note } => {
                let wrap_up = WrapUp::begin(call, has_note, rules, now);
                self.work = wrap_up.map_or(Work::Idle, Work::WrapUp);
            }
            Work::Idle | Work::WrapUp(_) => {}
        }
    }

    /// Whoever waited for the note waits no more.
    pub(super) fn noted(&mut self) {
        match &mut self.work {
            Work::InCall { has_note, .. } => *has_note = true,
            Work::WrapUp(wrap_up) => {
                wrap_up.note_owed = false;
                if wrap_up.until.is_none() {
                    self.work = Work::Idle;
                }
            }
            Work::Idle | Work::Ringing(_) => {}
        }
    }

    pub(super) fn wrap_up_mut(&mut self) -> Result<&mut WrapUp, Refusal> {
        match &mut self.work {
            Work::WrapUp(wrap_up) => Ok(wrap_up),
            Work::Idle | Work::Ringing(_) | Work::InCall { .. } => Err(Refusal::NotWrappingUp),
        }
    }

    pub(super) fn end_wrap_up(&mut self) -> Result<(), Refusal> {
        if self.wrap_up_mut()?.note_owed {
            return Err(Refusal::NoteOwed);
        }
        self.work = Work::Idle;
        Ok(())
    }

    pub(super) fn timeout(&self) -> Option<Moment> {
        match &self.work {
            Work::WrapUp(wrap_up) => wrap_up.until,
            Work::Idle | Work::Ringing(_) | Work::InCall { .. } => None,
        }
    }

    pub(super) fn time_out(&mut self, now: Moment) {
        let Ok(wrap_up) = self.wrap_up_mut() else {
            return;
        };
        if wrap_up.is_over(now) {
            self.work = Work::Idle;
        } else {
            wrap_up.until = wrap_up.until.filter(|until| *until > now);
        }
    }

    /// As it stood when the last run ended.
    pub(super) fn recall(&mut self, last: Standing) {
        if last.state == State::Absent {
            self.faults.insert(Fault::Absent);
        }
        self.choice = last.choice;
        self.work = match (last.state, last.call) {
            (State::InCall, Some(call)) => Work::InCall {
                call,
                has_note: false,
            },
            (State::WrapUp, Some(call)) if last.until.is_some() || last.note_owed => {
                Work::WrapUp(WrapUp::recall(call, last.until, last.note_owed))
            }
            (_, _) => Work::Idle,
        };
    }

    /// Keeps its clocks after a change; how long it stood as before, where it stands otherwise.
    pub(super) fn follow(&mut self, before: &Standing, now: Moment) -> Duration {
        let (state, was) = (self.state(), before.state);
        if state == State::Available && was != State::Ringing {
            self.idle_since = now;
        }
        if state == was && state != State::OnBreak {
            return Duration::ZERO;
        }
        now.since(std::mem::replace(&mut self.since, now))
    }
}
