//! Live callers beside the promises: whose turn it is when a seat is free.

use jiff::SignedDuration;

use super::*;
use crate::callbacks::Sheet;
use crate::callbacks::queue::holding::CLAIMED_WITHIN;

/// What a desk's seats have to do beside callbacks.
#[derive(Default)]
pub(super) struct Line {
    /// Since when each live caller waits, the longest first.
    waiting: VecDeque<Moment>,
    /// How many have come, without those who left untaken: in all, until the claim that is out was asked, and until the
    /// last one that was answered.
    came: usize,
    came_when_asked: usize,
    came_before_answer: usize,
    talking: u8,
    /// The place that the queue wants a seat kept for.
    kept: Option<Moment>,
    claimed_at: Moment,
}

impl Line {
    fn last_one_leaves(&mut self) {
        if self.waiting.pop_back().is_some() {
            self.came -= 1;
            self.came_when_asked = self.came_when_asked.min(self.came);
            self.came_before_answer = self.came_before_answer.min(self.came);
        }
    }
}

impl World {
    /// A live caller, who has a seat or waits for one.
    pub(super) fn comes(&mut self, desk: usize) {
        let now = self.now;
        let line = &mut self.desks[desk].line;
        line.waiting.push_back(now);
        line.came += 1;
        self.tell_seats(desk);
    }

    /// One of those who talk is done, or else the last one is tired of waiting.
    pub(super) fn leaves(&mut self, desk: usize) {
        let line = &mut self.desks[desk].line;
        if line.talking > 0 {
            line.talking -= 1;
        } else {
            line.last_one_leaves();
        }
        self.tell_seats(desk);
    }

    pub(super) fn everybody_leaves(&mut self, desk: usize) {
        let line = &mut self.desks[desk].line;
        while !line.waiting.is_empty() {
            line.last_one_leaves();
        }
        line.talking = 0;
        self.tell_seats(desk);
    }

    /// Whether the queue wants a seat kept for another than before: the seats are given anew then.
    pub(super) fn keep_place(&mut self, desk: usize) {
        let place = self.desks[desk].queue.place();
        if place != self.desks[desk].line.kept {
            self.desks[desk].line.kept = place;
            self.tell_seats(desk);
        }
    }

    fn free(&self, desk: usize) -> usize {
        let desk = &self.desks[desk];
        let busy = desk.in_flight.len() + usize::from(desk.line.talking);
        usize::from(desk.seats).saturating_sub(busy)
    }

    /// What `seating::turns` does, for seats and callers that are all alike.
    pub(super) fn tell_seats(&mut self, desk: usize) {
        while let Some(since) = self.next_served(desk) {
            self.nobody_promised_was_first(desk, since);
            let line = &mut self.desks[desk].line;
            line.waiting.pop_front();
            line.talking += 1;
        }
        let live = self.desks[desk].line.waiting.front().copied();
        let is_kept = live.is_none_or(|since| self.is_kept_from(desk, since));
        let free = if is_kept { self.free(desk) } else { 0 };
        let seats = (0..free).map(|n| format!("rep{n}").parse().unwrap());
        let input = Input::SeatsReady {
            seats: seats.collect(),
            live: live.filter(|_| free > 0),
        };
        self.give(desk, input);
    }

    fn next_served(&self, desk: usize) -> Option<Moment> {
        let since = *self.desks[desk].line.waiting.front()?;
        (self.free(desk) > 0 && !self.is_kept_from(desk, since)).then_some(since)
    }

    fn is_kept_from(&self, desk: usize, since: Moment) -> bool {
        let kept = self.desks[desk].line.kept;
        kept.is_some_and(|place| place < since)
    }

    /// For a desk that has heard all that the book has to say: others may have written into a shared one meanwhile.
    fn nobody_promised_was_first(&mut self, desk: usize, since: Moment) {
        let Desk { queue, orders, .. } = &self.desks[desk];
        let knows_all = self.desks.len() == 1 && orders.is_empty() && queue.ask_again.is_none();
        if !knows_all || self.clock_was_set {
            return;
        }
        let Ok(outlook) = self.book.outlook(self.utc, self.utc);
        let since = self.utc - SignedDuration::try_from(self.now.since(since)).unwrap();
        let first = outlook.place.filter(|place| *place < since);
        assert_eq!(first, None, "a promised caller who was first is overtaken");
    }

    /// Whom a claim brought was in the line before all live callers who wait, or there was none when it was asked.
    pub(super) fn nobody_live_was_first(&self, desk: usize, callback: &Callback) {
        let Some(place) = callback.promise.place else {
            return;
        };
        let Line {
            waiting,
            came,
            came_before_answer,
            ..
        } = &self.desks[desk].line;
        // Those who came at the same instant, and after the claim was asked, are not before him.
        let later = (came - came_before_answer).min(waiting.len());
        let waiting = waiting.iter().take(waiting.len() - later);
        let since = |since: &Moment| SignedDuration::try_from(self.now.since(*since)).unwrap();
        let mut first = waiting.map(|it| self.utc - since(it));
        assert!(
            self.clock_was_set || !first.any(|live| live <= place),
            "a live caller who was first is overtaken"
        );
    }

    pub(super) fn note_claim(&mut self, desk: usize, order: &Order) {
        if let Order::Claim(_) = order {
            let line = &mut self.desks[desk].line;
            line.claimed_at = self.now;
            line.came_when_asked = line.came;
        }
    }

    pub(super) fn note_answer(&mut self, desk: usize, order: &Order) {
        if let Order::Claim(_) = order {
            let line = &mut self.desks[desk].line;
            line.came_before_answer = line.came_when_asked;
        }
    }

    /// Promises without a place are for seats that nobody live waits for.
    pub(super) fn claim_keeps_the_line(&self, order: &Order, turn: &Turn) {
        let Order::Claim(claimer) = order else {
            return;
        };
        let dialled = turn.rows.iter().filter(|row| row.attempt().is_some());
        for row in dialled {
            assert!(row.comes_before(claimer.live), "{row:?} {claimer:?}");
        }
    }

    /// A free seat that a live caller waits for is being claimed this moment.
    pub(super) fn no_seat_is_kept_for_nobody(&self, desk: usize) {
        let Desk { line, orders, .. } = &self.desks[desk];
        if line.waiting.is_empty() || self.free(desk) == 0 {
            return;
        }
        let is_claim =
            |(_, order, _): &(Ticket, Order, Timestamp)| matches!(order, Order::Claim(_));
        assert!(orders.iter().any(is_claim), "a seat is kept for nobody");
        let lasted = self.now.since(line.claimed_at);
        assert!(lasted < CLAIMED_WITHIN, "kept for {lasted:?}");
    }
}
