//! The calls the desk owns, and where their legs lead.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;

use crate::call::{Call, Utterance};
use crate::callbacks::{CallbackId, SipCause};
use crate::dialling::Identity;
use crate::journal::Journal;
use crate::media::LegKey;
use crate::records::CallingBack;
use crate::sip::LegId;
use crate::sip::offer_answer::{self, Codec, Codecs, Description, Negotiated, Origin, Shield};
use crate::words::{ByParty, CallId, Language, Moment, Party, PromptId, SeatId};

use super::candidates::Candidates;
use super::keys_once::KeysOnce;
use super::own_seats::OwnEnd;
use super::quality::Sounding;
use super::reach::Whence;
use super::repairing::Repair;
use super::sound::{self, Port};

/// Most calls of one desk (D8); past it an INVITE is answered 486 or 503.
pub(super) const CALLS_MAX: usize = 2_000;

/// One call with its legs.
#[derive(Debug)]
pub(super) struct DeskCall {
    pub(super) call: Call,
    /// Where calls are journalled.
    pub(super) journal: Option<Box<Journal>>,
    pub(super) legs: ByParty<Leg>,
    pub(super) facts: Facts,
    pub(super) own_phone: OwnPhone,
    /// What is being said, or is about to be.
    pub(super) saying: BTreeMap<Utterance, Saying>,
    /// When its earliest timer is set in the index.
    armed: Option<Moment>,
}

/// A phrase on its way to a leg.
#[derive(Clone, Debug)]
pub(super) struct Saying {
    pub(super) phrase: PromptId,
    pub(super) language: Language,
    /// When it was to begin.
    pub(super) not_before: Moment,
}

/// What the desk knows of a call and the call does not need.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) inbound: bool,
    /// Where the caller's signalling comes from; whom we call is where the settings say.
    pub(super) caller_is: Whence,
    /// Where the rep's phone is; it may have come from anywhere when it registers here.
    pub(super) rep_is: Whence,
    /// What his INVITE said of him; none where we called.
    pub(super) identity: Option<Identity>,
    pub(super) sip_call_id: String,
    pub(super) began: Timestamp,
    pub(super) seat: Option<SeatId>,
    /// The seat that should have it, where one was chosen before.
    pub(super) wished: Option<SeatId>,
    /// The seat that waits to be rung for it.
    pub(super) kept: Option<SeatId>,
    /// What the rep should know, by the line it came on.
    pub(super) skill: Option<String>,
    /// The rep dialled it himself, and it is not known yet whom he reaches.
    pub(super) by_hand: bool,
    /// The promise this call keeps.
    pub(super) attempt: Option<Attempting>,
    /// The same as its rep is shown it, or what is promised to the number that he dialled himself.
    pub(super) calls_back: Option<Box<CallingBack>>,
    pub(super) lines: BTreeMap<Party, &'static str>,
    /// How each party's line sounds.
    pub(super) quality: ByParty<Sounding>,
    /// Since when the caller is on hold or waiting.
    pub(super) waiting_since: Option<Moment>,
    pub(super) promised: bool,
    /// Caller and rep were together.
    pub(super) joined: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Attempting {
    pub(super) callback: CallbackId,
    pub(super) number: u32,
    pub(super) sip_call_id: String,
    /// With what the customer's side refused it.
    pub(super) cause: Option<SipCause>,
    /// The promise was kept or cancelled meanwhile: whatever comes of it, it is that.
    pub(super) withdrawn: bool,
}

/// One leg: how it is signalled, and where its sound goes.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) sip: Option<LegId>,
    pub(super) port: Option<Port>,
    /// The number of the codec in use.
    pub(super) payload_type: Option<u8>,
    /// The codec in use.
    pub(super) codec: Option<Codec>,
    /// Our new offer to a hurt leg, until its answer.
    pub(super) repair: Option<Repair>,
    pub(super) keys: KeysOnce,
    /// Ours in the session descriptions; each new one counts up.
    pub(super) origin: Origin,
    /// Our keys for SRTP: all session descriptions name the same.
    pub(super) shield: Shield,
    /// Their offer, until we answer.
    pub(super) offer: Option<Description>,
    /// Answered: a BYE ends it, not a CANCEL.
    pub(super) up: bool,
    /// Behind a NAT: where their sound comes from, whatever they say.
    pub(super) seen_at: Option<IpAddr>,
    /// They hold us (D13).
    pub(super) held: bool,
    /// The media leg is open: orders about it mean something.
    pub(super) sounds: bool,
    /// The far end, where it is no telephone.
    pub(super) own_end: Option<OwnEnd>,
}

/// What the rep does on his own phone beside his call (D23).
#[derive(Debug, Default)]
pub(super) struct OwnPhone {
    /// Its REFER came on this leg, and it waits for what becomes of it.
    pub(super) referred: Option<LegId>,
    second: Option<Second>,
}

/// The call of his phone that he is not heard by.
#[derive(Debug)]
pub(super) enum Second {
    /// He dials a target: it rings until the target is there.
    Dialling(Box<Leg>),
    /// He talks to the target by the other; by this one he was with the caller.
    Parked(Box<Leg>),
}

impl Second {
    fn leg(&self) -> &Leg {
        match self {
            Self::Dialling(leg) | Self::Parked(leg) => leg,
        }
    }
}

/// The SIP leg that takes another's place.
#[derive(Clone, Debug)]
pub(super) struct Successor {
    pub(super) sip: LegId,
    pub(super) origin: Origin,
    pub(super) shield: Shield,
    /// As of a leg: its own, for the other side may be in another place.
    pub(super) seen_at: Option<IpAddr>,
}

/// A SIP leg whose place was taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Succession {
    pub(super) sip: LegId,
    /// It was answered.
    pub(super) up: bool,
}

impl Leg {
    /// What it is offered anew: what it speaks stays the first.
    pub(super) fn codecs(&self, ours: &Codecs) -> Codecs {
        match self.codec {
            Some(codec) => ours.clone().led_by(codec),
            None => ours.clone(),
        }
    }

    /// The codec in use, or the one that their offer will be answered with.
    pub(super) fn codec(&self, ours: &Codecs) -> Option<Codec> {
        let offered = || offer_answer::settle(self.offer.as_ref()?, ours).ok();
        self.codec.or_else(|| Some(offered()?.codec))
    }

    pub(super) fn new(origin: Origin, shield: Shield) -> Self {
        Self {
            sip: None,
            port: None,
            payload_type: None,
            codec: None,
            repair: None,
            keys: KeysOnce::default(),
            origin,
            shield,
            offer: None,
            up: false,
            seen_at: None,
            held: false,
            sounds: false,
            own_end: None,
        }
    }
}

impl Facts {
    pub(super) fn new(inbound: bool, sip_call_id: String, began: Timestamp) -> Self {
        Self {
            inbound,
            caller_is: Whence::Here,
            rep_is: Whence::Here,
            identity: None,
            sip_call_id,
            began,
            seat: None,
            wished: None,
            kept: None,
            skill: None,
            by_hand: false,
            attempt: None,
            calls_back: None,
            lines: BTreeMap::new(),
            quality: ByParty::default(),
            waiting_since: None,
            promised: false,
            joined: false,
        }
    }
}

impl DeskCall {
    pub(super) fn new(call: Call, journal: Option<Box<Journal>>, facts: Facts) -> Self {
        Self {
            call,
            journal,
            legs: ByParty::default(),
            facts,
            own_phone: OwnPhone::default(),
            saying: BTreeMap::new(),
            armed: None,
        }
    }

    /// What a party agreed to, with the addresses it is reached at.
    pub(super) fn seen(&self, party: Party, agreed: Negotiated) -> Negotiated {
        let ip = self.legs.get(party).and_then(|leg| leg.seen_at);
        sound::seen_at(agreed, ip)
    }

    /// The media leg of a party, once it is open.
    pub(super) fn sound(&self, party: Party) -> Option<LegKey> {
        let leg = self.legs.get(party).filter(|leg| leg.sounds)?;
        leg.port.as_ref().map(|port| port.key)
    }
}

/// All calls, found by id, by SIP leg, by media leg, by their next timer.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// Boxed: half of a tree's places for values are empty.
    calls: BTreeMap<CallId, Box<DeskCall>>,
    by_sip: BTreeMap<LegId, (CallId, Party)>,
    by_sound: BTreeMap<LegKey, (CallId, Party)>,
    /// Legs to seats that ring and are no party's yet.
    pub(super) candidates: Candidates,
    /// The second calls of reps' phones.
    by_second: BTreeMap<LegId, CallId>,
    /// Where the legs receive RTP.
    ports: BTreeSet<u16>,
    timers: BTreeSet<(Moment, CallId)>,
}

impl Calls {
    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &DeskCall> {
        self.calls.values().map(Box::as_ref)
    }

    pub(super) fn ids(&self) -> Vec<CallId> {
        self.calls.keys().copied().collect()
    }

    pub(super) fn get(&self, id: CallId) -> Option<&DeskCall> {
        self.calls.get(&id).map(Box::as_ref)
    }

    pub(super) fn get_mut(&mut self, id: CallId) -> Option<&mut DeskCall> {
        self.calls.get_mut(&id).map(Box::as_mut)
    }

    pub(super) fn add(&mut self, call: DeskCall) {
        let id = call.call.id();
        self.calls.insert(id, Box::new(call));
        self.rearm(id);
    }

    /// Forgets a call and all ways to it.
    pub(super) fn remove(&mut self, id: CallId) -> Option<DeskCall> {
        let call = self.calls.remove(&id)?;
        if let Some(at) = call.armed {
            self.timers.remove(&(at, id));
        }
        for leg in call.legs.values() {
            self.forget(leg);
        }
        if let Some(second) = &call.own_phone.second {
            self.forget(second.leg());
        }
        Some(*call)
    }

    pub(super) fn leg(&self, id: CallId, party: Party) -> Option<&Leg> {
        self.calls.get(&id)?.legs.get(party)
    }

    pub(super) fn leg_mut(&mut self, id: CallId, party: Party) -> Option<&mut Leg> {
        self.calls.get_mut(&id)?.legs.get_mut(party)
    }

    /// Gives a party its leg, and makes it findable.
    pub(super) fn set_leg(&mut self, id: CallId, party: Party, leg: Leg) {
        self.take_leg(id, party);
        if let Some(sip) = leg.sip {
            self.by_sip.insert(sip, (id, party));
        }
        if let Some(port) = &leg.port {
            self.find_port(port, id, party);
        }
        if let Some(call) = self.calls.get_mut(&id) {
            call.legs.insert(party, leg);
        }
    }

    /// The leg has its own port from now on.
    pub(super) fn set_port(&mut self, id: CallId, party: Party, port: Port) {
        self.find_port(&port, id, party);
        if let Some(leg) = self.leg_mut(id, party) {
            leg.port = Some(port);
        }
    }

    /// The leg has other ports than before; its sound is the same.
    pub(super) fn move_port(&mut self, id: CallId, party: Party, port: Port) {
        let old = self.leg_mut(id, party).and_then(|leg| leg.port);
        if let Some(old) = old {
            self.ports.remove(&old.address.port());
        }
        self.set_port(id, party, port);
    }

    /// Another SIP leg carries the party from now on, answered already; its port stays.
    pub(super) fn succeed(
        &mut self,
        id: CallId,
        party: Party,
        new: Successor,
    ) -> Option<Succession> {
        let leg = self.calls.get_mut(&id)?.legs.get_mut(party)?;
        let sip = leg.sip.replace(new.sip)?;
        let up = std::mem::replace(&mut leg.up, true);
        (leg.origin, leg.offer, leg.seen_at) = (new.origin, None, new.seen_at);
        leg.shield = new.shield;
        leg.repair = None;
        self.by_sip.remove(&sip);
        self.by_sip.insert(new.sip, (id, party));
        Some(Succession { sip, up })
    }

    /// Takes a leg out of the call; news of it find nobody.
    pub(super) fn take_leg(&mut self, id: CallId, party: Party) -> Option<Leg> {
        let leg = self.calls.get_mut(&id)?.legs.remove(party)?;
        self.forget(&leg);
        Some(leg)
    }

    // The second call of a rep's phone

    /// False where there is one already.
    pub(super) fn add_second(&mut self, id: CallId, leg: Leg) -> bool {
        let Some(call) = self.calls.get_mut(&id) else {
            return false;
        };
        let is_free = call.own_phone.second.is_none();
        if is_free {
            self.by_second.extend(leg.sip.map(|sip| (sip, id)));
            call.own_phone.second = Some(Second::Dialling(Box::new(leg)));
        }
        is_free
    }

    /// The call that rang carries the rep from now on; the one with the caller is parked. Returns its sound.
    pub(super) fn park_first(&mut self, id: CallId) -> Option<Option<LegKey>> {
        let dialling = |it: &mut Second| matches!(it, Second::Dialling(_));
        let second = self
            .calls
            .get_mut(&id)?
            .own_phone
            .second
            .take_if(dialling)?;
        let Second::Dialling(second) = second else {
            return None;
        };
        self.forget(&second);
        let first = self.take_leg(id, Party::Rep)?;
        let sound = first.port.filter(|_| first.sounds).map(|port| port.key);
        self.by_second.extend(first.sip.map(|sip| (sip, id)));
        self.ports
            .extend(first.port.map(|port| port.address.port()));
        self.set_leg(id, Party::Rep, *second);
        self.calls.get_mut(&id)?.own_phone.second = Some(Second::Parked(Box::new(first)));
        Some(sound)
    }

    /// It is over, or the rep's only one again: news of it find nobody.
    pub(super) fn take_second(&mut self, id: CallId) -> Option<Second> {
        let second = self.calls.get_mut(&id)?.own_phone.second.take()?;
        self.forget(second.leg());
        Some(second)
    }

    pub(super) fn parked_mut(&mut self, id: CallId) -> Option<&mut Leg> {
        match self.calls.get_mut(&id)?.own_phone.second.as_mut()? {
            Second::Parked(leg) => Some(leg),
            Second::Dialling(_) => None,
        }
    }

    /// The rep talks to the target by a second call.
    pub(super) fn has_parked(&self, id: CallId) -> bool {
        let second = self
            .calls
            .get(&id)
            .and_then(|call| call.own_phone.second.as_ref());
        matches!(second, Some(Second::Parked(_)))
    }

    pub(super) fn of_second(&self, leg: LegId) -> Option<CallId> {
        self.by_second.get(&leg).copied()
    }

    /// Whether these are the two calls of the rep's phone, whichever it wants to take the other's place.
    pub(super) fn are_one_phones(&self, id: CallId, leg: LegId, other: Option<LegId>) -> bool {
        let current = self.leg(id, Party::Rep).and_then(|leg| leg.sip);
        let second = |leg: LegId| self.of_second(leg) == Some(id);
        let is_pair = |one: LegId, two: LegId| Some(one) == current && second(two);
        self.has_parked(id) && other.is_some_and(|other| is_pair(leg, other) || is_pair(other, leg))
    }

    fn find_port(&mut self, port: &Port, id: CallId, party: Party) {
        self.by_sound.insert(port.key, (id, party));
        self.ports.insert(port.address.port());
    }

    fn forget(&mut self, leg: &Leg) {
        if let Some(sip) = leg.sip {
            self.by_sip.remove(&sip);
            self.by_second.remove(&sip);
        }
        if let Some(port) = &leg.port {
            self.by_sound.remove(&port.key);
            self.ports.remove(&port.address.port());
        }
    }

    pub(super) fn of_sip(&self, leg: LegId) -> Option<(CallId, Party)> {
        self.by_sip.get(&leg).copied()
    }

    pub(super) fn of_sound(&self, leg: LegKey) -> Option<(CallId, Party)> {
        self.by_sound.get(&leg).copied()
    }

    /// Whether this port receives RTP, or RTCP beside it, for one of our legs.
    pub(super) fn listen_at(&self, port: u16) -> bool {
        // The RTCP port is the odd one above.
        let port = port & !1;
        self.ports.contains(&port) || self.candidates.listen_at(port)
    }

    /// Keeps the index of timers true to the call.
    pub(super) fn rearm(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let next = call.call.timeout().map(|(at, _)| at);
        if next == call.armed {
            return;
        }
        if let Some(old) = std::mem::replace(&mut call.armed, next) {
            self.timers.remove(&(old, id));
        }
        if let Some(at) = next {
            self.timers.insert((at, id));
        }
    }

    pub(super) fn timeout(&self) -> Option<Moment> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// A call whose timer is due.
    pub(super) fn due(&self, now: Moment) -> Option<CallId> {
        self.timers
            .first()
            .filter(|(at, _)| *at <= now)
            .map(|(_, id)| *id)
    }
}
