use std::time::{Duration, Instant};

use thirdring::media::Codec;

use super::agent::{Agent, House};
use super::hearing::{Phrase, Recording};
use super::phone::{Phone, SOON};
use super::scene::{A_WHILE, NUMBER};

/// From the ACK to the first packet.
const FIRST_PACKET_WITHIN: Duration = Duration::from_millis(200);

fn house() -> Agent {
    House::fast().seat("rep1", "echo").open()
}

/// Until the agent has said its greeting and left the line to the rep.
fn until_greeted(agent: &Agent, caller: &Phone) -> Recording {
    agent.events().state(&caller.call_id(), "talking", A_WHILE);
    caller.recording()
}

fn whole_greeting(heard: &Recording) -> Phrase {
    let phrases = heard.phrases();
    let greeting = phrases.first().expect("something was said");
    assert_eq!(greeting.id, "greeting", "{heard}");
    assert!(greeting.whole && greeting.unbroken, "{heard}");
    assert_eq!(heard.lost(), 0);
    greeting.clone()
}

#[test]
fn a_caller_hears_the_greeting_from_its_first_syllable() {
    let agent = house();
    let caller = Phone::open(NUMBER);
    caller.invite(agent.sip);
    let answer = caller.response("INVITE", 200, SOON);
    caller.ack(&answer);
    let acknowledged = Instant::now();
    let heard = until_greeted(&agent, &caller);
    let first = heard.packets.first().expect("there was sound").at;
    let late = first.saturating_duration_since(acknowledged);
    assert!(late <= FIRST_PACKET_WITHIN, "{late:?}");
    let greeting = whole_greeting(&heard);
    assert!(greeting.onset <= 800, "not the first sound: {heard}");
    caller.hang_up();
    let ending = agent.events().ended(&caller.call_id(), SOON);
    assert_eq!(
        (ending.by.as_str(), ending.because.as_str()),
        ("caller", "hung-up")
    );
}

#[test]
fn a_caller_with_mu_law_only_hears_it_too() {
    let agent = house();
    let caller = Phone::open(NUMBER);
    caller.use_codec(Codec::Pcmu);
    caller.call(agent.sip);
    whole_greeting(&until_greeted(&agent, &caller));
}

#[test]
fn an_early_reinvite_does_not_break_the_greeting() {
    let agent = house();
    let caller = Phone::open(NUMBER);
    caller.call(agent.sip);
    // 100 ms after the answer, as baresip does.
    caller.hears_more(5);
    caller.reinvite("sendrecv");
    let answer = caller.response("INVITE", 200, SOON);
    caller.ack(&answer);
    whole_greeting(&until_greeted(&agent, &caller));
}

#[test]
fn a_caller_whose_source_changes_is_still_heard() {
    let agent = house();
    let mut events = agent.events();
    let caller = Phone::open(NUMBER);
    caller.call(agent.sip);
    let id = caller.call_id();
    events.state(&id, "talking", A_WHILE);
    caller.speak();
    events.voice(&id, true);
    caller.change_source();
    caller.forget_sound();
    // The rep echoes: what the caller says as the new source comes back to him.
    caller.hears_more(400);
    assert_eq!(
        caller.recording().ids().first().map(String::as_str),
        Some("report_upward")
    );
}

#[test]
fn a_caller_with_thirty_milliseconds_a_packet_hears_and_is_heard() {
    let agent = house();
    let mut events = agent.events();
    let caller = Phone::open(NUMBER);
    caller.use_frame(Duration::from_millis(30));
    caller.call(agent.sip);
    whole_greeting(&until_greeted(&agent, &caller));
    caller.speak();
    events.voice(&caller.call_id(), true);
}
