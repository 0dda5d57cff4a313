use super::*;

#[test]
fn an_early_re_invite_100_ms_after_the_answer_is_taken() {
    let mut wire = Wire::new();
    let (caller, callee) = wire.talk();
    wire.caller
        .reoffer(caller, Bytes::from("hold"), at(1500))
        .unwrap();
    wire.run_until(1600);
    wire.callee
        .accept_offer(callee, Bytes::from("held"), at(1600))
        .unwrap();
    wire.run_until(5000);
    assert_eq!(wire.heard(Side::Callee), ["Invited", "Acked", "Offered"]);
    assert_eq!(wire.heard(Side::Caller), ["Answered", "OfferTaken"]);
    assert_eq!(wire.sent(Side::Caller), ["INVITE", "ACK", "INVITE", "ACK"]);
}

#[test]
fn a_refused_offer_leaves_the_call_as_it_was() {
    let mut wire = Wire::new();
    let (caller, callee) = wire.talk();
    wire.caller
        .reoffer(caller, Bytes::from("odd"), at(1500))
        .unwrap();
    wire.run_until(1600);
    wire.callee.refuse_offer(callee, at(1600)).unwrap();
    wire.run_until(5000);
    assert_eq!(wire.heard(Side::Caller), ["Answered", "OfferRefused"]);
    assert!(wire.caller.bye(caller, None, at(5000)).is_ok());
}

#[test]
fn offers_that_cross_are_both_refused_with_491() {
    let mut wire = Wire::new();
    let (caller, callee) = wire.talk();
    wire.caller
        .reoffer(caller, Bytes::from("a"), at(1500))
        .unwrap();
    wire.callee
        .reoffer(callee, Bytes::from("b"), at(1500))
        .unwrap();
    wire.run_until(5000);
    assert_eq!(wire.times(Side::Caller, "491"), [1510]);
    assert_eq!(wire.times(Side::Callee, "491"), [1510]);
}

#[test]
fn a_bye_answers_a_waiting_offer_with_487() {
    let mut wire = Wire::new();
    let (caller, _) = wire.talk();
    wire.caller
        .reoffer(caller, Bytes::from("hold"), at(1500))
        .unwrap();
    wire.run_until(1600);
    wire.caller.bye(caller, None, at(1600)).unwrap();
    wire.run_until(60_000);
    assert!(wire.sent(Side::Callee).contains(&"487"));
    assert!(wire.caller.is_idle() && wire.callee.is_idle());
}

#[test]
fn a_dialog_they_have_forgotten_is_lost() {
    let mut wire = Wire::new();
    let (caller, _) = wire.talk();
    wire.callee = wire::endpoint(Side::Callee, 10);
    wire.caller
        .reoffer(caller, Bytes::from("hold"), at(1500))
        .unwrap();
    wire.run_until(60_000);
    assert_eq!(wire.heard(Side::Caller), ["Answered", "Lost"]);
    assert!(wire.caller.is_idle());
}

/// A delayed offer: the 200 holds ours, the ACK theirs.
#[test]
fn an_invite_without_an_offer_gets_ours() {
    let mut wire = Wire::new();
    wire.probe(&refusals::invite("", ""));
    let (leg, event) = wire.callee.poll_event().unwrap();
    assert!(matches!(event, Event::Invited(invited) if invited.offer.is_none()));
    wire.callee.answer(leg, Bytes::from("ours"), at(0)).unwrap();
    let answer = read_message(&wire.callee.poll_transmit().unwrap().bytes).unwrap();
    let ack = refusals::follow_up(&answer, "ACK", 1, "theirs");
    assert!(wire.probe(&ack).is_empty());
    let (_, event) = wire.callee.poll_event().unwrap();
    assert!(matches!(event, Event::Acked { answer: Some(sdp) } if sdp == "theirs"));
}
