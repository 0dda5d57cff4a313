//! The queue of promises between the calls, the keeper and the API.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use crate::call::{Beginning, Call, Input, Outcome, PromiseKind, Promised, Ticket};
use crate::callbacks::{
    self, Action, Attempt, Callback, CallbackId, Kind, News, Order, Promise, Queue, Told, Turn,
};
use crate::console::{Answer, Code};
use crate::records::What;
use crate::words::{CallId, Moment, PhoneNumber, Pii, SeatId};

use super::calls::{Attempting, DeskCall, Facts};
use super::keeper::{Job, Kept};
use super::requests::{Reply, callback_view};
use super::{Desk, clock, perform};

/// The queue, and who waits to hear that a row is committed.
#[derive(Debug)]
pub(super) struct Promises {
    pub(super) queue: Queue,
    waiting: BTreeMap<CallId, VecDeque<Ticket>>,
    /// Who asked for a callback by the API, until it is handed to the book, and then until the book answers.
    noting: BTreeMap<CallbackId, Reply>,
    asking: BTreeMap<callbacks::Ticket, (CallbackId, Reply)>,
}

const DISK_FULL: &str = "disk-full";
const STORE_FAILED: &str = "store-failed";

/// A rep's or an expert's promise is due in five minutes (R41).
const PROMISED_WITHIN: Duration = Duration::from_secs(300);
/// A line fault is phoned back at once: once its own farewell is over (R26).
const AFTER_FAREWELL: Duration = Duration::from_secs(15);

impl Promises {
    pub(super) fn new(queue: Queue) -> Self {
        Self {
            queue,
            waiting: BTreeMap::new(),
            noting: BTreeMap::new(),
            asking: BTreeMap::new(),
        }
    }

    fn asked(&mut self, ticket: callbacks::Ticket, id: CallbackId) {
        if let Some(reply) = self.noting.remove(&id) {
            self.asking.insert(ticket, (id, reply));
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
        due: Option<Timestamp>,
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
        let promise = Promise {
            kind,
            number,
            origin: Some(id),
            reason,
            due: due.unwrap_or_else(|| utc + due_within(kind)),
            seat: call.facts.seat.clone(),
            note: Pii::new(String::new()),
            language: call.call.language(),
            made_at: utc,
        };
        self.promises
            .waiting
            .entry(id)
            .or_default()
            .push_back(ticket);
        self.note_promise(promise, now);
    }

    pub(super) fn note_promise(&mut self, promise: Promise, now: Moment) {
        let id = CallbackId::new(clock::unix_ms(), self.entropy.bytes());
        self.tell_queue(callbacks::Input::Promised { id, promise }, now);
    }

    /// The same for the API, which is answered once it is on disk, or refused.
    pub(super) fn note_asked(&mut self, promise: Promise, reply: Reply, now: Moment) {
        let id = CallbackId::new(clock::unix_ms(), self.entropy.bytes());
        self.promises.noting.insert(id, reply);
        self.tell_queue(callbacks::Input::Promised { id, promise }, now);
        if let Some(reply) = self.promises.noting.remove(&id) {
            // Who has left does not want to know.
            let _ = reply.send(Err(Code::NumberRefused.into()));
        }
    }

    /// Caller and rep are together: what was promised to this number is kept (D26). An attempt of
    /// ours settles itself.
    pub(super) fn caller_joined(&mut self, id: CallId, now: Moment) {
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        call.facts.joined = true;
        if call.facts.attempt.is_none()
            && let Some(number) = call.call.number().cloned()
        {
            self.tell_queue(callbacks::Input::CallerJoined { number }, now);
        }
    }

    pub(super) fn attempted(&mut self, id: CallId, outcome: Outcome, now: Moment) {
        let attempt = self
            .calls
            .get_mut(id)
            .and_then(|call| call.facts.attempt.take());
        if let Some(attempt) = attempt {
            let outcome = perform::outcome(outcome);
            let (id, attempt) = (attempt.callback, attempt.number);
            self.tell_queue(
                callbacks::Input::Ended {
                    id,
                    attempt,
                    outcome,
                },
                now,
            );
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
    }

    /// Does it; what it comes to at once is the queue's next input.
    fn do_for_queue(&mut self, action: Action, now: Moment) -> Option<callbacks::Input> {
        match action {
            Action::Ask { ticket, order, at } => {
                if let Order::Note { id, .. } = &order {
                    self.promises.asked(ticket, *id);
                }
                let handed_over = self.keeper.must(Job::Order { ticket, order, at });
                let turn = None;
                return (!handed_over).then_some(callbacks::Input::Answered { ticket, turn });
            }
            Action::Dial { callback, attempt } => self.dial_callback(&callback, &attempt, now),
            Action::HangUp { id, attempt } => self.hang_up_attempt(id, attempt),
            Action::Tell(told) => self.promise_news(told, now),
            Action::Alarm(alarm) => self.alarm(alarm.as_str(), now),
        }
        None
    }

    /// The keeper's answer.
    pub(super) fn kept(&mut self, kept: Kept, now: Moment) {
        match kept {
            Kept::Turned { ticket, turn } => self.turned(ticket, turn, now),
            Kept::Failed { disk_full } => {
                self.standing_alarm(if disk_full { DISK_FULL } else { STORE_FAILED }, now);
            }
            Kept::Recovered => {
                self.duty.alarms.remove(DISK_FULL);
                self.duty.alarms.remove(STORE_FAILED);
            }
        }
        self.settle(now);
    }

    /// What an order came to; who asked for it by the API is answered.
    fn turned(&mut self, ticket: callbacks::Ticket, turn: Option<Turn>, now: Moment) {
        if let Some(unsettled) = turn.as_ref().and_then(|turn| turn.unsettled) {
            let open = unsettled + self.promises.queue.unsaved().rows().count();
            let open = i64::try_from(open).unwrap_or(i64::MAX);
            self.chronicle.metrics.promises_open.set(open);
        }
        let noted = self.promises.asking.remove(&ticket);
        let row = noted
            .as_ref()
            .and_then(|(id, _)| row_of(*id, turn.as_ref()?));
        self.tell_queue(callbacks::Input::Answered { ticket, turn }, now);
        if let Some((id, reply)) = noted {
            let row = row.or_else(|| self.promises.queue.unsaved().get(id).cloned());
            let answer = row.map(|row| Answer::Noted(Box::new(callback_view(&row))));
            // Who has left does not want to know.
            let _ = reply.send(answer.ok_or_else(|| Code::NumberRefused.into()));
        }
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
        let (call, actions) = Call::callback(self.house.terms.clone(), beginning, kind, now);
        let mut facts = Facts::new(false, attempt.sip_call_id.clone(), clock::utc());
        facts.wished = Some(attempt.seat.clone());
        facts.attempt = Some(Attempting {
            callback: callback.id,
            number: attempt.number,
            sip_call_id: attempt.sip_call_id.clone(),
        });
        self.calls.add(DeskCall::new(call, facts));
        self.note(id, What::Begun { inbound: false }, now);
        self.begun(id, actions, now);
    }

    /// The rep dials by himself.
    pub(super) fn dial(
        &mut self,
        number: Pii<PhoneNumber>,
        seat: Option<SeatId>,
        now: Moment,
    ) -> CallId {
        let id = self.new_call_id();
        let records = self.records_calls_to(number.reveal());
        let beginning = Beginning {
            id,
            number: Some(number),
            language: self.house.language,
            records,
        };
        let (call, actions) = Call::outgoing(self.house.terms.clone(), beginning, now);
        let facts = Facts {
            wished: seat,
            ..Facts::new(false, String::new(), clock::utc())
        };
        self.calls.add(DeskCall::new(call, facts));
        self.note(id, What::Begun { inbound: false }, now);
        self.begun(id, actions, now);
        id
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
            self.later(id, Input::ShutDown);
        }
    }

    fn promise_news(&mut self, told: Told, now: Moment) {
        let Told {
            id,
            origin,
            kind,
            news,
        } = told;
        let what = What::Promise {
            callback: Some(id.to_string()),
            kind: kind.as_str().to_owned(),
            news: news.as_str().to_owned(),
        };
        if let (Kind::Crash, News::Noted { .. }, Some(call)) = (kind, news, origin)
            && self.calls.get(call).is_none()
        {
            self.keeper.spare(Job::Ended(call));
        }
        match origin.filter(|origin| self.calls.get(*origin).is_some()) {
            Some(origin) => self.note(origin, what, now),
            None => self.note_desk(what, now),
        }
        if let Some(origin) = origin
            && let Some(promised) = self.promised(news)
        {
            self.answer_promise(origin, promised);
        }
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

    /// What may be spoken (D24): five minutes only where a seat is staffed.
    fn promised(&self, news: News) -> Option<Promised> {
        match news {
            News::Noted { moved: true, .. } => Some(Promised::Tomorrow),
            News::Noted { due, .. } => {
                let soon = due.duration_since(clock::utc()) <= jiff::SignedDuration::from_mins(5);
                let within = soon && self.seating.is_staffed();
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
            | News::Snoozed { .. }
            | News::Assigned
            | News::Near
            | News::Overdue => None,
        }
    }
}

/// The row that keeps the promise which was to be noted.
fn row_of(id: CallbackId, turn: &Turn) -> Option<Callback> {
    let row = |id| turn.rows.iter().find(|row| row.id == id);
    let noted = row(id)?;
    noted.merged_into().map_or(Some(noted), row).cloned()
}

fn due_within(kind: Kind) -> Duration {
    match kind {
        Kind::LineFault | Kind::Crash | Kind::Waiting => AFTER_FAREWELL,
        Kind::Rep | Kind::Expert | Kind::Supervisor => PROMISED_WITHIN,
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
    }
}
