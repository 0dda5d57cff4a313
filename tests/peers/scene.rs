use std::time::Duration;

use thirdring::console::CallView;
use thirdring::records::What;
use thirdring::words::Ending;

use super::agent::{Agent, House};
use super::events::Events;
use super::pcap::{Capture, Datagram};
use super::phone::{Phone, SOON, Voice};
use super::phones::{dial, only_call};
use super::program::Softphone;

/// Any answer, greeting and first word take less.
pub(crate) const A_WHILE: Duration = Duration::from_secs(30);

/// The number our caller has: callbacks are promised to it.
pub(crate) const NUMBER: &str = "13800138000";

/// What our phones say (`Phone::speak`).
pub(crate) const WORDS: &str = "report_upward";

/// Two seconds; a phone on a busy machine sends fewer than fifty packets a second.
pub(crate) const A_PART: usize = 100;
pub(crate) const PARTS_MAX: usize = 12;

/// One caller who talks to a rep.
pub(crate) struct Scene {
    pub(crate) agent: Agent,
    pub(crate) events: Events,
    pub(crate) caller: Phone,
    pub(crate) id: String,
    pub(crate) call: CallView,
}

impl Scene {
    /// Calls, is greeted, says something, and is quiet again.
    pub(crate) fn talking(house: House) -> Self {
        Self::calling(house, Phone::open(NUMBER))
    }

    pub(crate) fn calling(house: House, caller: Phone) -> Self {
        Self::with(house.open(), caller)
    }

    pub(crate) fn with(agent: Agent, caller: Phone) -> Self {
        let mut events = agent.events();
        caller.call(agent.sip);
        let id = caller.call_id();
        events.state(&id, "talking", A_WHILE);
        say_a_word(&caller, &mut events, &id);
        let call = agent.call_of(&id);
        Self {
            agent,
            events,
            caller,
            id,
            call,
        }
    }

    pub(crate) fn state(&mut self, state: &str) {
        self.events.state(&self.id, state, A_WHILE);
    }

    pub(crate) fn phrase(&mut self, id: &str) {
        self.events.phrase(&self.id, id, A_WHILE);
    }

    /// Waits until the phrase has ended, whole or cut.
    pub(crate) fn phrase_over(&mut self, id: &str) {
        self.events.phrase_over(&self.id, id, A_WHILE);
    }

    pub(crate) fn hang_up(&mut self) -> Ending {
        self.caller.hang_up();
        self.events.ended(&self.id, SOON)
    }

    /// What the caller heard so far.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.caller.recording().ids()
    }

    /// Asserts that the caller heard these phrases in this order, others between them or not.
    pub(crate) fn heard_in_order(&self, expected: &[&str]) {
        let heard = self.heard();
        let mut rest = heard.iter();
        let all = expected
            .iter()
            .all(|wanted| rest.any(|phrase| phrase == wanted));
        assert!(all, "expected {expected:?}, heard {heard:?}");
    }
}

/// The caller speaks for long enough to be a human beyond doubt, and is quiet then.
pub(crate) fn say_a_word(caller: &Phone, events: &mut Events, id: &str) {
    caller.speak();
    events.voice(id, true);
    caller.hears_more(50);
    caller.voice(Voice::Silence);
}

/// What is due is dialled within, and tried again if need be.
const KEPT_WITHIN: Duration = Duration::from_secs(60);

/// Who was promised a call has it: he says hello, hears why, is with the rep, and goes once the promise is kept.
pub(crate) fn is_called_back(events: &mut Events, customer: &Phone, number: &str, opening: &str) {
    customer.forget_sound();
    let id = customer.dialled(number, KEPT_WITHIN).call_id().to_owned();
    say_a_word(customer, events, &id);
    events.phrase_over(&id, opening, A_WHILE);
    events.state(&id, "talking", A_WHILE);
    customer.speak();
    let is_its = |callback: &String| id.contains(callback.as_str());
    events.wait("the kept promise", A_WHILE, |entry| {
        matches!(&entry.what, What::Promise { callback: Some(callback), news, .. } if news == "done" && is_its(callback))
    });
    let heard = customer.recording().ids();
    assert!(heard.contains(&opening.to_owned()), "{heard:?}");
    customer.voice(Voice::Silence);
    customer.hang_up();
    events.ended(&id, SOON);
}

/// He speaks, the other end echoes: what comes back was understood on both ways.
pub(crate) fn hears_himself(phone: &Phone) {
    phone.speak();
    phone.forget_sound();
    let is_heard = (0..PARTS_MAX).any(|_| {
        phone.hears_more(A_PART);
        phone.recording().ids().contains(&WORDS.to_owned())
    });
    phone.voice(Voice::Silence);
    assert!(is_heard, "{}", phone.recording());
}

/// A caller rings, the rep picks up his real phone; both are talking.
pub(crate) fn taken_by(rep: &mut Softphone, agent: &Agent, events: &mut Events) -> Phone {
    let caller = Phone::open(NUMBER);
    caller.invite(agent.sip);
    rep.wait("incoming", SOON);
    rep.tell("answer");
    rep.wait("established", SOON);
    let answer = caller.response("INVITE", 200, A_WHILE);
    caller.ack(&answer);
    events.state(&caller.call_id(), "talking", A_WHILE);
    caller
}

/// A caller with plain G.711 and a real phone at the rep's place hear each other; what went to the rep's ports.
pub(crate) fn a_rep_is_heard_both_ways(house: House, rep: &mut Softphone) -> Vec<Datagram> {
    let agent = house.open();
    let mut events = agent.events();
    let capture = Capture::start("lo", rep.ports());
    let caller = taken_by(rep, &agent, &mut events);
    rep.tell("echo");
    hears_himself(&caller);
    caller.hang_up();
    events.ended(&caller.call_id(), A_WHILE);
    capture.finish()
}

/// The other way round: a real phone calls, the rep has plain G.711; what went to the caller's ports.
pub(crate) fn a_caller_is_heard_both_ways(
    house: House,
    rep: &Phone,
    caller: &mut Softphone,
) -> Vec<Datagram> {
    let agent = house.open();
    let capture = Capture::start("lo", caller.ports());
    let mut events = agent.events();
    dial(&agent, caller);
    let id = only_call(&mut events);
    events.state(&id, "talking", A_WHILE);
    caller.tell("echo");
    hears_himself(rep);
    caller.tell("hangup");
    events.ended(&id, A_WHILE);
    capture.finish()
}
