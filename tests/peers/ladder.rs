use super::agent::House;
use super::phone::{Phone, Voice};
use super::scene::{A_WHILE, NUMBER};

/// Calls, stays silent in this way, and returns what was heard until the agent hung up.
fn silent_caller(silence: Voice) -> Vec<String> {
    let agent = House::fast().seat("rep1", "silent").open();
    let caller = Phone::open(NUMBER);
    caller.voice(silence);
    caller.call(agent.sip);
    caller.requested("BYE", A_WHILE * 2);
    let ending = agent.events().ended(&caller.call_id(), A_WHILE);
    assert_eq!(ending.because.as_str(), "silent-caller");
    caller.recording().ids()
}

#[test]
fn a_caller_without_a_packet_is_told_that_he_is_connected() {
    let expected = [
        "greeting",
        "connected_please_speak",
        "no_voice_repeat",
        "fault_cannot_hear_caller",
        "closing_short",
    ];
    assert_eq!(silent_caller(Voice::Nothing), expected);
}

#[test]
fn a_silent_caller_is_asked_three_times_before_the_farewell() {
    let expected = [
        "greeting",
        "please_speak",
        "no_voice_repeat",
        "fault_cannot_hear_caller",
        "closing_short",
    ];
    assert_eq!(silent_caller(Voice::Silence), expected);
}

#[test]
fn a_voice_under_a_phrase_leaves_the_ladder() {
    let agent = House::fast().seat("rep1", "echo").open();
    let mut events = agent.events();
    let caller = Phone::open(NUMBER);
    caller.call(agent.sip);
    let id = caller.call_id();
    events.phrase(&id, "no_voice_repeat", A_WHILE);
    caller.speak();
    events.voice(&id, true);
    caller.hears_more(50);
    assert_eq!(agent.call_of(&id).state, "talking");
    let heard = caller.recording();
    assert!(
        !heard.ids().contains(&"fault_cannot_hear_caller".to_owned()),
        "{heard}"
    );
}
