use std::time::Duration;

use jiff::Timestamp;

use super::Page;
use crate::callbacks::{
    Attempt, Callback, CallbackId, CancelledBecause, Claim, Claimer, Lease, News, Outcome, Refusal,
    SipCause, State, Warned,
};

/// Attempts of one promise, those included that no rep took; then it is given up.
const ATTEMPTS_MAX: u32 = 100;

impl Page<'_> {
    /// Begins an attempt at this one for the seat that is wished, or else for the first that is free.
    ///
    /// Nothing comes of it while it is not due, while it is in flight, or another promise to the same caller is.
    pub fn claim(&mut self, id: CallbackId, claimer: &Claimer) {
        let Some(row) = self.row(id) else { return };
        let Some(seat) = claimer.seat_for(row, self.rules, self.at) else {
            return;
        };
        if !row.is_open() || row.next > self.at || self.in_flight().is_some() {
            return;
        }
        let dial_at = self.rules.dial_time(&row.promise, self.at);
        if dial_at > self.at {
            return self.change(id, |row| row.next = dial_at);
        }
        if self.rules.is_never_called(&row.promise.number) {
            let reason = Refusal::DoNotCall.as_str().to_owned();
            let why = CancelledBecause::Asked { reason };
            return self.settle(id, State::Cancelled { why }, News::Cancelled);
        }
        let attempt = Attempt::new(id, row.attempts.saturating_add(1), seat, self.at);
        self.say_that_it_is_late(id);
        let lease = Lease {
            desk: claimer.desk.clone(),
            until: claimer.until,
        };
        self.attempts.push((id, attempt.clone()));
        self.change(id, |row| {
            row.attempts = attempt.number;
            row.fence = row.fence.saturating_add(1);
            row.state = State::Attempting {
                attempt,
                lease: Some(lease),
                then: None,
            };
        });
    }

    /// Nobody has looked since its time was over, for no desk was there, or none reached the book (I4).
    fn say_that_it_is_late(&mut self, id: CallbackId) {
        let at = self.at;
        if self
            .row(id)
            .is_some_and(|row| row.is_overdue_in_silence(at))
        {
            self.change(id, |row| row.warned = Warned::Overdue);
            self.tell(id, News::Overdue);
        }
    }

    /// Nothing is begun before then.
    pub fn postpone(&mut self, id: CallbackId, until: Timestamp) {
        let rules = self.rules;
        self.change(id, |row| row.next = rules.dial_time(&row.promise, until));
    }

    /// The desk is alive. A claim that another desk took since stays as it is: the turn shows whose it is.
    pub fn renew(&mut self, claim: Claim, until: Timestamp) {
        self.change(claim.id, |row| {
            if row.is_held_by(claim)
                && let State::Attempting {
                    lease: Some(lease), ..
                } = &mut row.state
            {
                lease.until = until;
            }
        });
    }

    /// The attempt is over; a repeated answer, or one from a desk whose claim went to another, changes nothing (I3).
    pub fn ended(&mut self, claim: Claim, outcome: Outcome, cause: Option<SipCause>) {
        let Some(row) = self
            .row(claim.id)
            .filter(|row| row.asks_for_the_end_of(claim))
        else {
            return;
        };
        let after = self.after(row, outcome);
        let attempt = row.begun().cloned();
        self.change(claim.id, |row| row.outcome_is(claim.attempt, outcome));
        let (id, number, at) = (claim.id, claim.attempt, self.at);
        self.tell(
            id,
            News::AttemptEnded {
                attempt: number,
                outcome,
            },
        );
        self.attempts
            .extend(attempt.map(|attempt| (id, attempt.ended(outcome, at).because(cause))));
        match after {
            After::Withdrawn(state) => self.change(id, |row| row.state = state),
            After::Joined => self.settle(id, State::Done, News::Done),
            After::GivenUp(why) => self.settle(id, State::GivenUp { why }, News::GivenUp { why }),
            After::Again { wait, failures } => {
                self.change(id, |row| row.failures = failures);
                self.open_at(id, at.saturating_add(wait).unwrap_or(Timestamp::MAX));
            }
        }
        self.merge_into_reopened(id);
    }

    /// Whoever dialled them is dead: they are dialled again only where the policy says so, and not for ever.
    pub fn lapse(&mut self, is_dead: impl Fn(&Callback) -> bool) {
        let dead = self
            .rows
            .iter()
            .filter(|row| row.attempt().is_some() && is_dead(row));
        let dead: Vec<CallbackId> = dead.map(|row| row.id).collect();
        for id in dead {
            self.lapse_one(id);
            self.merge_into_reopened(id);
        }
    }

    fn lapse_one(&mut self, id: CallbackId) {
        let Some(attempt) = self.row(id).and_then(Callback::attempt).cloned() else {
            return;
        };
        let attempt = attempt.ended(Outcome::Unknown, self.at);
        self.attempts.push((id, attempt.clone()));
        let rules = self.rules;
        self.change(id, |row| {
            row.failures = row.failures.saturating_add(1);
            row.outcome_is(attempt.number, Outcome::Unknown);
            let State::Attempting { then, .. } = &mut row.state else {
                return;
            };
            row.state = match then.take() {
                // Withdrawn while it was dialled: nobody has to be asked.
                Some(then) => *then,
                None if rules.redials_after_crash(row) => State::Open,
                None => State::Uncertain { attempt },
            };
        });
        if self.row(id).is_some_and(|row| !row.is_settled()) {
            self.tell(id, News::Uncertain);
        }
    }

    fn settle(&mut self, id: CallbackId, state: State, news: News) {
        self.change(id, |row| row.state = state);
        self.tell(id, news);
    }

    fn after(&self, row: &Callback, outcome: Outcome) -> After {
        if outcome == Outcome::Joined {
            return After::Joined;
        }
        if let State::Attempting {
            then: Some(then), ..
        } = &row.state
        {
            return After::Withdrawn(State::clone(then));
        }
        if row.attempts >= ATTEMPTS_MAX {
            return After::GivenUp(outcome);
        }
        let rules = self.rules.of(row.promise.kind);
        if !outcome.reached_for_the_caller() {
            let last = rules.retry_after.last().copied();
            // The trunk is not mended within a minute, and the rep is rung for each try.
            let rests = last.filter(|_| outcome == Outcome::Failed);
            return After::Again {
                wait: rests.unwrap_or(rules.snooze),
                failures: row.failures,
            };
        }
        let nth = usize::try_from(row.failures).unwrap_or(usize::MAX);
        rules
            .retry_after
            .get(nth)
            .map_or(After::GivenUp(outcome), |wait| After::Again {
                wait: *wait,
                failures: row.failures.saturating_add(1),
            })
    }
}

/// What an attempt's outcome makes of its callback.
enum After {
    /// By who rang in, or by a wish, while it was dialled; it was told then.
    Withdrawn(State),
    Joined,
    GivenUp(Outcome),
    Again {
        wait: Duration,
        failures: u32,
    },
}
