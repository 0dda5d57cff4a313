//! Where `journal` is set, what each call takes in and does is written down, to be played again.

use crate::call::{Action, Beginning, Call, Input};
use crate::journal::{Began, Head, Journal};
use crate::words::{CallId, Moment, PhoneNumber, Pii};

use super::Desk;
use super::calls::DeskCall;
use super::keeper::Job;

/// A call at its first moment.
pub(super) struct Cast {
    pub(super) call: Call,
    pub(super) actions: Vec<Action>,
    /// Where calls are journalled.
    pub(super) journal: Option<Box<Journal>>,
}

impl Desk {
    /// Begins a call.
    pub(super) fn cast(&self, beginning: Beginning, began: Began, now: Moment) -> Cast {
        let terms = self.house.terms.clone();
        let facts = beginning.clone();
        let (call, actions) = match began {
            Began::Incoming(arrival) => Call::incoming(terms, facts, arrival, now),
            Began::Outgoing => Call::outgoing(terms, facts, now),
            Began::Callback(kind) => Call::callback(terms, facts, kind, now),
        };
        let journal = self.house.journals.then(|| {
            let head = Head::new(call.terms(), &beginning, began, &actions, now);
            Box::new(Journal::begin(&head))
        });
        Cast {
            call,
            actions,
            journal,
        }
    }

    /// Hands over what a call's journal has to be written; it may be lost where the disk cannot follow.
    pub(super) fn keep_journal(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        let is_over = call.call.has_ended();
        let lines = call
            .journal
            .as_mut()
            .and_then(|journal| journal.take(is_over));
        if let Some(lines) = lines {
            self.keeper.spare(Job::Journal(id, lines));
        }
    }
}

impl DeskCall {
    /// Takes one input, and notes it with what it led to.
    pub(super) fn handle(&mut self, input: Input, now: Moment) -> Vec<Action> {
        match &mut self.journal {
            Some(journal) => journal.handle(&mut self.call, input, now),
            None => self.call.handle(input, now),
        }
    }

    /// Somebody else has taken the caller's place.
    pub(super) fn replace_caller(&mut self, number: Option<Pii<PhoneNumber>>, now: Moment) {
        if let Some(journal) = &mut self.journal {
            journal.note_replaced(number.is_some(), now);
        }
        self.call.set_number(number);
    }
}
