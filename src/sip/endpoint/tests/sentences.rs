//! Sentences of RFC 3261 that no other test is about.

use super::refusals::{follow_up, invite};
use super::*;

/// A stranger's call that we answered and they acknowledged: the leg and our 200.
fn answered(wire: &mut Wire, headers: &str) -> (LegId, Message) {
    let headers = format!("{headers}Content-Type: application/sdp\r\n");
    wire.probe(&invite(&headers, "offer"));
    let (leg, _) = wire.callee.poll_event().unwrap();
    wire.callee.answer(leg, Bytes::from("ours"), at(0)).unwrap();
    let answer = read_message(&wire.callee.poll_transmit().unwrap().bytes).unwrap();
    wire.probe(&follow_up(&answer, "ACK", 1, ""));
    while wire.callee.poll_event().is_some() {}
    (leg, answer)
}

#[test]
fn a_bye_after_a_cseq_gap_ends_the_call() {
    let mut wire = Wire::new();
    let (_, answer) = answered(&mut wire, "");
    let bye = follow_up(&answer, "BYE", 4711, "");
    assert_eq!(code_of(&wire.tell(Side::Callee, &bye)[0]), 200);
    let ended = wire.callee.poll_event().map(|it| it.1);
    assert!(matches!(ended, Some(Event::HungUp { .. })));
}

#[test]
fn a_cancel_of_nothing_is_481() {
    let mut wire = Wire::new();
    let cancel = invite("", "").replace("INVITE", "CANCEL");
    assert_eq!(code_of(&wire.tell(Side::Callee, &cancel)[0]), 481);
}

#[test]
fn a_cancel_after_the_final_answer_changes_nothing() {
    let mut wire = Wire::new();
    answered(&mut wire, "");
    let cancel = invite("", "").replace("INVITE", "CANCEL");
    let cancel = cancel.replace("bKCANCEL", "bKINVITE");
    let sent: Vec<u16> = wire
        .tell(Side::Callee, &cancel)
        .iter()
        .map(code_of)
        .collect();
    assert_eq!(sent, [200]);
    assert!(wire.callee.poll_event().is_none());
}

#[test]
fn a_request_of_another_dialog_is_481() {
    let mut wire = Wire::new();
    let (_, answer) = answered(&mut wire, "");
    let bye = follow_up(&answer, "BYE", 2, "");
    for (theirs, other) in [
        (";tag=f\r\n", ";tag=g\r\n"),
        ("Call-ID: one", "Call-ID: two"),
    ] {
        let strange = bye.replace(theirs, other);
        assert_eq!(
            code_of(&wire.tell(Side::Callee, &strange)[0]),
            481,
            "{other}"
        );
    }
}

#[test]
fn our_responses_repeat_the_record_route_in_its_order() {
    let mut wire = Wire::new();
    let routes =
        "Record-Route: <sip:p1.example.com;lr>\r\nRecord-Route: <sip:p2.example.com;lr>\r\n";
    let (_, answer) = answered(&mut wire, routes);
    let repeated: Vec<&str> = answer.values("Record-Route").collect();
    assert_eq!(
        repeated,
        ["<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"]
    );
}

#[test]
fn options_tells_what_we_can() {
    let mut wire = Wire::new();
    let options = invite("", "").replace("INVITE", "OPTIONS");
    let told = &wire.tell(Side::Callee, &options)[0];
    for (name, word) in [
        ("Allow", "PRACK"),
        ("Allow", "UPDATE"),
        ("Allow", "REFER"),
        ("Supported", "100rel"),
        ("Supported", "timer"),
        ("Supported", "replaces"),
        ("Accept", "application/sdp"),
    ] {
        assert!(told.tokens(name).any(|it| it == word), "{name}: {word}");
    }
}

#[test]
fn a_cancel_says_that_another_phone_was_quicker() {
    let mut wire = Wire::new();
    let caller = wire.call();
    // It waits for the first 1xx, and keeps its reason meanwhile.
    wire.caller
        .cancel_answered_elsewhere(caller, at(0))
        .unwrap();
    wire.run_until(1100);
    let cancel = wire.last(Side::Caller, "CANCEL");
    let reason = cancel.value("Reason").unwrap();
    assert!(is_answered_elsewhere(reason), "{reason}");
}

#[test]
fn a_cancel_repeats_what_names_its_invite() {
    let mut wire = Wire::new();
    let caller = wire.call();
    wire.run_until(1000);
    wire.caller.cancel(caller, at(1000)).unwrap();
    wire.run_until(1100);
    let (invite, cancel) = (
        wire.last(Side::Caller, "INVITE"),
        wire.last(Side::Caller, "CANCEL"),
    );
    for name in ["Via", "From", "To", "Call-ID"] {
        assert_eq!(cancel.value(name), invite.value(name), "{name}");
    }
    assert_eq!(cancel.value("CSeq"), Some("1 CANCEL"));
    let answers: Vec<Option<String>> = ["200", "487"]
        .map(|code| wire.last(Side::Callee, code).value("To").map(str::to_owned))
        .to_vec();
    assert_eq!(answers[0], answers[1], "one tag for both answers");
}

#[test]
fn the_ack_of_an_answer_is_a_transaction_of_its_own_and_that_of_a_refusal_is_not() {
    let via = |wire: &Wire, word| {
        wire.last(Side::Caller, word)
            .value("Via")
            .unwrap()
            .to_owned()
    };
    let mut wire = Wire::new();
    wire.talk();
    assert_ne!(via(&wire, "ACK"), via(&wire, "INVITE"));
    let mut wire = Wire::new();
    wire.call();
    wire.run_until(100);
    let callee = wire.leg(Side::Callee);
    wire.callee
        .reject(callee, &Refusal::new(486), at(100))
        .unwrap();
    wire.run_until(200);
    assert_eq!(via(&wire, "ACK"), via(&wire, "INVITE"));
}

#[test]
fn each_request_of_a_dialog_counts_one_further() {
    let mut wire = Wire::new();
    let (caller, _) = wire.talk();
    wire.caller.update(caller, None, at(1500)).unwrap();
    wire.run_until(1600);
    wire.caller.bye(caller, None, at(1600)).unwrap();
    wire.run_until(1700);
    let cseq = |word| {
        wire.last(Side::Caller, word)
            .value("CSeq")
            .unwrap()
            .to_owned()
    };
    assert_eq!(cseq("ACK"), "1 ACK");
    assert_eq!(cseq("UPDATE"), "2 UPDATE");
    assert_eq!(cseq("BYE"), "3 BYE");
    let bye = wire.last(Side::Caller, "BYE");
    assert_eq!(bye.value("Max-Forwards"), Some("70"));
}

#[test]
fn the_answer_to_a_re_invite_is_repeated_until_its_ack_too() {
    let mut wire = Wire::new();
    let (leg, answer) = answered(&mut wire, "");
    wire.tell(Side::Callee, &follow_up(&answer, "INVITE", 2, "hold"));
    wire.callee
        .accept_offer(leg, Bytes::from("held"), at(0))
        .unwrap();
    let mut repeated = Vec::new();
    for ms in [0, 500, 1500, 3500] {
        wire.callee.handle_timeout(at(ms));
        let sent = std::iter::from_fn(|| wire.callee.poll_transmit());
        repeated.push(sent.filter(|it| it.bytes.ends_with(b"held")).count());
    }
    assert_eq!(repeated, [1, 1, 1, 1]);
    wire.probe(&follow_up(&answer, "ACK", 2, ""));
    wire.callee.handle_timeout(at(7500));
    assert!(wire.callee.poll_transmit().is_none());
}
