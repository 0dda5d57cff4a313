//! How the seats stand: what reps and admins ask, and what is told and kept of every change.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::console::{Answer, Code, Problem, SeatOrder, SeatView};
use crate::records::{Entry, SeatChange, What};
use crate::seating::{Change, Choice, Fault, Refusal, Seat, Standing, State};
use crate::words::{CallId, Moment, SeatId};

use super::chronicle::About;
use super::{Desk, clock};

/// Stands until the rep says that he is ready again.
pub(super) const SEAT_ABSENT: &str = "seat-absent";

/// Since when each seat stands as it does, by the wall clock: it may be since before the PC was started.
#[derive(Debug, Default)]
pub(super) struct Since(BTreeMap<SeatId, Timestamp>);

impl Desk {
    // What is asked

    pub(super) fn list_seats(&self, now: Moment) -> Vec<SeatView> {
        let seats = self.seating.iter();
        seats
            .map(|(id, seat)| self.view_of_seat(id, seat, now))
            .collect()
    }

    pub(super) fn seat_view(&self, id: &SeatId, now: Moment) -> Result<SeatView, Problem> {
        let seat = self.seating.get(id);
        let view = seat.map(|seat| self.view_of_seat(id, seat, now));
        view.ok_or_else(|| Problem::from(Code::UnknownSeat).with("seat", id))
    }

    fn view_of_seat(&self, id: &SeatId, seat: &Seat, now: Moment) -> SeatView {
        let standing = seat.standing();
        let faults = seat.faults().map(|fault| fault.state().as_str().to_owned());
        SeatView {
            id: id.clone(),
            kind: seat.kind().to_owned(),
            ready: seat.is_ready(),
            state: standing.state.as_str().to_owned(),
            reason: standing.choice.reason().map(str::to_owned),
            then: then(&standing),
            since_utc: self.since.0.get(id).copied(),
            until_utc: until_utc(&standing, now),
            note_owed: standing.note_owed,
            faults: faults.collect(),
            call: standing.call,
            registered_until_utc: self.phone_until(id, now),
        }
    }

    pub(super) fn order_seat(
        &mut self,
        id: &SeatId,
        order: SeatOrder,
        now: Moment,
    ) -> Result<Answer, Problem> {
        let done = match order {
            SeatOrder::Choose(choice) => self.choose(id, choice, now),
            SeatOrder::ExtendWrapUp => self.seating.extend_wrap_up(id, now),
            SeatOrder::EndWrapUp => self.seating.end_wrap_up(id, now),
        };
        done.map_err(|refusal| self.seat_problem(id, refusal))?;
        if !self.seating.has_absent() {
            self.duty.alarms.remove(SEAT_ABSENT);
        }
        self.tell_seat_changes(now);
        self.seats_changed(now);
        self.seat_view(id, now).map(Answer::Seat)
    }

    /// The one place where a rep's word about himself is taken, and where it can be refused.
    fn choose(&mut self, id: &SeatId, choice: Choice, now: Moment) -> Result<(), Refusal> {
        self.seating.choose(id, choice, now)
    }

    fn seat_problem(&self, id: &SeatId, refusal: Refusal) -> Problem {
        let rules = self.seating.rules();
        match refusal {
            Refusal::UnknownSeat => Problem::from(Code::UnknownSeat).with("seat", id),
            Refusal::UnknownReason => {
                let known = rules.break_reasons.join(", ");
                Problem::from(Code::UnknownReason).with("known", known)
            }
            Refusal::NotWrappingUp => {
                let state = self
                    .seating
                    .get(id)
                    .map_or("", |seat| seat.state().as_str());
                Problem::from(Code::NotWrappingUp).with("seat-state", state)
            }
            Refusal::NoMoreExtensions => {
                Problem::from(Code::NoMoreExtensions).with("most", rules.wrap_up.extensions)
            }
            Refusal::NoteOwed => Code::NoteRequired.into(),
        }
    }

    // Notes

    /// What the rep wrote of the call: the wrap-up may wait for it.
    pub(super) fn note_written(&mut self, id: CallId, text: String, now: Moment) {
        self.note(id, What::Note { text }, now);
        if self.seating.noted(id, now) {
            self.seats_changed(now);
        }
    }

    /// The same of a call that is over, while a seat wraps it up; whether one does.
    pub(super) fn note_afterwards(&mut self, id: CallId, text: &str, now: Moment) -> bool {
        let wraps_up = self.seating.seat_of(id).is_some();
        if wraps_up {
            let ended = self.ended.get(id);
            let sip_call_id = ended.map_or("", |call| &call.sip_call_id);
            let call = About {
                call: id,
                sip_call_id,
            };
            self.chronicle.note_afterwards(call, text, now);
            self.seating.noted(id, now);
            self.seats_changed(now);
        }
        wraps_up
    }

    // Time

    /// Wrap-ups end by themselves: their seats are free.
    pub(super) fn seats_due(&mut self, now: Moment) {
        if self.seating.timeout().is_some_and(|at| at <= now) {
            self.seating.tick(now);
            self.tell_seat_changes(now);
            self.seats_changed(now);
        }
    }

    // What is told

    /// Every change is an event, a line in the file of the seats, and time in a metric.
    pub(super) fn tell_seat_changes(&mut self, now: Moment) {
        let mut is_any = false;
        while let Some(change) = self.seating.poll_change() {
            is_any = true;
            let (seat, from, lasted) = (change.seat.clone(), change.from, change.lasted);
            self.pbx.stands(&seat, change.to.state, now);
            let is_another = from != change.to.state || !lasted.is_zero();
            let utc = self
                .chronicle
                .note(None, What::Seat(told(change, now)), now);
            if is_another {
                self.since.0.insert(seat, utc);
                let metrics = &self.chronicle.metrics;
                metrics.seat_stood(from.as_str(), lasted);
            }
        }
        if is_any {
            self.count_seats();
        }
    }

    fn count_seats(&self) {
        for state in State::ALL {
            let count = self.seating.count(state);
            self.chronicle.metrics.seats(state.as_str(), count);
        }
    }

    // The last run

    /// Each seat stands as it did when the last run ended, but for its call.
    pub(super) fn recall_seats(&mut self, last: Vec<Entry>, now: Moment) {
        let utc = clock::utc();
        let ids: Vec<SeatId> = self.seating.iter().map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.since.0.insert(id, utc);
        }
        for entry in last {
            if let What::Seat(change) = entry.what
                && self.seating.get(&change.seat).is_some()
                && let Some(standing) = standing(&change, utc, now)
            {
                self.since.0.insert(change.seat.clone(), entry.utc);
                self.seating.recall(&change.seat, standing, now);
            }
        }
        if self.seating.has_absent() {
            self.standing_alarm(SEAT_ABSENT, now);
        }
        self.tell_seat_changes(now);
        for (seat, standing) in self.seating.iter() {
            self.pbx.stands(seat, standing.state(), now);
        }
        self.count_seats();
    }
}

/// What he will be after his call.
fn then(standing: &Standing) -> Option<String> {
    let works = matches!(
        standing.state,
        State::Ringing | State::InCall | State::WrapUp
    );
    works.then(|| standing.choice.state().as_str().to_owned())
}

fn until_utc(standing: &Standing, now: Moment) -> Option<Timestamp> {
    standing.until.map(|until| clock::utc_of(until, now))
}

fn told(change: Change, now: Moment) -> SeatChange {
    let to = &change.to;
    SeatChange {
        seat: change.seat,
        from: change.from.as_str().to_owned(),
        to: to.state.as_str().to_owned(),
        by: change.by.as_str().to_owned(),
        reason: to.choice.reason().map(str::to_owned),
        then: then(to),
        of_call: to.call,
        until_utc: until_utc(to, now),
        note_owed: to.note_owed,
    }
}

/// How the seat stood after this change; `None` where a later version wrote it.
fn standing(change: &SeatChange, utc: Timestamp, now: Moment) -> Option<Standing> {
    let state = State::named(&change.to)?;
    let chosen = match &change.then {
        Some(then) => State::named(then)?,
        None if Fault::ALL.map(Fault::state).contains(&state) => State::Available,
        None => state,
    };
    let left = |until: Timestamp| until.duration_since(utc).try_into().unwrap_or_default();
    Some(Standing {
        state,
        choice: Choice::named(chosen, change.reason.clone())?,
        call: change.of_call,
        until: change.until_utc.map(|until| now + left(until)),
        note_owed: change.note_owed,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn change(to: &str, then: Option<&str>, reason: Option<&str>) -> SeatChange {
        SeatChange {
            seat: "rep1".parse().unwrap(),
            from: "available".to_owned(),
            to: to.to_owned(),
            by: "rep".to_owned(),
            reason: reason.map(str::to_owned),
            then: then.map(str::to_owned),
            of_call: Some(CallId::new(1, [1; 10])),
            until_utc: Timestamp::from_second(1_030).ok(),
            note_owed: false,
        }
    }

    #[test]
    fn a_seat_is_recalled_with_what_its_rep_chose() {
        let (utc, now) = (
            Timestamp::from_second(1_000).unwrap(),
            Moment::from_nanos(5),
        );
        let recalled = |change: SeatChange| standing(&change, utc, now).unwrap();
        let lunch = Choice::OnBreak {
            reason: "lunch".to_owned(),
        };
        let in_call = recalled(change("in-call", Some("on-break"), Some("lunch")));
        assert_eq!(in_call.choice, lunch);
        let wrap_up = recalled(change("wrap-up", Some("available"), None));
        assert_eq!(wrap_up.until, Some(now + Duration::from_secs(30)));
        assert_eq!(
            recalled(change("absent", None, None)).choice,
            Choice::Available
        );
        assert_eq!(
            recalled(change("offline", None, None)).choice,
            Choice::Offline
        );
        let late = standing(&change("wrap-up", Some("busy"), None), Timestamp::MAX, now);
        assert_eq!(late.unwrap().until, Some(now));
    }

    #[test]
    fn a_state_of_a_later_version_is_passed_over() {
        let change = change("levitating", None, None);
        assert_eq!(standing(&change, Timestamp::UNIX_EPOCH, Moment::ZERO), None);
    }
}
