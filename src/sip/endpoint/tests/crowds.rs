//! More calls than usual, and more than can be served.

use super::refusals::{follow_up, invite};
use super::*;

/// The INVITE of the `n`th call.
fn numbered(n: u64) -> String {
    let text = invite("", "").replace("Call-ID: one", &format!("Call-ID: {n}"));
    text.replace("branch=z9hG4bK", &format!("branch=z9hG4bK{n}x"))
}

/// Call `n` from INVITE to BYE, all at once; the codes of what was answered.
fn whole_call(endpoint: &mut Endpoint, n: u64, now: Moment) -> Vec<u16> {
    let mut codes = Vec::new();
    let mut hear = |endpoint: &mut Endpoint| {
        let answer = read_message(&endpoint.poll_transmit()?.bytes).unwrap();
        codes.push(code_of(&answer));
        Some(answer)
    };
    endpoint.receive(numbered(n).as_bytes(), wire::address(Side::Caller), now);
    if let Some((leg, Event::Invited(_))) = endpoint.poll_event() {
        endpoint.answer(leg, Bytes::from("v=0\r\n"), now).unwrap();
    }
    let answer = hear(endpoint).unwrap();
    for (method, cseq) in [("ACK", 1), ("BYE", 2)] {
        let text = follow_up(&answer, method, cseq, "");
        let text = text.replace("Call-ID: one", &format!("Call-ID: {n}"));
        let text = text.replace("branch=z9hG4bK", &format!("branch=z9hG4bK{n}x"));
        endpoint.receive(text.as_bytes(), wire::address(Side::Caller), now);
        hear(endpoint);
    }
    while endpoint.poll_event().is_some() {}
    codes
}

#[test]
fn settled_calls_are_forgotten_sooner_in_a_crowd() {
    let mut endpoint = wire::endpoint(Side::Callee, 10);
    let calls = 10_000;
    for n in 0..calls {
        let now = at(n / 5); // 5,000 calls/s
        endpoint.handle_timeout(now);
        assert_eq!(whole_call(&mut endpoint, n, now), [200, 200], "call {n}");
    }
    assert_eq!(endpoint.servers.len(), 20_000);
    endpoint.handle_timeout(at(2_000 + 5_000));
    assert!(endpoint.servers.len() < 5_000, "{}", endpoint.servers.len());
    endpoint.handle_timeout(at(2_000 + 32_000));
    assert!(endpoint.is_idle());
}

#[test]
fn an_invite_that_comes_twice_in_a_crowd_begins_no_second_call() {
    let mut endpoint = wire::endpoint(Side::Callee, 10);
    for n in 0..5_000 {
        whole_call(&mut endpoint, n, at(0));
    }
    let late = numbered(4_999);
    endpoint.receive(late.as_bytes(), wire::address(Side::Caller), at(4_900));
    assert!(endpoint.poll_event().is_none() && endpoint.poll_transmit().is_none());
}

#[test]
fn an_overloaded_endpoint_refuses_new_calls_and_serves_the_others() {
    let mut wire = Wire::new();
    wire.probe(&invite("", ""));
    let (leg, _) = wire.callee.poll_event().unwrap();
    wire.callee
        .answer(leg, Bytes::from("v=0\r\n"), at(0))
        .unwrap();
    let answer = read_message(&wire.callee.poll_transmit().unwrap().bytes).unwrap();
    wire.callee.set_overloaded(true);
    let remembered = wire.callee.servers.len();
    for _ in 0..2 {
        let refusal = wire.probe(&numbered(1)).remove(0);
        assert!(refusal.starts_with("SIP/2.0 503 ") && refusal.contains("\r\nRetry-After: "));
    }
    assert_eq!(wire.callee.servers.len(), remembered);
    let taking_over =
        numbered(2).replace("\r\nCSeq", "\r\nReplaces: x;to-tag=y;from-tag=z\r\nCSeq");
    assert!(wire.probe(&taking_over)[0].starts_with("SIP/2.0 481 "));
    wire.probe(&follow_up(&answer, "ACK", 1, ""));
    assert!(wire.probe(&follow_up(&answer, "BYE", 2, ""))[0].starts_with("SIP/2.0 200 "));
    while wire.callee.poll_event().is_some() {}
    wire.callee.set_overloaded(false);
    wire.probe(&numbered(1));
    let event = wire.callee.poll_event().map(|(_, event)| event);
    assert!(matches!(event, Some(Event::Invited(_))), "{event:?}");
}

#[test]
fn an_overloaded_endpoint_has_no_time_for_strangers() {
    let mut endpoint = wire::endpoint(Side::Callee, 10);
    let stranger = Sender {
        standing: Standing::Stranger,
        ..wire::address(Side::Caller).into()
    };
    endpoint.receive(numbered(1).as_bytes(), stranger, at(0));
    let refusal = endpoint.poll_transmit().unwrap().bytes;
    assert!(refusal.starts_with(b"SIP/2.0 403 "));
    endpoint.set_overloaded(true);
    endpoint.receive(numbered(1).as_bytes(), stranger, at(0));
    assert!(endpoint.poll_transmit().is_none());
    let unread = endpoint.counters().discarded().get(&Discard::Overloaded);
    assert_eq!(unread, Some(&1));
}
