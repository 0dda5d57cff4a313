//! UPDATE, in calls and before their answer (RFC 3311, RFC 6337).

use super::refusals::{follow_up, invite};
use super::*;

/// A call that rings with an answer in a reliable 183: the first exchange is settled.
fn early() -> (Wire, LegId, LegId) {
    let mut wire = Wire::new();
    let caller = wire.call_with("Require", "100rel");
    wire.run_until(50);
    let callee = wire.leg(Side::Callee);
    wire.callee
        .progress(callee, Bytes::from("early"), at(50))
        .unwrap();
    wire.run_until(100);
    (wire, caller, callee)
}

#[test]
fn an_early_update_of_the_caller_is_answered_and_the_call_goes_on() {
    let (mut wire, caller, callee) = early();
    let sdp = Some(Bytes::from("move"));
    wire.caller.update(caller, sdp, at(100)).unwrap();
    wire.run_accepting(500, "moved");
    assert!(matches!(
        wire.last_event(Side::Caller),
        Event::OfferTaken { sdp: Some(sdp) } if sdp == "moved"
    ));
    wire.callee.answer(callee, Bytes::new(), at(500)).unwrap();
    wire.run_until(1000);
    wire.caller.bye(caller, None, at(1000)).unwrap();
    wire.run_until(60_000);
    let cseq = |word| {
        wire.last(Side::Caller, word)
            .value("CSeq")
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        [cseq("PRACK"), cseq("UPDATE"), cseq("ACK"), cseq("BYE")],
        ["2 PRACK", "3 UPDATE", "1 ACK", "4 BYE"]
    );
    assert!(wire.caller.is_idle() && wire.callee.is_idle());
}

#[test]
fn an_early_update_of_the_callee_is_answered_too() {
    let (mut wire, _, callee) = early();
    let sdp = Some(Bytes::from("move"));
    wire.callee.update(callee, sdp, at(100)).unwrap();
    wire.run_accepting(500, "moved");
    assert_eq!(wire.heard(Side::Caller), ["Provisional", "Offered"]);
    assert!(matches!(
        wire.last_event(Side::Callee),
        Event::OfferTaken { sdp: Some(sdp) } if sdp == "moved"
    ));
}

#[test]
fn before_the_first_offer_is_settled_nobody_sends_an_update() {
    let mut wire = Wire::new();
    let (caller, callee) = wire.ring();
    let sdp = || Some(Bytes::from("move"));
    let refused = Err(NotPossible::WrongState);
    assert_eq!(wire.caller.update(caller, sdp(), at(100)), refused);
    assert_eq!(wire.callee.update(callee, sdp(), at(100)), refused);
}

#[test]
fn an_update_before_the_first_offer_is_answered_gets_500_with_retry_after() {
    let mut wire = Wire::new();
    wire.probe(&invite("Content-Type: application/sdp\r\n", "offer"));
    let (leg, _) = wire.callee.poll_event().unwrap();
    wire.callee.ring(leg, at(0)).unwrap();
    let ringing = read_message(&wire.callee.poll_transmit().unwrap().bytes).unwrap();
    let refusal = &wire.tell(Side::Callee, &follow_up(&ringing, "UPDATE", 2, "early"))[0];
    assert_eq!(code_of(refusal), 500);
    assert_eq!(refusal.value("Retry-After"), Some("5"));
}

#[test]
fn an_update_without_a_description_crosses_nothing() {
    let mut wire = Wire::new();
    let (caller, callee) = wire.talk();
    wire.callee
        .reoffer(callee, Bytes::from("hold"), at(1500))
        .unwrap();
    wire.caller.update(caller, None, at(1500)).unwrap();
    wire.run_until(1600);
    assert!(wire.times(Side::Callee, "491").is_empty());
    assert!(matches!(
        wire.last_event(Side::Caller),
        Event::OfferTaken { sdp: None }
    ));
}

#[test]
fn an_update_goes_only_to_who_allows_it() {
    let mut wire = Wire::new();
    wire.probe(&invite("Allow: INVITE, ACK\r\n", ""));
    let (leg, _) = wire.callee.poll_event().unwrap();
    let refused = wire.callee.update(leg, None, at(0));
    assert_eq!(refused, Err(NotPossible::NotTaken));
}

#[test]
fn an_update_refreshes_the_target() {
    let mut wire = Wire::new();
    let (leg, answer) = wire.answer_probe(&invite("Content-Type: application/sdp\r\n", "offer"));
    let update = follow_up(&answer, "UPDATE", 2, "");
    let moved = "Contact: <sip:anna@192.0.2.1:5099>";
    let update = update.replace("Contact: <sip:anna@192.0.2.1>", moved);
    assert_eq!(code_of(&wire.tell(Side::Callee, &update)[0]), 200);
    wire.callee.bye(leg, None, at(0)).unwrap();
    let bye = wire.callee.poll_transmit().unwrap();
    assert_eq!(bye.to, Hop::udp("192.0.2.1:5099".parse().unwrap()));
}

#[test]
fn an_update_nobody_answers_is_the_end_of_a_call_and_not_of_a_ringing_one() {
    let (mut wire, caller, _) = early();
    wire.callee = wire::endpoint(Side::Callee, 10);
    wire.caller
        .update(caller, Some(Bytes::from("move")), at(100))
        .unwrap();
    wire.run_until(200);
    assert!(matches!(
        wire.last_event(Side::Caller),
        Event::OfferRefused { code: 481 }
    ));
    let mut wire = Wire::losing(|line| line == "Caller UPDATE");
    let (caller, _) = wire.talk();
    wire.caller.update(caller, None, at(1500)).unwrap();
    wire.run_until(60_000);
    assert_eq!(wire.heard(Side::Caller), ["Answered", "Lost"]);
    assert_eq!(wire.times(Side::Caller, "BYE"), [33_500]);
    assert_eq!(wire.heard(Side::Callee).last().unwrap(), "HungUp");
}

#[test]
fn a_cancel_while_an_early_offer_waits_ends_the_call() {
    let (mut wire, caller, _) = early();
    let sdp = Some(Bytes::from("move"));
    wire.caller.update(caller, sdp, at(100)).unwrap();
    wire.run_until(150);
    wire.caller.cancel(caller, at(150)).unwrap();
    wire.run_until(60_000);
    assert_eq!(
        wire.heard(Side::Callee),
        ["Invited", "Offered", "Cancelled"]
    );
    assert!(wire.caller.is_idle() && wire.callee.is_idle());
}
