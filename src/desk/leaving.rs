//! A rep who goes off shift hands over first what he has promised (D29).

use std::collections::BTreeMap;

use crate::callbacks::Callback;
use crate::console::{Code, Problem, SeatOrder};
use crate::seating::Choice;
use crate::words::{Moment, SeatId};

use super::Desk;
use super::keeper::Job;
use super::requests::Reply;

/// Who wants to leave, until the book says what his seat has promised.
#[derive(Debug, Default)]
pub(super) struct Leaving(BTreeMap<SeatId, Vec<Reply>>);

impl Desk {
    /// He is answered once the book is read.
    pub(super) fn leave(&mut self, id: SeatId, reply: Reply, now: Moment) {
        self.leaving.0.entry(id.clone()).or_default().push(reply);
        if !self.keeper.must(Job::Owed(id.clone())) {
            self.owed(&id, None, now);
        }
    }

    /// So many promises of his are in the book. Where nobody can read it, nobody is kept from going home.
    pub(super) fn owed(&mut self, id: &SeatId, in_book: Option<usize>, now: Moment) {
        let unsaved = self.promises.queue.unsaved();
        let unsaved = unsaved.rows().filter(|row| is_owed_by(row, id)).count();
        let count = in_book.unwrap_or_default() + unsaved;
        for reply in self.leaving.0.remove(id).unwrap_or_default() {
            let answer = match count {
                0 => self.order_seat(id, SeatOrder::Choose(Choice::Offline), now),
                count => Err(Problem::from(Code::PromisesOpen)
                    .with("count", count)
                    .with("seat", id)),
            };
            // A client that left does not want to know.
            let _ = reply.send(answer);
        }
    }
}

/// Whether this seat is to make the call, and has not.
pub(super) fn is_owed_by(row: &Callback, seat: &SeatId) -> bool {
    !row.is_settled() && row.promise.seat.as_ref() == Some(seat)
}
