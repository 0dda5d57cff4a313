//! Every 15 s, start to start, counted from an anchor (R20; D3).

use std::time::Duration;

use crate::policy::CountsFrom;
use crate::words::Moment;

use super::{Board, Timer};

/// A point of the grid, asked for ahead of time so that the phrase's onset is exactly there.
#[derive(Clone, Copy, Debug)]
struct Point(Moment);

impl Point {
    /// Also a desk that is late by a few hundred milliseconds on a busy PC meets the point.
    const LEAD: Duration = Duration::from_millis(300);

    /// The timer waits for this moment, and a point whose moment has passed is missed: were these
    /// two bounds, a timer could announce the same point for ever.
    fn asked_at(self) -> Moment {
        self.0 - Self::LEAD
    }

    fn is_missed(self, now: Moment) -> bool {
        self.asked_at() <= now
    }
}

/// The grid a caller without a rep's voice lives on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    anchor: Moment,
    next: Point,
    /// Since the anchor; `None`: no offer is due.
    offer_after: Option<Duration>,
}

impl Grid {
    pub(super) fn begin(board: &mut Board, offer_after: Option<Duration>, now: Moment) -> Self {
        let mut grid = Self {
            anchor: now,
            next: Point(now),
            offer_after,
        };
        grid.step(board, now);
        grid
    }

    /// The grid point that the timer announced.
    pub(super) fn point(&self) -> Moment {
        self.next.0
    }

    pub(super) fn since_anchor(&self) -> Duration {
        self.next.0.since(self.anchor)
    }

    pub(super) fn offer_is_due(&self) -> bool {
        self.offer_after
            .is_some_and(|after| self.since_anchor() >= after)
    }

    /// The caller waits on: the offer comes again this much after the point it was made at (D4).
    pub(super) fn offer_again(&mut self, wait: Duration) {
        self.offer_after = self.offer_after.map(|_| self.since_anchor() + wait);
    }

    /// The next point that can still be reached. Points under an open question are skipped, and
    /// those the PC has slept through; the anchor stays.
    pub(super) fn step(&mut self, board: &mut Board, now: Moment) {
        let every = board.policy().hold.every.get();
        while self.next.is_missed(now) {
            self.next.0 += every;
        }
        self.arm(board);
    }

    /// The phrase of this point is being said. Where the PC slept it comes late: a point that would
    /// cut it off is skipped.
    pub(super) fn said(&mut self, board: &mut Board, now: Moment) {
        let every = board.policy().hold.every.get();
        if now > self.next.0 {
            while self.next.0 <= now + every / 2 {
                self.next.0 += every;
            }
        }
        self.step(board, now);
    }

    /// A phrase ended: with `counts_from = "end"` the next point is counted from here.
    pub(super) fn phrase_ended(&mut self, board: &mut Board, now: Moment) {
        if board.policy().hold.counts_from == CountsFrom::End {
            self.next = Point(now + board.policy().hold.every.get());
            self.arm(board);
        }
    }

    /// Their own hold pauses the grid; when they are back it begins anew (D13).
    fn arm(&self, board: &mut Board) {
        if !board.caller.on_hold {
            board.timers.arm(Timer::Grid, self.next.asked_at());
        }
    }
}
