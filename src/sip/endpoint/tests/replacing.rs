//! Replaces (RFC 3891).

use super::*;

/// The caller calls once more, in the place of `replaces`; what became of it after 100 ms.
fn replacing(wire: &mut Wire, replaces: &str) -> Event {
    wire.call_with("Replaces", replaces);
    let now = wire.now.as_nanos() / 1_000_000;
    wire.run_until(now + 100);
    wire.events.last().unwrap().2.clone()
}

fn refused(wire: &mut Wire, replaces: &str) -> u16 {
    let event = replacing(wire, replaces);
    let Event::Refused { code, .. } = event else {
        panic!("{event:?}");
    };
    code
}

#[test]
fn a_call_names_the_one_whose_place_it_takes() {
    let mut wire = Wire::new();
    let (caller, callee) = wire.talk();
    let replaces = wire.caller.replaces_of(caller).unwrap();
    let event = replacing(&mut wire, &replaces);
    assert!(matches!(event, Event::Invited(invited) if invited.replaces == Some(callee)));
}

#[test]
fn what_is_not_there_or_not_read_is_not_replaced() {
    let mut wire = Wire::new();
    let (caller, _) = wire.talk();
    let replaces = wire.caller.replaces_of(caller).unwrap();
    assert_eq!(refused(&mut wire, "x;to-tag=y;from-tag=z"), 481);
    let swapped = replaces
        .replace("to-tag", "q")
        .replace("from-tag", "to-tag");
    assert_eq!(refused(&mut wire, &swapped.replace("q=", "from-tag=")), 481);
    assert_eq!(refused(&mut wire, "nothing"), 400);
}

#[test]
fn a_confirmed_call_is_not_replaced_early_only() {
    let mut wire = Wire::new();
    let (caller, _) = wire.talk();
    let replaces = wire.caller.replaces_of(caller).unwrap();
    assert_eq!(refused(&mut wire, &format!("{replaces};early-only")), 486);
}

#[test]
fn a_call_that_rings_here_is_not_replaced() {
    let mut wire = Wire::new();
    let (caller, _) = wire.ring();
    let replaces = wire.caller.replaces_of(caller).unwrap();
    assert_eq!(refused(&mut wire, &replaces), 481);
}

#[test]
fn a_call_of_ours_that_rings_there_may_be_replaced() {
    let mut wire = Wire::new();
    let (caller, callee) = wire.ring();
    let replaces = wire.callee.replaces_of(callee).unwrap();
    let value = format!("Replaces: {replaces};early-only\r\n");
    let text = refusals::invite(&value, "").replace("192.0.2.1>;tag=f", "192.0.2.9>;tag=f");
    wire.tell(Side::Caller, &text);
    let (_, event) = wire.caller.poll_event().unwrap();
    assert!(matches!(event, Event::Invited(invited) if invited.replaces == Some(caller)));
}

#[test]
fn a_call_that_is_ending_is_declined() {
    let mut wire = Wire::losing(|line| line == "Callee BYE");
    let (caller, callee) = wire.talk();
    let replaces = wire.caller.replaces_of(caller).unwrap();
    wire.callee.bye(callee, None, at(1500)).unwrap();
    assert_eq!(refused(&mut wire, &replaces), 603);
}

#[test]
fn a_stranger_replaces_nothing() {
    let mut wire = Wire::new();
    let (caller, _) = wire.talk();
    let replaces = wire.caller.replaces_of(caller).unwrap();
    let text = refusals::invite(&format!("Replaces: {replaces}\r\n"), "");
    let stranger: std::net::SocketAddr = "203.0.113.9:5060".parse().unwrap();
    let now = wire.now;
    wire.callee.receive(text.as_bytes(), stranger, now);
    let answer = read_message(&wire.callee.poll_transmit().unwrap().bytes).unwrap();
    assert_eq!(code_of(&answer), 481);
}
