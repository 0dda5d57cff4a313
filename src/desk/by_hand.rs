//! A number that a rep dials himself: the book says first what is promised there, and whether somebody else has it on the
//! line (I2). What comes of it is the promise's, too: once they have talked it is kept, as where the customer rings in (D26).

use std::collections::BTreeMap;

use crate::call::{Beginning, Outcome};
use crate::callbacks::{self, Callback, LiveCall, Order, Refusal, Ticket, Turn};
use crate::console::{Answer, CallView, Code, Problem};
use crate::journal::Began;
use crate::records::{CallingBack, What};
use crate::words::{CallId, Moment, PhoneNumber, Pii, SeatId};

use super::calls::{DeskCall, Facts};
use super::draining::Stage;
use super::journals::Cast;
use super::requests::Reply;
use super::{Desk, clock, wishes};

/// What a rep wants to dial.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) number: Pii<PhoneNumber>,
    /// None: any that is free.
    pub(super) seat: Option<SeatId>,
    /// None where he pressed a button: nobody waits for an answer.
    pub(super) reply: Option<Reply>,
}

/// Calls of which the book has not said yet whether they may begin.
#[derive(Debug, Default)]
pub(super) struct ByHand {
    /// Until their order is handed over; it is at once.
    coming: BTreeMap<CallId, Wanted>,
    waiting: BTreeMap<Ticket, (CallId, Wanted)>,
}

impl ByHand {
    /// The book has it now.
    pub(super) fn handed_over(&mut self, ticket: Ticket, order: &Order) {
        if let Order::DialByHand(live) = order
            && let Some(id) = live.calls.first().map(|call| call.call)
            && let Some(wanted) = self.coming.remove(&id)
        {
            self.waiting.insert(ticket, (id, wanted));
        }
    }
}

impl Wanted {
    fn answer(self, answer: Result<CallView, Problem>) {
        match (self.reply, answer) {
            // Who has left does not want to know.
            (Some(reply), answer) => {
                drop(reply.send(answer.map(|view| Answer::Dialled(Box::new(view)))));
            }
            (None, Err(problem)) => tracing::info!(code = problem.code.as_str(), "redial"),
            (None, Ok(_)) => {}
        }
    }
}

impl Desk {
    pub(super) fn dial_by_hand(&mut self, wanted: Wanted, now: Moment) {
        if let Err(problem) = self.may_dial(&wanted.number) {
            return wanted.answer(Err(problem));
        }
        self.duty.last_dialled = Some(wanted.number.clone());
        let id = self.new_call_id();
        let call = LiveCall {
            call: id,
            number: Some(wanted.number.clone()),
            answered: None,
            began: Some(clock::utc()),
            seat: wanted.seat.clone(),
            language: self.house.language,
        };
        self.promises.by_hand.coming.insert(id, wanted);
        self.tell_queue(callbacks::Input::DialsByHand(call), now);
    }

    fn may_dial(&self, number: &Pii<PhoneNumber>) -> Result<(), Problem> {
        if self.duty.stage != Stage::Working {
            return Err(Code::DeskBusy.into());
        }
        if self.calls.len() + self.promises.by_hand.waiting.len() >= self.house.calls_max {
            return Err(Code::DeskFull.into());
        }
        if !self.seating.has_free() {
            return Err(Code::NoSeat.into());
        }
        let today = self.house.date(clock::utc());
        let dialled = self.house.dialled(number.reveal());
        let has_room = |(class, _)| self.duty.dialled.has_room(class, &self.house.caps, today);
        if !dialled.is_some_and(has_room) {
            return Err(Code::NumberRefused.into());
        }
        if self.is_on_the_line(number) {
            return Err(Code::NumberInUse.into());
        }
        Ok(())
    }

    /// What the book says; where it cannot answer, it keeps no rep from calling.
    pub(super) fn book_said(&mut self, ticket: Ticket, turn: Option<&Turn>, now: Moment) {
        let Some((id, wanted)) = self.promises.by_hand.waiting.remove(&ticket) else {
            return;
        };
        if turn.is_some_and(|turn| turn.is_taken) {
            return wanted.answer(Err(Code::NumberInUse.into()));
        }
        if let Err(problem) = self.may_dial(&wanted.number) {
            self.tell_queue(callbacks::Input::CallOver { call: id }, now);
            return wanted.answer(Err(problem));
        }
        let promised = turn.and_then(|turn| promised(&turn.rows));
        self.begin_by_hand(id, &wanted, promised, now);
        self.settle(now);
        let view = self.call_view(id, now).map(|view| CallView {
            warnings: self.warnings_of(&wanted.number),
            ..view
        });
        wanted.answer(view);
    }

    fn begin_by_hand(
        &mut self,
        id: CallId,
        wanted: &Wanted,
        promised: Option<CallingBack>,
        now: Moment,
    ) {
        let beginning = Beginning {
            id,
            number: Some(wanted.number.clone()),
            language: self.house.language,
            records: self.records_calls_to(wanted.number.reveal()),
        };
        let Cast {
            call,
            actions,
            journal,
        } = self.cast(beginning, Began::Outgoing, now);
        let facts = Facts {
            wished: wanted.seat.clone(),
            by_hand: true,
            calls_back: promised.clone().map(Box::new),
            ..Facts::new(false, String::new(), clock::utc())
        };
        self.calls.add(DeskCall::new(call, journal, facts));
        self.note(id, What::Begun { inbound: false }, now);
        if let Some(promised) = promised {
            self.note(id, What::CallsBack(Box::new(promised)), now);
        }
        self.begun(id, actions, now);
    }

    /// A person is called by a person: he is told, and not kept from it.
    fn warnings_of(&self, number: &Pii<PhoneNumber>) -> Vec<String> {
        let why = self.promises.rules.refuses(number);
        let why = why.filter(|why| *why == Refusal::DoNotCall);
        why.into_iter().map(|why| why.as_str().to_owned()).collect()
    }

    /// They have talked: what was promised to this number is kept.
    pub(super) fn reached_by_hand(&mut self, id: CallId, outcome: Outcome, now: Moment) {
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        if std::mem::take(&mut call.facts.by_hand)
            && outcome == Outcome::Joined
            && let Some(number) = call.call.number().cloned()
        {
            self.tell_queue(callbacks::Input::CallerJoined { number }, now);
        }
    }
}

/// What is promised to a number: one row, or beside it those that are uncertain.
fn promised(rows: &[Callback]) -> Option<CallingBack> {
    let open = rows.iter().find(|row| row.is_open());
    let shown = open.or(rows.first())?;
    Some(wishes::calling_back(shown, None))
}
