//! The PBX is told by its feature codes how the seats stand: short calls, whose sound nobody hears.

use std::collections::BTreeMap;

use crate::records::What;
use crate::seating::State;
use crate::seating::towards_pbx::{Action, Code, Failure, News, Told, TowardsPbx};
use crate::settings::Settings;
use crate::sip::{Event, LegId, NotPossible};
use crate::words::{Moment, SeatId};

use super::Desk;
use super::accounts::Accounts;
use super::house::{Address, House, Way};
use super::sound::Port;
use super::ways::{NotSent, Outgoing};

/// A code was not taken, and is not tried again.
const NOT_TOLD: &str = "pbx-not-told";

/// What the PBX is told, where it is dialled, and the calls that do it.
#[derive(Debug, Default)]
pub(super) struct Pbx {
    towards: TowardsPbx,
    codes: BTreeMap<SeatId, BTreeMap<Code, Address>>,
    /// One a seat, and `CALLS_AT_ONCE` in all.
    calls: BTreeMap<SeatId, Call>,
}

/// A call to a code.
#[derive(Debug)]
struct Call {
    sip: LegId,
    /// Until it is hung up: what comes there is not listened to.
    port: Option<Port>,
}

impl Pbx {
    pub(super) fn open(settings: &Settings, house: &House, now: Moment) -> Self {
        let mut pbx = Self::default();
        for seat in &settings.seat {
            let Some(of_seat) = &seat.pbx else { continue };
            let codes = of_seat.codes().filter_map(|(code, keys)| {
                let address = house.feature_code(keys.number(), &of_seat.via)?;
                Some((code, address))
            });
            let codes: BTreeMap<_, _> = codes.collect();
            let known = codes.keys().copied().collect();
            pbx.towards.add(seat.id.clone(), known, now);
            pbx.codes.insert(seat.id.clone(), codes);
        }
        pbx
    }

    pub(super) fn stands(&mut self, seat: &SeatId, state: State, now: Moment) {
        self.towards.stands(seat, state, now);
    }

    pub(super) fn timeout(&self) -> Option<Moment> {
        self.towards.timeout()
    }

    /// The seat whose call this leg is.
    pub(super) fn seat_of(&self, leg: LegId) -> Option<&SeatId> {
        let mut calls = self.calls.iter();
        let (seat, _) = calls.find(|(_, call)| call.sip == leg)?;
        Some(seat)
    }

    /// Whether one of the calls receives RTP at this port.
    pub(super) fn listens_at(&self, port: u16) -> bool {
        let mut ports = self.calls.values().filter_map(|call| call.port);
        // The RTCP port is the odd one above.
        ports.any(|its| its.address.port() == port & !1)
    }

    fn next(&mut self, accounts: &Accounts, now: Moment) -> Option<Action> {
        let codes = &self.codes;
        let is_open = |seat: &SeatId| {
            let first = codes.get(seat).and_then(|codes| codes.values().next());
            first.is_some_and(|address| match &address.way {
                Way::Found(_) => true,
                Way::Account(name) => accounts.may_call(name),
            })
        };
        self.towards.poll(is_open, now)
    }
}

impl Desk {
    /// Dials what is due, and hangs up what has lasted long enough.
    pub(super) fn tell_pbx(&mut self, now: Moment) {
        while let Some(action) = self.pbx.next(&self.accounts, now) {
            match action {
                Action::Dial(seat, code) => self.dial_code(seat, code, now),
                Action::HangUp(seat) => self.hang_up_code(&seat, now),
                Action::TakeBack(seat, told) => {
                    self.take_back_code(&seat, now);
                    self.note_code(&seat, told, now);
                }
            }
        }
    }

    /// News of a call to a code.
    pub(super) fn code_event(&mut self, leg: LegId, seat: SeatId, event: Event, now: Moment) {
        let endpoint = &mut self.signalling.endpoint;
        let news = match event {
            Event::Answered { .. } => News::Answered,
            Event::Refused { code, .. } => News::Failed(Failure::Refused(code)),
            Event::NoResponse => News::Failed(Failure::NoAnswer),
            Event::HungUp { .. } | Event::Lost { .. } | Event::Expired => News::HungUp,
            Event::Offered { .. } => {
                let refused = endpoint.refuse_offer(leg, now);
                return too_late(&seat, refused);
            }
            Event::ReferAsked(_) => {
                let refused = endpoint.refuse_refer(leg, 603, now);
                return too_late(&seat, refused);
            }
            // They ring, or announce something: nobody listens.
            Event::Invited(_)
            | Event::Cancelled { .. }
            | Event::Acked { .. }
            | Event::AckMissing
            | Event::Provisional { .. }
            | Event::Pracked { .. }
            | Event::PrackMissing
            | Event::Expiring { .. }
            | Event::ReferOver { .. }
            | Event::ReferProgress { .. }
            | Event::OfferTaken { .. }
            | Event::OfferRefused { .. }
            | Event::Keys(_) => return,
        };
        if news != News::Answered {
            self.forget_code(&seat);
        }
        self.code_heard(&seat, news, now);
    }

    /// The agent stops. The PBX is told nothing: it sees that we are not registered any more, and a restart would tell
    /// every seat twice.
    pub(super) fn part_from_pbx(&mut self, now: Moment) {
        self.pbx.towards = TowardsPbx::default();
        let seats: Vec<SeatId> = self.pbx.calls.keys().cloned().collect();
        for seat in seats {
            self.take_back_code(&seat, now);
        }
    }

    fn dial_code(&mut self, seat: SeatId, code: Code, now: Moment) {
        match self.call_code(&seat, code, now) {
            Ok(call) => {
                self.pbx.calls.insert(seat, call);
            }
            Err(why) => {
                tracing::warn!(%seat, code = code.as_str(), %why, "dial a feature code");
                self.code_heard(&seat, News::Failed(Failure::NoWay), now);
            }
        }
    }

    fn call_code(&mut self, seat: &SeatId, code: Code, now: Moment) -> Result<Call, NotSent> {
        let codes = self.pbx.codes.get(seat);
        let to = codes.and_then(|codes| codes.get(&code)).cloned();
        let to = to.ok_or(NotSent::NoWay)?;
        let from = self.own_name(&to, now);
        let out = Outgoing::new(to, from, self.house.codecs.clone());
        let leg = self.send_out(out, now)?;
        let sip = leg.sip.ok_or(NotSent::NoWay)?;
        let port = leg.port;
        Ok(Call { sip, port })
    }

    fn hang_up_code(&mut self, seat: &SeatId, now: Moment) {
        if let Some(sip) = self.forget_code(seat) {
            let ended = self.signalling.endpoint.bye(sip, None, now);
            too_late(seat, ended);
        }
    }

    /// Its leg is over with the answer to the INVITE; at once where that waits to be read.
    fn take_back_code(&mut self, seat: &SeatId, now: Moment) {
        let Some(call) = self.pbx.calls.get_mut(seat) else {
            return;
        };
        if let Some(port) = call.port.take() {
            self.sound.close(port.key);
        }
        let taken_back = self.signalling.endpoint.cancel(call.sip, now);
        if taken_back.is_err() {
            self.hang_up_code(seat, now);
            self.code_heard(seat, News::HungUp, now);
        }
    }

    /// The call is over: news of it find nobody.
    fn forget_code(&mut self, seat: &SeatId) -> Option<LegId> {
        let call = self.pbx.calls.remove(seat)?;
        if let Some(port) = call.port {
            self.sound.close(port.key);
        }
        Some(call.sip)
    }

    fn code_heard(&mut self, seat: &SeatId, news: News, now: Moment) {
        if let Some(told) = self.pbx.towards.heard(seat, news, now) {
            self.note_code(seat, told, now);
        }
    }

    fn note_code(&mut self, seat: &SeatId, told: Told, now: Moment) {
        let (news, code) = match told.outcome {
            Ok(()) => ("taken", Some(200)),
            Err(Failure::Refused(status)) => ("refused", Some(status)),
            Err(Failure::NoAnswer) => ("no-answer", None),
            Err(Failure::NoWay) => ("no-way", None),
        };
        self.chronicle.metrics.pbx_told(news);
        let what = What::Pbx {
            seat: seat.clone(),
            told: told.code.as_str().to_owned(),
            news: news.to_owned(),
            code,
            again: told.again,
        };
        self.note_desk(what, now);
        if told.outcome.is_err() && !told.again {
            self.alarm(NOT_TOLD, now);
        }
    }
}

/// They were quicker; their event says how.
fn too_late<T>(seat: &SeatId, done: Result<T, NotPossible>) {
    if let Err(problem) = done {
        tracing::debug!(%seat, %problem, "too late for a call to a feature code");
    }
}
