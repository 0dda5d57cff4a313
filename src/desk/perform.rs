//! Action -> I/O: what a call wants done, done.

use bytes::Bytes;

use crate::call::{Action, Callee, Input, LegNews, Outcome, PhraseNews, Say};
use crate::dialling::Privacy;
use crate::failpoint::{self, Failpoint};
use crate::media::Order;
use crate::records::What;
use crate::sip::offer_answer;
use crate::sip::{LegId, NameAddr, NotPossible, Refer, Refusal, Uri};
use crate::words::{CallId, ConsentFor, Moment, Party};

use super::calls::{Leg, Saying};
use super::ways::{NotSent, Outgoing};
use super::{Desk, clock, signalling, sound};

impl Desk {
    pub(super) fn perform(&mut self, id: CallId, action: Action, now: Moment) {
        match action {
            Action::Ring => self.ring(id, now),
            Action::Answer => self.answer(id, now),
            Action::Refuse(code) => self.refuse_caller(id, code, now),
            Action::KeepSeat => self.keep_seat(id, now),
            Action::Call(party, callee) => self.call(id, party, callee, now),
            Action::Move(seat) => self.move_call(id, &seat, now),
            Action::StayPut => self.stay_put(id, now),
            Action::HandOff { target } => self.hand_off(id, &target, now),
            Action::HangUp(party) => self.hang_up(id, party, now),
            Action::Patch(patch) => {
                if let Some(call) = self.calls.get(id) {
                    self.sound.patch(call, patch);
                }
            }
            Action::AnswerPhone => self.answer_phone(id, now),
            Action::PhoneTransferOver { joined } => self.phone_transfer_over(id, joined, now),
            Action::Say(say) => self.say(id, say),
            Action::Cut(utterance) => self.cut(id, utterance.0),
            Action::SendKeys(party, keys) => {
                if let Some(leg) = self.calls.get(id).and_then(|call| call.sound(party)) {
                    self.sound.order(Order::SendKeys { leg, keys });
                }
            }
            Action::AskedByKeys(_) => {} // noted with the step
            Action::Consent { to, given, by } => {
                let (to, by) = (consent_word(to).to_owned(), by.as_str().to_owned());
                self.note(id, What::Consent { to, given, by }, now);
            }
            Action::Judge(number) => self.judge_number(id, &number),
            Action::KnowNumber => {
                self.know_number(id);
                // Should we crash now, he can be phoned back.
                self.answered_call(id, now);
            }
            Action::Promise {
                ticket,
                kind,
                reason,
                particulars,
            } => {
                self.promise(id, ticket, kind, reason, particulars, now);
            }
            Action::Record(recording) => self.record(id, recording, now),
            Action::Joined => self.caller_joined(id, now),
            Action::Attempted(outcome) => self.attempted(id, outcome, now),
            Action::SeatAbsent => self.seat_absent(id, now),
            Action::Tell(notice) => {
                self.note(
                    id,
                    What::Told {
                        notice: notice.to_string(),
                    },
                    now,
                );
            }
            Action::Suggest(phrase) => self.note(id, What::Suggested { phrase }, now),
            Action::Repair { party, by } => self.repair(id, party, by, now),
            Action::Repaired { party, by, mended } => {
                let news = if mended { "mended" } else { "not-mended" };
                self.note_repair(id, party, by, news, now);
            }
            Action::Rated(key) => self.note(id, What::Rating { key }, now),
            Action::Note(text) => self.note_written(id, text, now),
            Action::Refused(refusal) => self.duty.refusal = Some(refusal),
            Action::Over(ending) => self.over(id, ending, now),
        }
    }

    // The caller's leg

    fn ring(&mut self, id: CallId, now: Moment) {
        if let Some(sip) = self.sip_leg(id, Party::Caller) {
            let rung = self.signalling.endpoint.ring(sip, now);
            self.too_late(id, "ring", rung);
            self.signalling.flush(now);
            // `now` is when the INVITE was read.
            let after = clock::now().since(now).as_secs_f64();
            self.chronicle.metrics.ringing_after.observe(after);
        }
    }

    /// Opens our port and says so in the 200; without their offer it carries ours (RFC 3264 4).
    fn answer(&mut self, id: CallId, now: Moment) {
        if !self.answer_party(id, Party::Caller, now) {
            self.later(id, Input::Leg(Party::Caller, LegNews::Lost));
        }
    }

    /// False where we cannot: their call is refused.
    pub(super) fn answer_party(&mut self, id: CallId, party: Party, now: Moment) -> bool {
        let Some(sip) = self.sip_leg(id, party) else {
            return true;
        };
        match self.begin_sound(id, party, now) {
            Ok(sdp) => {
                let answered = self.signalling.endpoint.answer(sip, sdp, now);
                self.too_late(id, "answer", answered);
                true
            }
            Err(refusal) => {
                let refused = self.signalling.endpoint.reject(sip, &refusal, now);
                self.too_late(id, "reject", refused);
                false
            }
        }
    }

    /// What we say of our sound.
    fn begin_sound(&mut self, id: CallId, party: Party, now: Moment) -> Result<Bytes, Refusal> {
        let port = match self.sound.open_port() {
            Ok(port) => port,
            Err(problem) => {
                self.tell_no_port(id, party, &problem, now);
                return Err(Refusal::new(503));
            }
        };
        self.calls.set_port(id, party, port);
        let leg = self.calls.leg_mut(id, party).ok_or(Refusal::new(481))?;
        leg.origin.version += 1;
        let (origin, codecs) = (leg.origin, &self.house.codecs);
        let Some(offer) = leg.offer.take() else {
            let ours = offer_answer::offer(port.told, origin, codecs);
            return Ok(leg.shield.offer(ours));
        };
        let answer = offer_answer::answer(&offer, port.told, origin, codecs);
        let (sdp, agreed) = answer.map_err(|problem| signalling::unusable(&problem))?;
        let agreed = self.seen(id, party, agreed);
        self.connect(id, party, sound::spec(&agreed));
        Ok(sdp)
    }

    fn refuse_caller(&mut self, id: CallId, code: u16, now: Moment) {
        if let Some(leg) = self.calls.take_leg(id, Party::Caller)
            && let Some(sip) = leg.sip
        {
            let refused = self
                .signalling
                .endpoint
                .reject(sip, &Refusal::new(code), now);
            self.too_late(id, "reject", refused);
        }
    }

    // Legs we call

    fn call(&mut self, id: CallId, party: Party, callee: Callee, now: Moment) {
        match callee {
            Callee::Seat => self.call_seat(id, now),
            Callee::Target(target) => self.call_target(id, &target, now),
            Callee::Customer => self.call_customer(id, party, now),
        }
    }

    fn call_target(&mut self, id: CallId, target: &str, now: Moment) {
        let Some(address) = self.house.targets.get(target).cloned() else {
            return self.later(id, Input::Leg(Party::Target, LegNews::NoAnswer));
        };
        let party = Party::Target;
        let codecs = self.codecs_for(id, party);
        let out = match address.line {
            None => Outgoing::new(address, self.caller_identity(id), codecs),
            // An exchange takes calls of those it knows: who calls stands beside our name (RFC 3325 9.1).
            Some(_) => {
                let from = self.own_name(&address, now);
                let caller = self.number_shown(id).map(|it| self.named(it).to_string());
                let asserted = caller.map(|caller| ("P-Asserted-Identity".to_owned(), caller));
                Outgoing {
                    headers: asserted.into_iter().collect(),
                    ..Outgoing::new(address, from, codecs)
                }
            }
        };
        self.invite(id, party, out, now);
    }

    /// Asks the caller's exchange to take the call to the target (D22).
    fn hand_off(&mut self, id: CallId, target: &str, now: Moment) {
        let caller = self.sip_leg(id, Party::Caller);
        let address = self.house.targets.get(target);
        let asked = match (caller, address) {
            (Some(caller), Some(address)) => {
                let refer = Refer {
                    to: address.uri.clone(),
                    replaces: self.sip_leg(id, Party::Target),
                    referred_by: Some(self.house.own_identity()),
                };
                self.signalling.endpoint.refer(caller, refer, now)
            }
            _ => Err(NotPossible::NoSuchLeg),
        };
        if let Err(problem) = asked {
            tracing::warn!(call = %id, %problem, "hand the call to the exchange");
            self.later(id, Input::Leg(Party::Caller, LegNews::NotHandedOff));
        }
    }

    /// Through the trunk, with the attempt's Call-ID where it keeps a promise (D24).
    fn call_customer(&mut self, id: CallId, party: Party, now: Moment) {
        let Some(call) = self.calls.get(id) else {
            return;
        };
        let call_id = call
            .facts
            .attempt
            .as_ref()
            .map(|attempt| attempt.sip_call_id.clone());
        let number = call.call.number().map(|number| number.reveal().clone());
        match number.and_then(|number| self.admitted(&number)) {
            Some(address) => {
                let from = self.own_name(&address, now);
                let keeps_promise = call_id.is_some();
                let codecs = self.codecs_for(id, party);
                let out = Outgoing {
                    call_id,
                    ..Outgoing::new(address, from, codecs)
                };
                self.invite(id, party, out, now);
                if keeps_promise {
                    // It has left, not only been written.
                    self.signalling.flush(now);
                    failpoint::reached(Failpoint::InviteSent);
                }
            }
            None => self.later(id, Input::Leg(party, LegNews::NoAnswer)),
        }
    }

    /// Sends the INVITE; what keeps it from leaving is news like any other.
    pub(super) fn invite(&mut self, id: CallId, party: Party, out: Outgoing, now: Moment) {
        match self.send_invite(id, party, out, now) {
            Some(leg) => self.invited(id, party, leg),
            None => self.later(id, Input::Leg(party, LegNews::NoAnswer)),
        }
    }

    /// Sends an INVITE and says why it does not leave; the leg is nobody's yet.
    pub(super) fn send_invite(
        &mut self,
        id: CallId,
        party: Party,
        out: Outgoing,
        now: Moment,
    ) -> Option<Leg> {
        match self.send_out(out, now) {
            Ok(leg) => return Some(leg),
            Err(NotSent::NoPort(problem)) => self.tell_no_port(id, party, &problem, now),
            Err(problem @ (NotSent::NoWay | NotSent::NotPossible(_))) => {
                tracing::warn!(call = %id, party = %party, %problem, "send the INVITE");
            }
        }
        None
    }

    fn invited(&mut self, id: CallId, party: Party, leg: Leg) {
        let sip = leg.sip;
        self.calls.set_leg(id, party, leg);
        let call_id = sip.and_then(|sip| self.signalling.endpoint.call_id(sip));
        if party == Party::Caller
            && let Some(call_id) = call_id.map(str::to_owned)
            && let Some(call) = self.calls.get_mut(id)
        {
            call.facts.sip_call_id = call_id;
        }
    }

    pub(super) fn no_port(&mut self, id: CallId, party: Party, why: &std::io::Error, now: Moment) {
        self.tell_no_port(id, party, why, now);
        let news = match party {
            Party::Caller => LegNews::Lost,
            Party::Rep | Party::Target => LegNews::NoAnswer,
        };
        self.later(id, Input::Leg(party, news));
    }

    pub(super) fn tell_no_port(
        &mut self,
        id: CallId,
        party: Party,
        why: &std::io::Error,
        now: Moment,
    ) {
        self.alarm("no-media-port", now);
        tracing::error!(call = %id, party = %party, problem = %why, "open an RTP port");
    }

    // Ends

    pub(super) fn hang_up(&mut self, id: CallId, party: Party, now: Moment) {
        if party == Party::Rep {
            self.drop_second_call(id, now);
            self.release_seat(id, now);
        }
        if let Some(leg) = self.calls.take_leg(id, party) {
            self.end_leg(id, &leg, now);
        }
    }

    /// Its sound and its signalling.
    pub(super) fn end_leg(&mut self, id: CallId, leg: &Leg, now: Moment) {
        if let Some(port) = leg.port {
            self.sound.close(port.key);
        }
        if let Some(sip) = leg.sip {
            let endpoint = &mut self.signalling.endpoint;
            let ended = match leg.up {
                true => endpoint.bye(sip, None, now),
                // Its 200 waits to be read, or ours for their ACK.
                false => endpoint
                    .cancel(sip, now)
                    .or_else(|_| endpoint.bye(sip, None, now)),
            };
            self.too_late(id, "hang up", ended);
        }
    }

    // Speech

    /// A phrase for a leg without sound ends at once: the call must not wait for it.
    fn say(&mut self, id: CallId, say: Say) {
        let leg = self.calls.get(id).and_then(|call| call.sound(say.to));
        let policy = &self.house.terms.policy;
        let clip = match &say.number {
            Some(number) => {
                let digits = policy.number.spell(number.reveal());
                let phrases = [&say.phrase].into_iter().chain(digits);
                self.sound.clip_of_all(phrases, say.language)
            }
            None => self.sound.clip(&say.phrase, say.language),
        };
        match (leg, clip) {
            (Some(leg), Some(clip)) => {
                if let Some(call) = self.calls.get_mut(id) {
                    let Say {
                        phrase,
                        language,
                        not_before,
                        ..
                    } = say;
                    call.saying.insert(
                        say.utterance,
                        Saying {
                            phrase,
                            language,
                            not_before,
                        },
                    );
                }
                let order = Order::Say {
                    leg,
                    utterance: say.utterance.0,
                    clip,
                    not_before: say.not_before,
                };
                self.sound.order(order);
            }
            _ => self.later(
                id,
                Input::Phrase(say.utterance, PhraseNews::Ended { whole: false }),
            ),
        }
    }

    fn cut(&mut self, id: CallId, utterance: u64) {
        let Some(call) = self.calls.get(id) else {
            return;
        };
        for party in [Party::Caller, Party::Target] {
            if let Some(leg) = call.sound(party) {
                self.sound.order(Order::Cut { leg, utterance });
            }
        }
    }

    /// The party was quicker; its event says how.
    pub(super) fn too_late<T>(&self, id: CallId, what: &'static str, done: Result<T, NotPossible>) {
        if let Err(problem) = done {
            tracing::debug!(call = %id, what, %problem, "too late");
        }
    }

    fn sip_leg(&self, id: CallId, party: Party) -> Option<LegId> {
        self.calls.get(id)?.legs.get(party)?.sip
    }

    /// Whom the rep's or the target's phone shows: the caller, unless he withholds his number
    /// (RFC 3325 7).
    pub(super) fn caller_identity(&self, id: CallId) -> NameAddr {
        self.named(self.number_shown(id).unwrap_or("anonymous"))
    }

    fn number_shown(&self, id: CallId) -> Option<&str> {
        let call = self.calls.get(id)?;
        let identity = call.facts.identity.as_ref();
        let withheld = identity.is_some_and(|it| it.privacy == Privacy::Withheld);
        let number = call.call.number().filter(|_| !withheld)?;
        Some(number.reveal().as_str())
    }

    fn named(&self, user: &str) -> NameAddr {
        NameAddr::new(None, Uri::sip(user, self.house.address))
    }
}

fn consent_word(to: ConsentFor) -> &'static str {
    match to {
        ConsentFor::Hold => "hold",
        ConsentFor::Transfer => "transfer",
        ConsentFor::Callback => "callback",
    }
}

/// The queue's word for how an attempt went.
pub(super) fn outcome(outcome: Outcome) -> crate::callbacks::Outcome {
    use crate::callbacks::Outcome as Of;
    match outcome {
        Outcome::Joined => Of::Joined,
        Outcome::RepDeclined => Of::RepDeclined,
        Outcome::RepAbsent => Of::RepAbsent,
        Outcome::Busy => Of::Busy,
        Outcome::NoAnswer => Of::NoAnswer,
        Outcome::NoSuchNumber => Of::NoSuchNumber,
        Outcome::SwitchedOff => Of::SwitchedOff,
        Outcome::Diverted => Of::Diverted,
        Outcome::Refused => Of::Refused,
        Outcome::Failed => Of::Failed,
        Outcome::Abandoned => Of::Abandoned,
        Outcome::NoRep => Of::NoRep,
        Outcome::Machine => Of::Machine,
        Outcome::Fax => Of::Fax,
    }
}
