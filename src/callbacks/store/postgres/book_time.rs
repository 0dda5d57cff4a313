use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::callbacks::{
    Attempt, Callback, LiveCalls, News, Order, Promise, State, Turn, Wish, Wished,
};
use crate::words::Moment;

/// How long a reading of the server's clock serves: it and ours may drift.
const READ_EVERY: Duration = Duration::from_secs(60);

/// The book's time is the server's: what this desk's clock says is so much behind.
#[derive(Clone, Copy, Debug)]
pub(super) struct BookTime {
    server: Timestamp,
    read: Moment,
    ahead: Option<SignedDuration>,
}

impl BookTime {
    /// The server's clock, as it was read this moment.
    pub(super) fn new(server: Timestamp, now: Moment) -> Self {
        Self {
            server,
            read: now,
            ahead: None,
        }
    }

    pub(super) fn is_stale(&self, now: Moment) -> bool {
        now >= self.read + READ_EVERY
    }

    /// By how much the book is ahead of an order that was given at `at`.
    ///
    /// An order may have waited for the one before it, so that it seems further behind than the clock is: the least of
    /// what was seen counts. No order is carried out at a time that is still to come.
    pub(super) fn ahead_of(&mut self, at: Timestamp, now: Moment) -> SignedDuration {
        let server = later(self.server, signed(now.since(self.read)));
        let seen = whole_ms(server.duration_since(at));
        let ahead = self.ahead.map_or(seen, |least| least.min(seen));
        self.ahead = Some(ahead);
        ahead
    }

    /// What the last order found.
    pub(super) fn seen(&self) -> Option<SignedDuration> {
        self.ahead
    }
}

/// So that what is due now is due: the tables count in milliseconds.
fn whole_ms(time: SignedDuration) -> SignedDuration {
    SignedDuration::from_millis(i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
}

fn signed(time: Duration) -> SignedDuration {
    SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX)
}

/// Moved on a clock that is ahead by so much.
pub(super) trait Moved {
    fn moved(self, by: SignedDuration) -> Self;
}

impl Moved for Timestamp {
    fn moved(self, by: SignedDuration) -> Self {
        later(self, by)
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

impl Moved for Promise {
    fn moved(self, by: SignedDuration) -> Self {
        Self {
            due: self.due.moved(by),
            made_at: self.made_at.moved(by),
            place: self.place.map(|place| place.moved(by)),
            ..self
        }
    }
}

impl Moved for Attempt {
    fn moved(mut self, by: SignedDuration) -> Self {
        self.begun = self.begun.moved(by);
        if let Some(end) = &mut self.end {
            end.at = end.at.moved(by);
        }
        self
    }
}

impl Moved for Wish {
    fn moved(self, by: SignedDuration) -> Self {
        match self {
            Self::Snooze(until) => Self::Snooze(until.moved(by)),
            Self::Cancel { .. } | Self::Done | Self::Redial | Self::Assign(_) => self,
        }
    }
}

impl Moved for Wished {
    fn moved(self, by: SignedDuration) -> Self {
        Self {
            at: self.at.moved(by),
            wish: self.wish.moved(by),
            ..self
        }
    }
}

impl Moved for State {
    fn moved(self, by: SignedDuration) -> Self {
        match self {
            Self::Attempting {
                attempt,
                mut lease,
                then,
            } => {
                if let Some(lease) = &mut lease {
                    lease.until = lease.until.moved(by);
                }
                let attempt = attempt.moved(by);
                Self::Attempting {
                    attempt,
                    lease,
                    then,
                }
            }
            Self::Uncertain { attempt } => Self::Uncertain {
                attempt: attempt.moved(by),
            },
            Self::Open | Self::Done | Self::GivenUp { .. } | Self::Cancelled { .. } => self,
        }
    }
}

impl Moved for Callback {
    fn moved(self, by: SignedDuration) -> Self {
        Self {
            promise: self.promise.moved(by),
            state: self.state.moved(by),
            next: self.next.moved(by),
            own_until: self.own_until.map(|until| until.moved(by)),
            ..self
        }
    }
}

impl<T: Moved> Moved for Vec<T> {
    fn moved(self, by: SignedDuration) -> Self {
        self.into_iter().map(|one| one.moved(by)).collect()
    }
}

impl<K, T: Moved> Moved for (K, T) {
    fn moved(self, by: SignedDuration) -> Self {
        (self.0, self.1.moved(by))
    }
}

impl Moved for Order {
    fn moved(self, ahead: SignedDuration) -> Self {
        match self {
            Self::Note { id, promise } => Self::Note {
                id,
                promise: promise.moved(ahead),
            },
            Self::Claim(mut claimer) => {
                claimer.until = claimer.until.moved(ahead);
                claimer.live = claimer.live.map(|since| since.moved(ahead));
                Self::Claim(claimer)
            }
            Self::Renew { claims, until } => Self::Renew {
                claims,
                until: until.moved(ahead),
            },
            Self::Wish { id, wish, by } => Self::Wish {
                id,
                wish: wish.moved(ahead),
                by,
            },
            Self::Restore {
                rows,
                attempts,
                wishes,
            } => Self::Restore {
                rows: rows.moved(ahead),
                attempts: attempts.moved(ahead),
                wishes: wishes.moved(ahead),
            },
            Self::End {
                claim,
                outcome,
                cause,
                live,
            } => Self::End {
                claim,
                outcome,
                cause,
                live: live.map(|live| live.moved(ahead)),
            },
            Self::Live(live) => Self::Live(live.moved(ahead)),
            Self::DialByHand(live) => Self::DialByHand(live.moved(ahead)),
            Self::Joined { number, at } => Self::Joined {
                number,
                at: at.moved(ahead),
            },
            Self::CallOver { .. }
            | Self::Withdraw { .. }
            | Self::Look { .. }
            | Self::Peek
            | Self::Restart { .. } => self,
        }
    }
}

/// When they were answered is a matter of the desk's own, which nobody else reads.
impl Moved for LiveCalls {
    fn moved(self, by: SignedDuration) -> Self {
        Self {
            until: self.until.moved(by),
            ..self
        }
    }
}

impl Moved for Turn {
    fn moved(mut self, by: SignedDuration) -> Self {
        for told in &mut self.told {
            if let News::Noted { due, .. } = &mut told.news {
                *due = due.moved(by);
            }
        }
        Self {
            rows: self.rows.moved(by),
            attempts: self.attempts.moved(by),
            wishes: self.wishes.moved(by),
            next: self.next.map(|next| next.moved(by)),
            place: self.place.map(|place| place.moved(by)),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_order_that_waited_does_not_put_the_book_ahead_of_the_server() {
        let started = Moment::ZERO;
        let mut book = BookTime::new(at("2026-05-04T05:00:00Z"), started);
        let waited = book.ahead_of(at("2026-05-04T03:59:57Z"), started);
        assert_eq!(waited, SignedDuration::from_secs(3_603));
        let fresh = started + Duration::from_secs(1);
        let ahead = book.ahead_of(at("2026-05-04T04:00:01Z"), fresh);
        assert_eq!(ahead, SignedDuration::from_hours(1));
        // One that waits again is carried out as of the time it was given.
        let late = started + Duration::from_secs(9);
        let ahead = book.ahead_of(at("2026-05-04T04:00:02Z"), late);
        assert_eq!(ahead, SignedDuration::from_hours(1));
    }

    #[test]
    fn a_reading_serves_for_a_minute() {
        let book = BookTime::new(at("2026-05-04T05:00:00Z"), Moment::ZERO);
        assert!(!book.is_stale(Moment::ZERO + Duration::from_secs(59)));
        assert!(book.is_stale(Moment::ZERO + Duration::from_secs(60)));
    }
}
