//! What the API asks of promises: to note one, to change one, to show them. Answered once it is on disk.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::callbacks::store::{Kept, StoreError};
use crate::callbacks::{
    self, Attempt, Callback, CallbackId, CancelledBecause, Kind, News, Order, Promise, Refusal,
    State, Ticket, Told, Turn, Wish, Wished,
};
use crate::console::{Answer, AttemptView, CallbackView, Code, NewCallback, Problem, WishView};
use crate::records::CallingBack;
use crate::words::{Moment, Owed, Pii, SeatId};

use super::keeper::Job;
use super::requests::Reply;
use super::{Desk, clock};

/// Who waits for the book.
#[derive(Debug, Default)]
pub(super) struct Askers {
    /// Until their order is handed over; it is at once, or refused.
    coming: BTreeMap<CallbackId, Asker>,
    waiting: BTreeMap<Ticket, (CallbackId, Asker)>,
}

#[derive(Debug)]
pub(super) struct Asker {
    /// None: a promise is to be noted.
    wish: Option<Wish>,
    reply: Reply,
}

/// A promise as the keeper reads it.
pub(super) type Shown = Result<Option<Kept>, StoreError>;

impl Askers {
    /// The book has it now.
    pub(super) fn handed_over(&mut self, ticket: Ticket, order: &Order) {
        if let Order::Note { id, .. } | Order::Wish { id, .. } = order
            && let Some(asker) = self.coming.remove(id)
        {
            self.waiting.insert(ticket, (*id, asker));
        }
    }

    /// Nobody need ask the book.
    pub(super) fn refused(&mut self, id: CallbackId, why: Refusal) {
        if let Some(asker) = self.coming.remove(&id) {
            asker.answer(Err(code(why).into()));
        }
    }

    pub(super) fn answered(&mut self, ticket: Ticket) -> Option<(CallbackId, Asker)> {
        self.waiting.remove(&ticket)
    }
}

impl Asker {
    pub(super) fn answer(self, answer: Result<Answer, Problem>) {
        // Who has left does not want to know.
        let _ = self.reply.send(answer);
    }

    /// What the book did, or could not; `row` is the promise as it stands.
    pub(super) fn judge(
        &self,
        id: CallbackId,
        row: Option<&Callback>,
        turn: Option<&Turn>,
    ) -> Result<Answer, Problem> {
        if let Some(why) = turn.and_then(refusal) {
            return Err(code(why).into());
        }
        if turn.is_none() {
            return Err(Code::StoreFailed.into());
        }
        let Some(row) = row else {
            return Err(unknown(id));
        };
        let view = Box::new(callback_view(row));
        match &self.wish {
            None => Ok(Answer::Noted(view)),
            Some(wish) if wish.has_come_true(row) => Ok(Answer::Callback(view)),
            Some(_) => Err(cannot_be(row)),
        }
    }
}

impl Desk {
    /// A callback that is entered by hand.
    pub(super) fn add_callback(&mut self, new: NewCallback, reply: Reply, now: Moment) {
        if let Err(problem) = self.check_seat(new.seat.as_ref()) {
            let _ = reply.send(Err(problem));
            return;
        }
        let utc = clock::utc();
        let promise = Promise {
            kind: owed(new.kind),
            number: new.number,
            origin: None,
            key: new.key,
            reason: new.reason,
            due: new.due.or(within(new.within_min, utc)).unwrap_or(utc),
            seat: new.seat,
            note: new.note.unwrap_or_else(|| Pii::new(String::new())),
            recording: None,
            language: self.house.language,
            made_at: utc,
            place: None,
        };
        let id = CallbackId::new(clock::unix_ms(), self.entropy.bytes());
        let input = callbacks::Input::Promised { id, promise };
        self.ask_book(id, None, input, reply, now);
    }

    /// Somebody asks that a promise be kept otherwise.
    pub(super) fn wish(
        &mut self,
        id: CallbackId,
        wish: Wish,
        by: String,
        reply: Reply,
        now: Moment,
    ) {
        if let Wish::Assign(seat) = &wish
            && let Err(problem) = self.check_seat(seat.as_ref())
        {
            let _ = reply.send(Err(problem));
            return;
        }
        let asked = Some(wish.clone());
        let input = callbacks::Input::Wished { id, wish, by };
        self.ask_book(id, asked, input, reply, now);
    }

    fn ask_book(
        &mut self,
        id: CallbackId,
        wish: Option<Wish>,
        input: callbacks::Input,
        reply: Reply,
        now: Moment,
    ) {
        let asker = Asker { wish, reply };
        self.promises.askers.coming.insert(id, asker);
        self.tell_queue(input, now);
        if let Some(asker) = self.promises.askers.coming.remove(&id) {
            asker.answer(Err(Code::StoreFailed.into()));
        }
    }

    fn check_seat(&self, seat: Option<&SeatId>) -> Result<(), Problem> {
        match seat {
            Some(id) if self.seating.get(id).is_none() => {
                Err(Problem::from(Code::UnknownSeat).with("seat", id))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// From the book, and what could not be written into it.
    pub(super) fn list_callbacks(&self, reply: Reply) {
        let unsaved: Vec<CallbackView> = self
            .promises
            .queue
            .unsaved()
            .rows()
            .map(callback_view)
            .collect();
        let (listed, list) = oneshot::channel();
        if !self.keeper.must(Job::List(listed)) {
            let _ = reply.send(Err(Code::StoreFailed.into()));
            return;
        }
        tokio::spawn(async move {
            let answer = match list.await {
                Ok(Ok(rows)) => Ok(Answer::Callbacks(
                    rows.iter().map(callback_view).chain(unsaved).collect(),
                )),
                Ok(Err(problem)) => {
                    tracing::error!(%problem, "list the callbacks");
                    Err(Code::StoreFailed.into())
                }
                // The keeper is gone: the desk is stopping.
                Err(_) => Err(Code::StoreFailed.into()),
            };
            let _ = reply.send(answer);
        });
    }

    /// One with its attempts, what was wished of it, and the recording of the call it was made in.
    pub(super) fn show_callback(&self, id: CallbackId, reply: Reply) {
        let unsaved = self.promises.queue.unsaved();
        if let Some(row) = unsaved.get(id) {
            let kept = Kept {
                callback: row.clone(),
                attempts: unsaved.attempts(id).cloned().collect(),
                wishes: unsaved.wishes(id).cloned().collect(),
            };
            let _ = reply.send(Ok(shown(&kept)));
            return;
        }
        let (read, reading) = oneshot::channel();
        if !self.keeper.must(Job::Show(id, read)) {
            let _ = reply.send(Err(Code::StoreFailed.into()));
            return;
        }
        tokio::spawn(async move {
            let answer = match reading.await {
                Ok(Ok(Some(kept))) => Ok(shown(&kept)),
                Ok(Ok(None)) => Err(unknown(id)),
                Ok(Err(problem)) => {
                    tracing::error!(callback = %id, %problem, "read a callback");
                    Err(Code::StoreFailed.into())
                }
                // The keeper is gone: the desk is stopping.
                Err(_) => Err(Code::StoreFailed.into()),
            };
            let _ = reply.send(answer);
        });
    }
}

/// The row that keeps the promise which was to be noted or changed.
pub(super) fn row_of(id: CallbackId, turn: &Turn) -> Option<&Callback> {
    let row = |id| turn.rows.iter().find(|row| row.id == id);
    let is_noted = |told: &&Told| matches!(told.news, News::Noted { .. });
    let noted = turn.told.iter().find(is_noted);
    let keeper = || turn.rows.iter().find(|row| row.merged_into().is_none());
    noted
        .and_then(|told| row(told.id))
        .or_else(|| row(id).filter(|row| row.merged_into().is_none()))
        .or_else(keeper)
}

fn refusal(turn: &Turn) -> Option<Refusal> {
    turn.told.iter().find_map(|told| {
        let News::Refused(why) = told.news else {
            return None;
        };
        Some(why)
    })
}

fn code(why: Refusal) -> Code {
    match why {
        Refusal::EmergencyNumber => Code::NumberRefused,
        Refusal::DoNotCall => Code::DoNotCall,
        Refusal::KeyReused => Code::KeyReused,
        Refusal::TooMany => Code::CallbacksFull,
        Refusal::TooManyWishes => Code::TooManyWishes,
    }
}

fn unknown(id: CallbackId) -> Problem {
    Problem::from(Code::UnknownCallback).with("callback", id)
}

/// It is over, or somebody is just being called.
fn cannot_be(row: &Callback) -> Problem {
    let code = match row.is_settled() {
        true => Code::CallbackOver,
        false => Code::CallbackInFlight,
    };
    Problem::from(code).with("callback-state", row.state.as_str())
}

/// So many minutes from now.
pub(super) fn within(minutes: Option<u32>, utc: Timestamp) -> Option<Timestamp> {
    let wait = Duration::from_secs(u64::from(minutes?) * 60);
    utc.saturating_add(wait).ok()
}

fn owed(kind: Owed) -> Kind {
    match kind {
        Owed::Rep => Kind::Rep,
        Owed::Expert => Kind::Expert,
        Owed::Supervisor => Kind::Supervisor,
        Owed::Complaint => Kind::Complaint,
    }
}

// What is shown

fn shown(kept: &Kept) -> Answer {
    Answer::Callback(Box::new(CallbackView {
        history: kept.attempts.iter().map(attempt_view).collect(),
        wishes: kept.wishes.iter().map(wish_view).collect(),
        ..callback_view(&kept.callback)
    }))
}

pub(super) fn callback_view(callback: &Callback) -> CallbackView {
    let promise = &callback.promise;
    CallbackView {
        id: callback.id.to_string(),
        kind: promise.kind.as_str().to_owned(),
        number: promise.number.clone(),
        due_utc: promise.due,
        next_utc: callback.is_open().then_some(callback.next),
        place_utc: promise.place,
        state: callback.state.as_str().to_owned(),
        because: because(&callback.state),
        attempts: callback.attempts,
        outcomes: outcomes(callback),
        reason: promise.reason.clone(),
        note: note(promise),
        seat: promise.seat.clone(),
        origin: promise.origin,
        recording: promise.recording.clone(),
        history: Vec::new(),
        wishes: Vec::new(),
    }
}

fn wish_view(wished: &Wished) -> WishView {
    WishView {
        at_utc: wished.at,
        by: wished.by.clone(),
        wish: wished.wish.as_str().to_owned(),
        detail: wished.wish.detail(),
    }
}

fn attempt_view(attempt: &Attempt) -> AttemptView {
    let end = attempt.end.as_ref();
    let cause = end.and_then(|end| end.cause.as_ref());
    AttemptView {
        number: attempt.number,
        sip_call_id: attempt.sip_call_id.clone(),
        seat: attempt.seat.clone(),
        begun_utc: attempt.begun,
        ended_utc: end.map(|end| end.at),
        outcome: end.map(|end| end.outcome.as_str().to_owned()),
        sip_status: cause.map(|cause| cause.status),
        sip_reason: cause.map(|cause| cause.reason.clone()),
        q850: cause.and_then(|cause| cause.q850),
    }
}

/// What the rep sees before the call rings; no attempt where he dialled by himself.
pub(super) fn calling_back(callback: &Callback, attempt: Option<&Attempt>) -> CallingBack {
    let promise = &callback.promise;
    CallingBack {
        callback: callback.id.to_string(),
        kind: promise.kind.as_str().to_owned(),
        reason: promise.reason.clone(),
        owes_answer: promise.kind.owes_answer(),
        note: note(promise),
        origin: promise.origin,
        recording: promise.recording.clone(),
        attempt: attempt.map(|attempt| attempt.number),
        outcomes: outcomes(callback),
    }
}

fn note(promise: &Promise) -> Option<Pii<String>> {
    Some(promise.note.clone()).filter(|note| !note.reveal().is_empty())
}

fn outcomes(callback: &Callback) -> Vec<String> {
    let outcomes = callback.outcomes.iter();
    outcomes
        .map(|outcome| outcome.as_str().to_owned())
        .collect()
}

/// Why it was given up or cancelled.
pub(super) fn because(state: &State) -> Option<String> {
    match state {
        State::GivenUp { why } => Some(why.as_str().to_owned()),
        State::Cancelled {
            why: CancelledBecause::Asked { reason },
        } => Some(reason.clone()),
        State::Cancelled {
            why: CancelledBecause::Merged { into },
        } => Some(format!("merged into {into}")),
        State::Open | State::Attempting { .. } | State::Uncertain { .. } | State::Done => None,
    }
}
