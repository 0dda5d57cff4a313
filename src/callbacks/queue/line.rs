//! The desk's part in the line (`callbacks::line`): for whom a seat is kept, and for how long.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::Queue;
use super::clock::Clock;
use crate::callbacks::{Claimer, Turn};
use crate::words::{Moment, SeatId};

/// A place in the line, by the book's time and by our own. It is read off the clocks once: they do not run alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    at: Timestamp,
    /// A [`TICK`] after it.
    since: Moment,
}

/// The tables count in it: who came later by more is later there, too, so a seat is kept only where a claim finds the first.
const TICK: Duration = Duration::from_millis(1);

impl Place {
    fn new(at: Timestamp, clock: Clock) -> Self {
        let since = clock.moment_before(at) + TICK;
        Self { at, since }
    }

    /// The book's time of a moment after it.
    fn at_of(self, later: Moment) -> Timestamp {
        let by = self.since.until(later) + TICK;
        self.at.saturating_add(by).unwrap_or(Timestamp::MAX)
    }
}

impl Queue {
    /// Since when the first in the line waits of those who were promised a call and can be dialled: no seat is for a live
    /// caller who came later.
    ///
    /// Only while they are being claimed, or would be once a seat is free; and no longer once a claim brought nobody, or
    /// was not answered in time. So no live caller waits for longer than a claim takes.
    pub fn place(&self) -> Option<Moment> {
        let would_claim = self.seats.is_empty() || self.can_claim();
        let will_claim = self.may_claim && !self.is_claiming() && would_claim;
        let can_ask = self.begun && self.ask_again.is_none();
        let is_kept = can_ask && (self.claim_by.is_some() || will_claim);
        self.place.filter(|_| is_kept).map(|place| place.since)
    }

    /// The seats that are free, and since when the live caller waits who has one of them otherwise. What a claim did not
    /// bring for other seats, or because somebody live was first, it may bring now.
    pub(super) fn seats_are(&mut self, seats: BTreeSet<SeatId>, live: Option<Moment>) {
        let is_less_bound = self
            .live_since
            .is_some_and(|before| live.is_none_or(|now| now > before));
        self.may_claim |= is_less_bound || !seats.is_subset(&self.seats);
        (self.seats, self.live_since) = (seats, live);
    }

    /// Whether there may be something in the book that these seats could dial before the live caller.
    pub(super) fn can_claim(&self) -> bool {
        let is_before = |live| self.place.is_some_and(|place| place.since < live);
        self.may_claim && !self.seats.is_empty() && self.live_since.is_none_or(is_before)
    }

    /// The same live caller by the book's time.
    pub(super) fn live_at(&self) -> Option<Timestamp> {
        Some(self.place?.at_of(self.live_since?))
    }

    /// As the book has just told it.
    pub(super) fn line_is(&mut self, place: Option<Timestamp>, clock: Clock) {
        if self.place.map(|place| place.at) != place {
            self.place = place.map(|at| Place::new(at, clock));
        }
        self.may_claim |= place.is_some();
    }

    /// A claim that brought nobody leaves the seats to the live callers; then who is next in the line counts again.
    pub(super) fn line_after_claim(&mut self, claimer: &Claimer, turn: &Turn, clock: Clock) {
        self.claim_by = None;
        let brought = turn.rows.iter().any(|row| row.attempt().is_some());
        let came_later = |place: Timestamp| claimer.live.is_some_and(|live| place >= live);
        let place = turn.place.filter(|place| brought || came_later(*place));
        self.line_is(place, clock);
        // Who was not to be called now made room for another.
        self.may_look |= !brought && !turn.rows.is_empty();
    }

    /// The book takes its time: its answer is not waited for by others.
    pub(super) fn give_up_on_claim(&mut self, clock: Clock) {
        if self.claim_by.take_if(|at| *at <= clock.now).is_some() {
            self.place = None;
        }
    }
}
