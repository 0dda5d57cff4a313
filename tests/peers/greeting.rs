use std::time::Duration;

use super::agent::House;
use super::phone::{Phone, SOON};

#[test]
fn a_caller_hears_the_greeting_from_its_first_syllable() {
    let agent = House::fast().seat("rep1", "echo").open();
    let mut events = agent.events();
    let caller = Phone::open("caller");
    caller.invite(agent.sip);
    let answer = caller.response("INVITE", 200, SOON);
    caller.ack(&answer);
    let acknowledged = std::time::Instant::now();
    events.state(&caller.call_id(), "talking", Duration::from_secs(20));
    caller.hang_up();
    let heard = caller.recording();
    let first = heard.packets.first().expect("there was sound").at;
    let late = first.saturating_duration_since(acknowledged);
    assert!(late <= Duration::from_millis(200), "{late:?}");
    let phrases = heard.phrases();
    let greeting = phrases.first().expect("something was said");
    assert_eq!(greeting.id, "greeting", "{heard}");
    assert!(greeting.whole && greeting.unbroken, "{heard}");
    assert_eq!(
        events.ended(&caller.call_id(), SOON).because.as_str(),
        "hung-up"
    );
}
