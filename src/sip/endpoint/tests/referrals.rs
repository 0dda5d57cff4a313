//! REFER and its NOTIFYs (RFC 3515, RFC 4488).

use super::refusals::{follow_up, invite};
use super::*;

fn refer(replaces: Option<LegId>) -> Refer {
    Refer {
        to: "sip:desk3@192.0.2.3".parse().unwrap(),
        replaces,
        referred_by: Some("sip:anna@192.0.2.1".parse().unwrap()),
    }
}

/// A call in which the caller has sent a REFER.
fn referred() -> (Wire, LegId, LegId) {
    let mut wire = Wire::new();
    let (caller, callee) = wire.talk();
    wire.caller.refer(caller, refer(None), at(1500)).unwrap();
    wire.run_until(1600);
    (wire, caller, callee)
}

/// A stranger's call that we answered: the leg and our 200.
fn stranger(wire: &mut Wire) -> (LegId, Message) {
    wire.probe(&invite("Content-Type: application/sdp\r\n", "offer"));
    let (leg, _) = wire.callee.poll_event().unwrap();
    wire.callee.answer(leg, Bytes::from("ours"), at(0)).unwrap();
    let answer = read_message(&wire.callee.poll_transmit().unwrap().bytes).unwrap();
    wire.probe(&follow_up(&answer, "ACK", 1, ""));
    while wire.callee.poll_event().is_some() {}
    (leg, answer)
}

fn with(request: &str, headers: &str) -> String {
    request.replacen("Contact:", &format!("{headers}Contact:"), 1)
}

#[test]
fn a_refer_is_taken_and_its_progress_told_until_the_final_code() {
    let (mut wire, _, callee) = referred();
    let Event::ReferAsked(asked) = wire.last_event(Side::Callee) else {
        panic!("{:?}", wire.heard(Side::Callee));
    };
    assert_eq!(asked.to.as_str(), "sip:desk3@192.0.2.3");
    let by = asked.referred_by.as_ref().unwrap();
    assert_eq!(by.uri().as_str(), "sip:anna@192.0.2.1");
    wire.callee.accept_refer(callee, at(1600)).unwrap();
    wire.callee.refer_progress(callee, 180, at(1700)).unwrap();
    wire.run_until(2000);
    wire.callee.refer_progress(callee, 200, at(2000)).unwrap();
    wire.run_until(3000);
    let codes: Vec<String> = wire.events.iter().map(|it| format!("{:?}", it.2)).collect();
    let told: Vec<&String> = codes.iter().filter(|it| it.starts_with("ReferP")).collect();
    assert_eq!(
        told,
        ["ReferProgress { code: 100 }", "ReferProgress { code: 180 }"]
    );
    let last = wire.last_event(Side::Caller);
    assert!(matches!(last, Event::ReferOver { code: Some(200) }));
    let notify = wire.last(Side::Callee, "NOTIFY");
    assert_eq!(notify.value("Event"), Some("refer;id=2"));
    let state = notify.value("Subscription-State");
    assert_eq!(state, Some("terminated;reason=noresource"));
    assert_eq!(&notify.body[..], b"SIP/2.0 200 OK\r\n");
    let again = wire.callee.refer_progress(callee, 200, at(3000));
    assert_eq!(again, Err(NotPossible::WrongState));
}

#[test]
fn a_refused_refer_is_over_and_the_call_goes_on() {
    let (mut wire, caller, callee) = referred();
    wire.callee.refuse_refer(callee, 603, at(1600)).unwrap();
    wire.run_until(2000);
    let last = wire.last_event(Side::Caller);
    assert!(matches!(last, Event::ReferOver { code: Some(603) }));
    wire.caller.bye(caller, None, at(2000)).unwrap();
    wire.run_until(60_000);
    assert!(wire.caller.is_idle() && wire.callee.is_idle());
    let ended = wire.last_event(Side::Callee);
    assert!(matches!(
        ended,
        Event::HungUp {
            after_refer: false,
            ..
        }
    ));
}

#[test]
fn a_bye_after_the_202_is_no_plain_hang_up() {
    let (mut wire, caller, callee) = referred();
    wire.callee.accept_refer(callee, at(1600)).unwrap();
    wire.run_until(1700);
    wire.caller.bye(caller, None, at(1700)).unwrap();
    wire.run_until(60_000);
    let ended = wire.last_event(Side::Callee);
    assert!(matches!(
        ended,
        Event::HungUp {
            after_refer: true,
            ..
        }
    ));
    assert!(wire.caller.is_idle() && wire.callee.is_idle());
}

#[test]
fn a_bye_answers_a_waiting_refer_with_487() {
    let (mut wire, caller, _) = referred();
    wire.caller.bye(caller, None, at(1600)).unwrap();
    wire.run_until(60_000);
    assert!(wire.sent(Side::Callee).contains(&"487"));
    assert!(wire.caller.is_idle() && wire.callee.is_idle());
}

#[test]
fn a_refer_with_replaces_names_the_other_call_of_ours() {
    let mut wire = Wire::new();
    let (caller, _) = wire.talk();
    let other = wire.call_with("Subject", "second");
    wire.run_until(3000);
    let (_, second, _) = *wire.events.last().as_ref().unwrap();
    let second = *second;
    wire.callee
        .answer(second, Bytes::from("answer"), at(3000))
        .unwrap();
    wire.run_until(3500);
    let now = wire.now;
    wire.caller.refer(caller, refer(Some(other)), now).unwrap();
    wire.run_until(3600);
    let Event::ReferAsked(asked) = wire.last_event(Side::Callee) else {
        panic!("{:?}", wire.heard(Side::Callee));
    };
    assert_eq!(asked.replaces, Some(second));
    assert_eq!(asked.to.as_str(), "sip:desk3@192.0.2.3");
    assert_eq!(asked.replaces_value, wire.caller.replaces_of(other));
}

#[test]
fn who_wants_no_notify_gets_none() {
    let mut wire = Wire::new();
    let (leg, answer) = stranger(&mut wire);
    let refer = follow_up(&answer, "REFER", 2, "");
    let headers = "Refer-To: <sip:x@192.0.2.3>\r\nRefer-Sub: false\r\n";
    assert!(wire.tell(Side::Callee, &with(&refer, headers)).is_empty());
    wire.callee.accept_refer(leg, at(0)).unwrap();
    wire.callee.refer_progress(leg, 200, at(0)).unwrap();
    let taken = read_message(&wire.callee.poll_transmit().unwrap().bytes).unwrap();
    assert_eq!(code_of(&taken), 202);
    assert_eq!(taken.value("Refer-Sub"), Some("false"));
    assert!(wire.callee.poll_transmit().is_none());
}

#[test]
fn a_refer_without_one_target_is_400_and_a_second_one_meanwhile_491() {
    let mut wire = Wire::new();
    let (_, answer) = stranger(&mut wire);
    let mut told = |cseq, headers: &str| {
        let refer = with(&follow_up(&answer, "REFER", cseq, ""), headers);
        wire.tell(Side::Callee, &refer).first().map(code_of)
    };
    let one = "Refer-To: <sip:x@192.0.2.3>\r\n";
    assert_eq!(told(2, ""), Some(400));
    assert_eq!(told(3, &one.repeat(2)), Some(400));
    assert_eq!(told(4, one), None);
    assert_eq!(told(5, one), Some(491));
}

#[test]
fn a_notify_needs_a_subscription_of_ours() {
    let mut wire = Wire::new();
    let (_, answer) = stranger(&mut wire);
    let mut told = |cseq, event| {
        let notify = with(&follow_up(&answer, "NOTIFY", cseq, ""), event);
        code_of(&wire.tell(Side::Callee, &notify)[0])
    };
    assert_eq!(told(2, "Event: refer\r\n"), 481);
    assert_eq!(told(3, "Event: presence\r\n"), 489);
    assert_eq!(told(4, ""), 489);
}

#[test]
fn a_notify_may_come_before_the_202() {
    let mut wire = Wire::new();
    let (leg, answer) = stranger(&mut wire);
    wire.callee.refer(leg, refer(None), at(0)).unwrap();
    let sent = read_message(&wire.callee.poll_transmit().unwrap().bytes).unwrap();
    assert_eq!(sent.value("CSeq"), Some("1 REFER"));
    let notify = follow_up(&answer, "NOTIFY", 2, "SIP/2.0 503 Away\r\n");
    let notify = notify.replace("application/sdp", "message/sipfrag");
    let wrong = with(&notify, "Event: refer;id=9\r\n");
    assert_eq!(code_of(&wire.tell(Side::Callee, &wrong)[0]), 481);
    let right = with(
        &notify,
        "Event: refer;id=1\r\nSubscription-State: terminated\r\n",
    );
    let right = right.replace("CSeq: 2", "CSeq: 3").replace("bK2", "bK3");
    assert_eq!(code_of(&wire.tell(Side::Callee, &right)[0]), 200);
    let told = wire.callee.poll_event().map(|it| it.1);
    assert!(matches!(told, Some(Event::ReferOver { code: Some(503) })));
}

#[test]
fn a_referral_nobody_tells_about_is_given_up() {
    let (mut wire, caller, callee) = referred();
    wire.callee.accept_refer(callee, at(1600)).unwrap();
    wire.run_until(170_000);
    let second = wire.caller.refer(caller, refer(None), at(170_000));
    assert_eq!(second, Err(NotPossible::WrongState));
    wire.run_until(182_000);
    let last = wire.last_event(Side::Caller);
    assert!(matches!(last, Event::ReferOver { code: None }));
}

#[test]
fn a_refer_outside_a_call_is_declined() {
    let mut wire = Wire::new();
    let refer = invite("Refer-To: <sip:x@y>\r\n", "").replace("INVITE", "REFER");
    assert_eq!(code_of(&wire.tell(Side::Callee, &refer)[0]), 603);
}
