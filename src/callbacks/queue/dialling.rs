use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use super::clock::Clock;
use super::commits::{OnDisk, Purpose, SAVE_AGAIN_AFTER};
use super::{Action, Alarm, Commit, News, Queue, Row, Wish};
use crate::callbacks::{Attempt, Callback, CallbackId, CancelledBecause, Outcome, Rules, State};
use crate::words::{PhoneNumber, Pii, SeatId};

/// Attempts of one promise, those included that no rep took; then it is given up.
const ATTEMPTS_MAX: u32 = 100;

impl Queue {
    /// Begins what is due, the strongest kind and the earliest first, while a seat is ready.
    pub(super) fn start_due(&mut self, clock: Clock) -> Vec<Action> {
        let is_due = |row: &&Row| row.callback.is_open() && row.next <= clock.now;
        let mut due: Vec<_> = self
            .rows
            .values()
            .filter(is_due)
            .map(|row| (Reverse(row.callback.promise.kind), row.next, row.id()))
            .collect();
        due.sort();
        let ids = due.into_iter().map(|(_, _, id)| id);
        ids.filter_map(|id| self.start(id, clock)).collect()
    }

    fn start(&mut self, id: CallbackId, clock: Clock) -> Option<Action> {
        let row = self.rows.get(&id)?;
        let promise = &row.callback.promise;
        let wait_until = self.rules.dial_time(promise, clock.utc);
        if wait_until > clock.utc {
            self.row(id)?.dial_at(wait_until, clock);
            return self.keep(id, None);
        }
        if self.is_in_flight(&promise.number) {
            return None;
        }
        let seat = self.seat_for(promise.seat.as_ref())?;
        self.seats.remove(&seat);
        let callback = &mut self.row(id)?.callback;
        callback.attempts = callback.attempts.saturating_add(1);
        let attempt = Attempt::new(id, callback.attempts, seat, clock.utc);
        callback.state = State::Attempting {
            attempt: attempt.clone(),
        };
        let callback = callback.clone();
        let purpose = Purpose::Begin(id, attempt.clone());
        Some(self.commit(purpose, vec![callback], Some((id, attempt))))
    }

    fn seat_for(&self, preferred: Option<&SeatId>) -> Option<SeatId> {
        let preferred = preferred.filter(|seat| self.seats.contains(*seat));
        preferred.or_else(|| self.seats.first()).cloned()
    }

    /// The attempt's row is on disk, or could not be written.
    pub(super) fn begin_committed(
        &mut self,
        id: CallbackId,
        attempt: Attempt,
        commit: Commit,
        clock: Clock,
    ) -> Vec<Action> {
        let Some((row, attempt)) = in_flight(&mut self.rows, id, attempt.number) else {
            return Vec::new();
        };
        if row.withdrawn.is_some() {
            return self.ended(id, attempt.number, Outcome::Withdrawn, clock);
        }
        // A promise that never reached the disk cannot be dialled a second time after a crash.
        if commit == Commit::Saved || row.on_disk == OnDisk::Never {
            let told = row.told(News::Attempted {
                attempt: attempt.number,
            });
            let callback = Box::new(row.callback.clone());
            return vec![told, Action::Dial { callback, attempt }];
        }
        row.callback.state = State::Open;
        row.callback.attempts = row.callback.attempts.saturating_sub(1);
        row.dial_at(clock.utc_after(SAVE_AGAIN_AFTER), clock);
        self.seats.insert(attempt.seat);
        self.merge_reopened(id, clock).into_iter().collect()
    }

    pub(super) fn ended(
        &mut self,
        id: CallbackId,
        number: u32,
        outcome: Outcome,
        clock: Clock,
    ) -> Vec<Action> {
        let Some((row, attempt)) = in_flight(&mut self.rows, id, number) else {
            return Vec::new();
        };
        let mut actions = vec![row.told(News::AttemptEnded {
            attempt: number,
            outcome,
        })];
        match row.after(outcome, &self.rules) {
            After::Settled(state) => actions.extend(row.settle(state)),
            After::Again { wait, failures } => {
                row.callback.state = State::Open;
                row.callback.failures = failures;
                row.dial_at(clock.utc_after(wait), clock);
            }
        }
        actions.extend(self.keep(id, Some((id, attempt.ended(outcome, clock.utc)))));
        actions.extend(self.merge_reopened(id, clock));
        actions
    }

    pub(super) fn caller_joined(&mut self, number: &Pii<PhoneNumber>) -> Vec<Action> {
        let whose = self.whose(number);
        let rows = self.rows.values();
        let theirs: Vec<CallbackId> = rows.filter(|row| row.whose == whose).map(Row::id).collect();
        let withdraw = |id| self.finish(id, State::Done, News::Withdrawn);
        theirs.into_iter().flat_map(withdraw).collect()
    }

    pub(super) fn wished(&mut self, id: CallbackId, wish: Wish, clock: Clock) -> Vec<Action> {
        match wish {
            Wish::Cancel { reason } => {
                let why = CancelledBecause::Asked { reason };
                self.finish(id, State::Cancelled { why }, News::Cancelled)
            }
            Wish::Done => self.finish(id, State::Done, News::Done),
            Wish::Snooze(wait) => self.dial_in(id, wait, clock),
            Wish::Redial => self.dial_in(id, Duration::ZERO, clock),
        }
    }

    /// Settles a callback from outside; an attempt in flight is hung up first.
    fn finish(&mut self, id: CallbackId, state: State, news: News) -> Vec<Action> {
        let Some(row) = self.row(id) else {
            return Vec::new();
        };
        let told = row.told(news);
        match &row.callback.state {
            State::Open | State::Uncertain { .. } => {
                row.callback.state = state;
                let mut actions = vec![told];
                actions.extend(self.keep(id, None));
                actions
            }
            State::Attempting { attempt } if row.withdrawn.is_none() => {
                let attempt = attempt.number;
                row.withdrawn = Some(state);
                vec![told, Action::HangUp { id, attempt }]
            }
            State::Attempting { .. }
            | State::Done
            | State::GivenUp { .. }
            | State::Cancelled { .. } => Vec::new(),
        }
    }

    /// Only what waits can be dialled earlier or later.
    fn dial_in(&mut self, id: CallbackId, wait: Duration, clock: Clock) -> Vec<Action> {
        let Some(row) = self.row(id) else {
            return Vec::new();
        };
        match row.callback.state {
            State::Open | State::Uncertain { .. } => {}
            State::Attempting { .. }
            | State::Done
            | State::GivenUp { .. }
            | State::Cancelled { .. } => return Vec::new(),
        }
        row.callback.state = State::Open;
        row.dial_at(clock.utc_after(wait), clock);
        let mut actions = vec![row.told(News::Snoozed { wait })];
        actions.extend(self.keep(id, None));
        actions.extend(self.merge_reopened(id, clock));
        actions
    }
}

/// The row whose attempt of this number has no outcome yet; a late or repeated answer finds none.
fn in_flight(
    rows: &mut BTreeMap<CallbackId, Row>,
    id: CallbackId,
    number: u32,
) -> Option<(&mut Row, Attempt)> {
    let row = rows.get_mut(&id)?;
    let attempt = row.callback.attempt()?.clone();
    (attempt.number == number).then_some((row, attempt))
}

/// What an attempt's outcome makes of its callback.
enum After {
    Settled(State),
    Again { wait: Duration, failures: u32 },
}

impl Row {
    fn after(&self, outcome: Outcome, rules: &Rules) -> After {
        let Callback {
            attempts, failures, ..
        } = self.callback;
        let given_up = After::Settled(State::GivenUp { why: outcome });
        if let (Some(state), false) = (&self.withdrawn, outcome == Outcome::Joined) {
            return After::Settled(state.clone());
        }
        match outcome {
            Outcome::Joined => After::Settled(State::Done),
            _ if attempts >= ATTEMPTS_MAX => given_up,
            // The caller was not reached for: his tries are not used up.
            Outcome::RepDeclined | Outcome::RepAbsent | Outcome::Withdrawn => After::Again {
                wait: rules.snooze,
                failures,
            },
            Outcome::Busy
            | Outcome::NoAnswer
            | Outcome::Refused
            | Outcome::Failed
            | Outcome::Abandoned
            | Outcome::Unknown => {
                let nth = usize::try_from(failures).unwrap_or(usize::MAX);
                let wait = rules.retry_after.get(nth);
                let failures = failures.saturating_add(1);
                wait.map_or(given_up, |wait| After::Again {
                    wait: *wait,
                    failures,
                })
            }
        }
    }

    /// Whoever withdrew it was told then.
    fn settle(&mut self, state: State) -> Vec<Action> {
        let id = self.callback.id;
        let actions = match &state {
            State::Done if self.withdrawn.is_none() => vec![self.told(News::Done)],
            State::GivenUp { why } => {
                let told = self.told(News::GivenUp { why: *why });
                vec![told, Action::Alarm(Alarm::GivenUp { id })]
            }
            State::Done
            | State::Cancelled { .. }
            | State::Open
            | State::Attempting { .. }
            | State::Uncertain { .. } => Vec::new(),
        };
        self.callback.state = state;
        actions
    }
}
