//! The queue of promises between the calls, the keeper and the API.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::call::{
    Beginning, Input, Judgement, Outcome, Particulars, PromiseKind, Promised, Ticket,
};
use crate::callbacks::{
    self, Action, Attempt, Callback, CallbackId, Kind, LiveCall, MovedTo, News, Promise, Queue,
    Rules, Told, Turn,
};
use crate::console::Code;
use crate::journal::Began;
use crate::media::Attended;
use crate::records::What;
use crate::words::{CallId, Moment, Party, PhoneNumber, Pii};

use super::by_hand::ByHand;
use super::calls::{Attempting, DeskCall, Facts};
use super::journals::Cast;
use super::keeper::{Job, Kept};
use super::keeping::Expiry;
use super::parting::Parting;
use super::wishes::{self, Askers};
use super::{Desk, clock, perform};

/// The queue, and who waits to hear that a row is committed.
#[derive(Debug)]
pub(super) struct Promises {
    pub(super) queue: Queue,
    pub(super) rules: Rules,
    waiting: BTreeMap<CallId, VecDeque<Ticket>>,
    /// Who asked by the API.
    pub(super) askers: Askers,
    /// Numbers that reps dial themselves, until the book has answered.
    pub(super) by_hand: ByHand,
    /// None: what is over is kept for ever.
    pub(super) expiry: Option<Expiry>,
    pub(super) parting: Parting,
    /// How many of this desk's are uncertain; none where the book was not asked yet.
    pub(super) uncertain: Option<usize>,
    /// The disk takes what is written; what is in memory may still have to be.
    recovered: bool,
}

pub(super) const DISK_FULL: &str = "disk-full";
pub(super) const STORE_FAILED: &str = "store-failed";

impl Promises {
    pub(super) fn new(queue: Queue, rules: Rules, keep: Option<Duration>) -> Self {
        Self {
            queue,
            rules,
            waiting: BTreeMap::new(),
            askers: Askers::default(),
            by_hand: ByHand::default(),
            expiry: keep.map(Expiry::after),
            parting: Parting::default(),
            uncertain: None,
            recovered: false,
        }
    }

    /// Nobody waits for the answers of a call that is over.
    pub(super) fn forget(&mut self, call: CallId) {
        self.waiting.remove(&call);
    }
}

impl Desk {
    // From the calls

    pub(super) fn promise(
        &mut self,
        id: CallId,
        ticket: Ticket,
        kind: PromiseKind,
        reason: String,
        Particulars { due, note, renews }: Particulars,
        now: Moment,
    ) {
        let Some(call) = self.calls.get(id) else {
            return;
        };
        let Some(number) = call.call.number().cloned() else {
            return self.later(id, Input::Promised(ticket, Promised::NotNoted));
        };
        let utc = clock::utc();
        let kind = kind_of(kind);
        let kept = call.facts.calls_back.as_deref().filter(|_| renews);
        let (reason, note) = match kept {
            Some(kept) => (kept.reason.clone(), kept.note.clone()),
            None => (reason, note),
        };
        let rules = &self.promises.rules;
        let promise = Promise {
            kind,
            number,
            origin: Some(id),
            key: None,
            reason,
            due: due.unwrap_or_else(|| utc + rules.of(kind).due),
            // What others owe is not the promising rep's (R34, R35).
            seat: call.facts.seat.clone().filter(|_| !rules.is_owned(kind)),
            note: note.unwrap_or_else(|| Pii::new(String::new())),
            recording: self.recordings.file_of(id),
            language: call.call.language(),
            made_at: utc,
            place: kind.keeps_place().then(|| self.place_of(id, utc, now)),
        };
        self.promises
            .waiting
            .entry(id)
            .or_default()
            .push_back(ticket);
        self.note_promise(promise, now);
    }

    /// Since when the call's caller is in the line for a seat, or was before he had one.
    fn place_of(&self, id: CallId, utc: Timestamp, now: Moment) -> Timestamp {
        let since = self.seating.place_of(id).unwrap_or(now);
        utc.saturating_sub(now.since(since)).unwrap_or(utc)
    }

    /// Whether the number that a caller has typed may be called: never for some, and not where no dial rule leads there.
    pub(super) fn judge_number(&mut self, id: CallId, number: &Pii<PhoneNumber>) {
        let is_refused = self.promises.rules.refuses(number).is_some();
        let is_dialled = self.house.dialled(number.reveal()).is_some();
        let judgement = match !is_refused && is_dialled {
            true => Judgement::MayBeCalled,
            false => Judgement::NeverCalled,
        };
        self.later(id, Input::Judged(judgement));
    }

    pub(super) fn note_promise(&mut self, promise: Promise, now: Moment) {
        let promised = self.promised_by(promise);
        self.tell_queue(promised, now);
    }

    fn promised_by(&mut self, promise: Promise) -> callbacks::Input {
        let id = CallbackId::new(clock::unix_ms(), self.entropy.bytes());
        callbacks::Input::Promised { id, promise }
    }

    /// For a call that died with the last run (D29). Its row leaves once the promise is on disk: see `promise_news`.
    fn phone_back(&mut self, died: LiveCall) -> callbacks::Input {
        let call = died.call;
        match died.promise(clock::utc()) {
            Some(promise) => self.promised_by(promise),
            None => callbacks::Input::CallOver { call },
        }
    }

    /// Caller and rep are together: what was promised to who rings in is kept (D26). Whom we call may be a machine: see
    /// [`Desk::attempted`].
    pub(super) fn caller_joined(&mut self, id: CallId, now: Moment) {
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        call.facts.joined = true;
        if call.facts.inbound
            && let Some(number) = call.call.number().cloned()
        {
            self.tell_queue(callbacks::Input::CallerJoined { number }, now);
        }
    }

    /// Its attempt has no outcome yet.
    pub(super) fn keeps_promise(&self, id: CallId) -> bool {
        self.calls
            .get(id)
            .is_some_and(|call| call.facts.attempt.is_some())
    }

    pub(super) fn attempted(&mut self, id: CallId, outcome: Outcome, now: Moment) {
        // A machine's beep is waited for, but not by a rep who hears it himself.
        if outcome != Outcome::Machine || !self.keeps_promise(id) {
            self.attend(id, Party::Caller, Attended::Over);
        }
        self.reached_by_hand(id, outcome, now);
        let attempt = self
            .calls
            .get_mut(id)
            .and_then(|call| call.facts.attempt.take());
        if let Some(attempt) = attempt {
            let joined = outcome == Outcome::Joined;
            let outcome = match attempt.withdrawn && !joined {
                true => callbacks::Outcome::Withdrawn,
                false => perform::outcome(outcome),
            };
            let over = callbacks::Input::Ended {
                id: attempt.callback,
                attempt: attempt.number,
                outcome,
                cause: attempt.cause,
                // Kept is the promise: should we crash now, the call is one like any other.
                live: self.live_call(id).filter(|_| joined),
            };
            match joined {
                true => self.tell_queue(over, now),
                false => self.attempt_over(id, over, now),
            }
        }
    }

    // To and from the queue

    pub(super) fn tell_queue(&mut self, input: callbacks::Input, now: Moment) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for action in self.promises.queue.handle(input, now, clock::utc()) {
                inputs.extend(self.do_for_queue(action, now));
            }
        }
        self.keep_place(now);
    }

    /// No live caller has the seat of one who was first and was promised a call; and no seat is kept for nobody.
    fn keep_place(&mut self, now: Moment) {
        if self.seating.keep_place(self.promises.queue.place()) {
            self.seats_changed(now);
        }
    }

    /// Does it; what it comes to at once is the queue's next input.
    fn do_for_queue(&mut self, action: Action, now: Moment) -> Option<callbacks::Input> {
        match action {
            Action::Ask { ticket, order, at } => {
                self.promises.askers.handed_over(ticket, &order);
                self.promises.by_hand.handed_over(ticket, &order);
                if self.keeper.must(Job::Order { ticket, order, at }) {
                    return None;
                }
                self.book_said(ticket, None, now);
                if let Some((_, asker)) = self.promises.askers.answered(ticket) {
                    asker.answer(Err(Code::StoreFailed.into()));
                }
                let turn = None;
                return Some(callbacks::Input::Answered { ticket, turn });
            }
            Action::Dial { callback, attempt } => {
                if self.is_on_the_line(&callback.promise.number) {
                    // Later, and not in vain: he talks to us already (I2).
                    return Some(callbacks::Input::Ended {
                        id: callback.id,
                        attempt: attempt.number,
                        outcome: callbacks::Outcome::Withdrawn,
                        cause: None,
                        live: None,
                    });
                }
                self.dial_callback(&callback, &attempt, now);
            }
            Action::HangUp { id, attempt } => self.hang_up_attempt(id, attempt),
            Action::Tell(told) => return self.promise_news(told, now),
            Action::Died(call) => return Some(self.phone_back(call)),
            Action::Alarm(alarm) => self.alarm(alarm.as_str(), now),
        }
        None
    }

    /// The keeper's answer.
    pub(super) fn kept(&mut self, kept: Kept, now: Moment) {
        match kept {
            Kept::Turned { ticket, turn } => self.turned(ticket, turn, now),
            Kept::Owed { seat, count } => self.owed(&seat, count, now),
            Kept::Uncertain(seats) => self.uncertain(&seats, now),
            Kept::Expired(count) => self.expired(count, now),
            Kept::Failed { disk_full } => {
                self.promises.recovered = false;
                self.standing_alarm(if disk_full { DISK_FULL } else { STORE_FAILED }, now);
            }
            Kept::Stirred => {
                self.look_whether_still_uncertain();
                self.tell_queue(callbacks::Input::Stirred, now);
            }
            Kept::Recovered => {
                self.promises.recovered = true;
                self.tell_queue(callbacks::Input::Recovered, now);
                self.end_alarms();
            }
        }
        self.settle(now);
    }

    /// The disk is well once it also has what was in memory.
    fn end_alarms(&mut self) {
        if self.promises.recovered && self.promises.queue.unsaved().is_empty() {
            self.promises.recovered = false;
            self.duty.alarms.remove(DISK_FULL);
            self.duty.alarms.remove(STORE_FAILED);
        }
    }

    /// What an order came to; who asked for it by the API is answered.
    fn turned(&mut self, ticket: callbacks::Ticket, turn: Option<Turn>, now: Moment) {
        if let Some(turn) = &turn {
            self.look_for_uncertain(turn);
        }
        if let Some(unsettled) = turn.as_ref().and_then(|turn| turn.unsettled) {
            let open = unsettled + self.promises.queue.unsaved().rows().count();
            let open = i64::try_from(open).unwrap_or(i64::MAX);
            self.chronicle.metrics.promises_open.set(open);
        }
        let asked = self.promises.askers.answered(ticket);
        self.tell_queue(
            callbacks::Input::Answered {
                ticket,
                turn: turn.clone(),
            },
            now,
        );
        self.book_said(ticket, turn.as_ref(), now);
        if let Some((id, asker)) = asked {
            let unsaved = || self.promises.queue.unsaved().get(id);
            let row = turn.as_ref().and_then(|turn| wishes::row_of(id, turn));
            let answer = asker.judge(id, row.or_else(unsaved), turn.as_ref());
            asker.answer(answer);
        }
        self.end_alarms();
    }

    /// The attempt's row is on disk: the rep is called, then the caller (D25).
    fn dial_callback(&mut self, callback: &Callback, attempt: &Attempt, now: Moment) {
        let id = self.new_call_id();
        let promise = &callback.promise;
        let beginning = Beginning {
            id,
            number: Some(promise.number.clone()),
            language: promise.language,
            records: self.records_calls_to(promise.number.reveal()),
        };
        let kind = call_kind(promise.kind);
        let Cast {
            call,
            actions,
            journal,
        } = self.cast(beginning, Began::Callback(kind), now);
        let mut facts = Facts::new(false, attempt.sip_call_id.clone(), clock::utc());
        facts.wished = Some(attempt.seat.clone());
        facts.attempt = Some(Attempting {
            callback: callback.id,
            number: attempt.number,
            sip_call_id: attempt.sip_call_id.clone(),
            cause: None,
            withdrawn: false,
        });
        let shown = wishes::calling_back(callback, Some(attempt));
        facts.calls_back = Some(Box::new(shown.clone()));
        self.calls.add(DeskCall::new(call, journal, facts));
        self.note(id, What::Begun { inbound: false }, now);
        self.note(id, What::CallsBack(Box::new(shown)), now);
        self.begun(id, actions, now);
    }

    /// Whom we call is listened to, where lines are watched at all.
    pub(super) fn attend(&self, id: CallId, party: Party, far: Attended) {
        let Some(call) = self.calls.get(id) else {
            return;
        };
        let is_open = call.facts.by_hand || call.facts.attempt.is_some();
        let is_called = party == Party::Caller && is_open;
        if is_called
            && self.house.terms.watches_line
            && let Some(leg) = call.sound(party)
        {
            self.sound.attend(leg, far);
        }
    }

    /// Whether a call of this desk is with this number, however either is written.
    pub(super) fn is_on_the_line(&self, number: &Pii<PhoneNumber>) -> bool {
        let rules = &self.promises.rules;
        let whose = rules.whose(number);
        let mut numbers = self.calls.iter().filter_map(|call| call.call.number());
        numbers.any(|other| rules.whose(other) == whose)
    }

    fn hang_up_attempt(&mut self, callback: CallbackId, attempt: u32) {
        let keeps = |call: &&DeskCall| {
            call.facts
                .attempt
                .as_ref()
                .is_some_and(|of| of.callback == callback && of.number == attempt)
        };
        let call = self.calls.iter().find(keeps).map(|call| call.call.id());
        if let Some(id) = call {
            if let Some(attempt) = self
                .calls
                .get_mut(id)
                .and_then(|it| it.facts.attempt.as_mut())
            {
                attempt.withdrawn = true;
            }
            self.later(id, Input::ShutDown);
        }
    }

    /// Tells whom it concerns. A call that died with the last run is over once its callback is noted.
    fn promise_news(&mut self, told: Told, now: Moment) -> Option<callbacks::Input> {
        let Told {
            id,
            origin,
            kind,
            news,
            by,
        } = told;
        if let News::Refused(why) = news {
            self.promises.askers.refused(id, why);
        }
        let what = What::Promise {
            callback: Some(id.to_string()),
            kind: kind.as_str().to_owned(),
            news: news.as_str().to_owned(),
            by,
        };
        let lives = |call: &CallId| self.calls.get(*call).is_some();
        let is_owed = matches!((kind, news), (Kind::Crash, News::Noted { .. }));
        let died = origin.filter(|call| is_owed && !lives(call));
        match origin.filter(lives) {
            Some(origin) => self.note(origin, what, now),
            None => self.note_desk(what, now),
        }
        if let Some(origin) = origin
            && let Some(promised) = self.promised(kind, news)
        {
            self.answer_promise(origin, promised);
        }
        died.map(|call| callbacks::Input::CallOver { call })
    }

    fn answer_promise(&mut self, origin: CallId, promised: Promised) {
        let ticket = self
            .promises
            .waiting
            .get_mut(&origin)
            .and_then(VecDeque::pop_front);
        if let Some(ticket) = ticket {
            if promised != Promised::NotNoted
                && let Some(call) = self.calls.get_mut(origin)
            {
                call.facts.promised = true;
            }
            self.later(origin, Input::Promised(ticket, promised));
        }
    }

    /// What may be spoken (D24): five minutes only where a seat is staffed, and not of a turn in the line.
    fn promised(&self, kind: Kind, news: News) -> Option<Promised> {
        match news {
            News::Noted { due, moved } => {
                let utc = clock::utc();
                if moved {
                    return Some(moved_to(self.promises.rules.said_of(due, utc)));
                }
                let soon = due.duration_since(utc) <= SignedDuration::from_mins(5);
                let within = soon && !kind.keeps_place() && self.seating.is_staffed();
                Some(if within {
                    Promised::WithinFiveMinutes
                } else {
                    Promised::Soon
                })
            }
            News::NotNoted | News::Refused(_) => Some(Promised::NotNoted),
            News::Attempted { .. }
            | News::AttemptEnded { .. }
            | News::Uncertain
            | News::Withdrawn
            | News::Done
            | News::GivenUp { .. }
            | News::Cancelled
            | News::Snoozed
            | News::Redialled
            | News::Assigned
            | News::Near
            | News::Overdue => None,
        }
    }
}

fn moved_to(when: MovedTo) -> Promised {
    match when {
        MovedTo::LaterToday => Promised::LaterToday,
        MovedTo::TomorrowMorning => Promised::Tomorrow,
        MovedTo::NextWorkingDay => Promised::NextWorkingDay,
        MovedTo::Later => Promised::Soon,
    }
}

fn kind_of(kind: PromiseKind) -> Kind {
    match kind {
        PromiseKind::LineFault => Kind::LineFault,
        PromiseKind::Rep => Kind::Rep,
        PromiseKind::Supervisor => Kind::Supervisor,
        PromiseKind::Expert => Kind::Expert,
        PromiseKind::Waiting => Kind::Waiting,
        PromiseKind::Crash => Kind::Crash,
        PromiseKind::Complaint => Kind::Complaint,
    }
}

fn call_kind(kind: Kind) -> PromiseKind {
    match kind {
        Kind::LineFault => PromiseKind::LineFault,
        Kind::Rep => PromiseKind::Rep,
        Kind::Supervisor => PromiseKind::Supervisor,
        Kind::Expert => PromiseKind::Expert,
        Kind::Waiting => PromiseKind::Waiting,
        Kind::Crash => PromiseKind::Crash,
        Kind::Complaint => PromiseKind::Complaint,
    }
}
