//! A caller who takes the offer of a callback while he waits keeps his place in the line: three telephones and one seat.

use std::time::Duration;

use serde_json::json;
use thirdring::records::What;
use ureq::http::Method;

use super::agent::{Agent, House};
use super::events::{Events, of};
use super::phone::{Phone, SOON};
use super::scene::{A_WHILE, NUMBER, say_a_word};

/// Of the one who waits on, and of the one who has the seat.
const WAITS: &str = "13900139001";
const TALKS: &str = "13900139002";

/// The offer of a callback, its two questions and the farewell.
const OFFERED_WITHIN: Duration = Duration::from_secs(60);

/// So long a seat is looked at that nobody else is to have.
const STAYS: Duration = Duration::from_secs(2);

/// One seat, which somebody has.
struct Busy {
    agent: Agent,
    events: Events,
    /// The trunk leads to him: he can be called back.
    promised: Phone,
    waits: Phone,
    talks: Phone,
}

impl Busy {
    fn seat() -> Self {
        let [promised, waits, talks] = [NUMBER, WAITS, TALKS].map(Phone::open);
        let agent = house(&promised).open();
        let mut events = agent.events();
        talks.call(agent.sip);
        let id = talks.call_id();
        events.state(&id, "talking", A_WHILE);
        // A silent caller would be left.
        say_a_word(&talks, &mut events, &id);
        Self {
            agent,
            events,
            promised,
            waits,
            talks,
        }
    }

    /// Rings in, and finds no seat free.
    fn comes(&mut self, which: fn(&Self) -> &Phone) -> String {
        let phone = which(self);
        phone.call(self.agent.sip);
        let id = phone.call_id();
        self.events.state(&id, "waiting", A_WHILE);
        id
    }

    /// Has the seat after those who were first.
    fn is_served(&mut self, id: &str) {
        self.events.state(id, "talking", A_WHILE);
        self.waits.hang_up();
        self.events.ended(id, SOON);
    }

    fn has_a_seat(&mut self, id: &str) -> bool {
        let seated = |what: &What| matches!(what, What::Seated { .. });
        let waits_on = self
            .events
            .stay_without(STAYS, |entry| of(entry, id) && seated(&entry.what));
        !waits_on
    }
}

/// Whom the trunk leads to can be called back.
fn house(customer: &Phone) -> House {
    House::fast()
        .seat("rep1", "echo")
        .policy("waiting", "offer_after", "\"15s\"")
        .set("callbacks.quiet_hours.every_day = \"none\"")
        .set(&format!("sip.trunk = \"{}\"", customer.address))
}

/// He hears what holds, and it falls due.
fn takes_the_offer(caller: &Phone, id: &str, events: &mut Events) {
    events.phrase(id, "callback_offer_waiting", OFFERED_WITHIN);
    caller.press('1');
    // D24: those before him may take longer than five minutes.
    events.phrase_over(id, "callback_promise_soon", A_WHILE);
    caller.requested("BYE", A_WHILE);
    events.ended(id, SOON);
    told(events, "overdue");
}

fn told(events: &mut Events, wanted: &str) {
    events.wait(
        wanted,
        A_WHILE,
        |entry| matches!(&entry.what, What::Promise { news, .. } if news == wanted),
    );
}

/// Says hello, hears why we call, is with the rep, and goes.
fn is_called_back(caller: &Phone, events: &mut Events) {
    caller.speak();
    let invite = caller.called(A_WHILE);
    let id = invite.call_id();
    events.phrase_over(id, "callback_open_promise", A_WHILE);
    events.state(id, "talking", A_WHILE);
    told(events, "done");
    caller.hang_up();
    events.ended(id, SOON);
}

#[test]
fn a_caller_who_took_the_offer_is_called_before_who_came_after_him() {
    let mut busy = Busy::seat();
    let first = busy.comes(|busy| &busy.promised);
    let second = busy.comes(|busy| &busy.waits);
    takes_the_offer(&busy.promised, &first, &mut busy.events);
    assert!(!busy.has_a_seat(&second), "{}", busy.events.story());
    busy.talks.hang_up();
    is_called_back(&busy.promised, &mut busy.events);
    busy.is_served(&second);
}

#[test]
fn a_caller_who_took_the_offer_is_called_after_who_came_before_him() {
    let mut busy = Busy::seat();
    let first = busy.comes(|busy| &busy.waits);
    let second = busy.comes(|busy| &busy.promised);
    takes_the_offer(&busy.promised, &second, &mut busy.events);
    let rung = busy.promised.count("INVITE");
    busy.talks.hang_up();
    busy.events.state(&first, "talking", A_WHILE);
    assert!(!busy.promised.counts_more("INVITE", rung, STAYS));
    busy.is_served(&first);
    is_called_back(&busy.promised, &mut busy.events);
}

#[test]
fn a_place_in_the_line_outlives_a_crash() {
    let caller = Phone::open(NUMBER);
    let agent = house(&caller).open();
    let mut events = agent.events();
    rep_is(&agent, "busy");
    caller.call(agent.sip);
    let id = caller.call_id();
    takes_the_offer(&caller, &id, &mut events);
    let before = agent.callbacks();
    assert!(before[0].place_utc.is_some(), "{before:?}");
    let agent = agent.crash_and_restart();
    let after = agent.callbacks();
    assert_eq!(after[0].place_utc, before[0].place_utc);
    let mut events = agent.events();
    rep_is(&agent, "available");
    is_called_back(&caller, &mut events);
}

fn rep_is(agent: &Agent, state: &str) {
    let (status, seat) = agent.ask(Method::PUT, "/seats/rep1", &json!({ "state": state }));
    assert_eq!(status, 200, "{seat}");
}
