//! Provisional responses, the reliable ones above all (RFC 3262).

use super::refusals::{follow_up, invite};
use super::*;

/// A caller who requires 100rel and hears 180 at 50 ms.
fn ringing(mut wire: Wire) -> (Wire, LegId) {
    wire.call_with("Require", "100rel");
    wire.run_until(50);
    let callee = wire.leg(Side::Callee);
    wire.callee.ring(callee, at(50)).unwrap();
    (wire, callee)
}

/// A stranger's INVITE that requires 100rel; the leg and the reliable response to `act`.
fn stranger(wire: &mut Wire, offer: &str, act: impl Fn(&mut Endpoint, LegId)) -> (LegId, Message) {
    let headers = "Require: 100rel\r\nContent-Type: application/sdp\r\n";
    wire.probe(&invite(headers, offer));
    let (leg, _) = wire.callee.poll_event().unwrap();
    act(&mut wire.callee, leg);
    let response = wire.callee.poll_transmit().unwrap();
    (leg, read_message(&response.bytes).unwrap())
}

fn prack(response: &Message, cseq: u32, rack: &str, sdp: &str) -> String {
    let text = follow_up(response, "PRACK", cseq, sdp);
    text.replacen("Contact:", &format!("RAck: {rack}\r\nContact:"), 1)
}

fn rack(response: &Message) -> String {
    format!("{} 1 INVITE", response.value("RSeq").unwrap())
}

#[test]
fn early_media_is_handed_up() {
    let mut wire = Wire::new();
    wire.call();
    wire.run_until(50);
    let callee = wire.leg(Side::Callee);
    let sdp = Bytes::from("music");
    wire.callee.progress(callee, sdp.clone(), at(50)).unwrap();
    wire.run_until(100);
    assert!(matches!(
        wire.last_event(Side::Caller),
        Event::Provisional { code: 183, sdp: Some(it) } if *it == sdp
    ));
    assert_eq!(wire.sent(Side::Caller), ["INVITE"]);
}

#[test]
fn a_required_provisional_response_gets_one_prack() {
    let (mut wire, callee) = ringing(Wire::new());
    wire.run_until(5000);
    let ringing = wire.last(Side::Callee, "180");
    assert_eq!(ringing.value("Require"), Some("100rel"));
    let prack = wire.last(Side::Caller, "PRACK");
    assert_eq!(prack.value("RAck"), Some(rack(&ringing).as_str()));
    assert_eq!(prack.value("CSeq"), Some("2 PRACK"));
    assert_eq!(wire.sent(Side::Caller), ["INVITE", "PRACK"]);
    assert_eq!(wire.sent(Side::Callee), ["180", "200"]);
    let sdp = Bytes::from("answer");
    wire.callee.answer(callee, sdp, at(5000)).unwrap();
    wire.run_until(6000);
    assert_eq!(wire.heard(Side::Caller), ["Provisional", "Answered"]);
    assert_eq!(wire.heard(Side::Callee), ["Invited", "Acked"]);
}

#[test]
fn without_prack_it_is_repeated_with_doubling_pauses_and_after_32_s_refused_with_504() {
    let (mut wire, _) = ringing(Wire::losing(|line| line == "Caller PRACK"));
    wire.run_until(90_000);
    let after: Vec<u64> = wire
        .times(Side::Callee, "180")
        .iter()
        .map(|ms| ms - 50)
        .collect();
    assert_eq!(after, [0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    assert_eq!(wire.times(Side::Callee, "504"), [32_050]);
    assert_eq!(wire.heard(Side::Callee), ["Invited", "PrackMissing"]);
    assert!(matches!(
        wire.last_event(Side::Caller),
        Event::Refused { code: 504, .. }
    ));
    assert_eq!(wire.heard(Side::Caller), ["Provisional", "Refused"]);
    assert!(wire.caller.is_idle() && wire.callee.is_idle());
}

#[test]
fn a_wrong_rack_is_481_and_a_missing_one_400() {
    let mut wire = Wire::new();
    let ring = |callee: &mut Endpoint, leg| callee.ring(leg, at(0)).unwrap();
    let (_, ringing) = stranger(&mut wire, "offer", ring);
    let rseq: u32 = ringing.value("RSeq").unwrap().parse().unwrap();
    for (cseq, wrong, expected) in [
        (2, format!("{} 1 INVITE", rseq + 1), 481),
        (3, format!("{rseq} 7 INVITE"), 481),
        (4, format!("{rseq} 1 UPDATE"), 481),
        (5, "nonsense".to_owned(), 400),
        (6, rack(&ringing), 200),
        (7, rack(&ringing), 481),
    ] {
        let answers = wire.tell(Side::Callee, &prack(&ringing, cseq, &wrong, ""));
        assert_eq!(code_of(&answers[0]), expected, "{wrong}");
    }
}

#[test]
fn the_second_reliable_response_waits_for_the_prack_of_the_first() {
    let mut wire = Wire::new();
    let (leg, first) = stranger(&mut wire, "offer", |callee, leg| {
        callee.ring(leg, at(0)).unwrap();
    });
    wire.callee
        .progress(leg, Bytes::from("early"), at(0))
        .unwrap();
    assert!(wire.callee.poll_transmit().is_none());
    let sent = wire.tell(Side::Callee, &prack(&first, 2, &rack(&first), ""));
    let codes: Vec<u16> = sent.iter().map(code_of).collect();
    assert_eq!(codes, [200, 183]);
    let rseq = |it: &Message| it.value("RSeq").unwrap().parse::<u32>().unwrap();
    assert_eq!(rseq(&sent[1]), rseq(&first) + 1);
}

#[test]
fn an_answer_behind_an_unacknowledged_description_waits_for_its_prack() {
    let mut wire = Wire::new();
    let (leg, early) = stranger(&mut wire, "offer", |callee, leg| {
        callee.progress(leg, Bytes::from("early"), at(0)).unwrap();
    });
    assert_eq!(early.sdp().as_deref(), Some(&b"early"[..]));
    wire.callee
        .answer(leg, Bytes::from("answer"), at(0))
        .unwrap();
    assert!(wire.callee.poll_transmit().is_none());
    let sent = wire.tell(Side::Callee, &prack(&early, 2, &rack(&early), ""));
    assert_eq!((code_of(&sent[0]), code_of(&sent[1])), (200, 200));
    assert_eq!(sent[1].value("CSeq"), Some("1 INVITE"));
    assert_eq!(sent[1].sdp(), None, "the 183 was the answer");
}

#[test]
fn an_answer_does_not_wait_for_the_prack_of_a_bare_180() {
    let (mut wire, callee) = ringing(Wire::losing(|line| line == "Caller PRACK"));
    wire.run_until(1000);
    wire.callee
        .answer(callee, Bytes::from("answer"), at(1000))
        .unwrap();
    wire.run_until(2000);
    assert_eq!(wire.heard(Side::Caller), ["Provisional", "Answered"]);
    assert_eq!(wire.times(Side::Callee, "180"), [50, 550]);
}

#[test]
fn an_invite_without_an_offer_gets_ours_in_the_183_and_their_answer_comes_with_the_prack() {
    let mut wire = Wire::new();
    let (leg, early) = stranger(&mut wire, "", |callee, leg| {
        callee.ring(leg, at(0)).unwrap();
        assert!(callee.poll_transmit().is_none(), "a 180 has no offer");
        callee.progress(leg, Bytes::from("ours"), at(0)).unwrap();
    });
    let update = follow_up(&early, "UPDATE", 2, "crossing");
    assert_eq!(code_of(&wire.tell(Side::Callee, &update)[0]), 491);
    wire.tell(Side::Callee, &prack(&early, 3, &rack(&early), "theirs"));
    assert!(matches!(
        wire.callee.poll_event(),
        Some((_, Event::Pracked { answer })) if answer == "theirs"
    ));
    wire.callee
        .answer(leg, Bytes::from("again"), at(0))
        .unwrap();
    let answer = read_message(&wire.callee.poll_transmit().unwrap().bytes).unwrap();
    assert_eq!(answer.sdp(), None);
}

#[test]
fn an_offer_in_a_prack_is_answered_in_its_200() {
    let mut wire = Wire::new();
    let (leg, early) = stranger(&mut wire, "offer", |callee, leg| {
        callee.progress(leg, Bytes::from("early"), at(0)).unwrap();
    });
    let sent = wire.tell(Side::Callee, &prack(&early, 2, &rack(&early), "anew"));
    assert!(sent.is_empty());
    assert!(matches!(
        wire.callee.poll_event(),
        Some((_, Event::Offered { sdp: Some(sdp) })) if sdp == "anew"
    ));
    wire.callee
        .accept_offer(leg, Bytes::from("agreed"), at(0))
        .unwrap();
    let answer = read_message(&wire.callee.poll_transmit().unwrap().bytes).unwrap();
    assert_eq!(answer.value("CSeq"), Some("2 PRACK"));
    assert_eq!(answer.sdp().as_deref(), Some(&b"agreed"[..]));
}

#[test]
fn a_provisional_response_is_reliable_where_it_is_only_supported_when_so_set() {
    for (setting, expected) in [
        (ReliableProgress::WhereRequired, None),
        (ReliableProgress::WhereSupported, Some("100rel")),
    ] {
        let mut wire = Wire::new();
        wire.callee.settings.dialogs.reliable = setting;
        wire.call();
        wire.run_until(50);
        let callee = wire.leg(Side::Callee);
        wire.callee.ring(callee, at(50)).unwrap();
        wire.run_until(100);
        let ringing = wire.last(Side::Callee, "180");
        assert_eq!(ringing.value("Require"), expected);
    }
}

/// What the caller sends for each of these RSeq numbers, relative to the first.
fn pracked(rseqs: &[u32]) -> Vec<usize> {
    let (mut wire, _) = ringing(Wire::losing(|line| line == "Callee 180"));
    wire.run_until(60);
    let first = wire.last(Side::Callee, "180");
    let number: u32 = first.value("RSeq").unwrap().parse().unwrap();
    let text = String::from_utf8(write(&first).to_vec()).unwrap();
    let mut sent = |more: &u32| {
        let now = format!("RSeq: {}", number + more);
        let text = text.replace(&format!("RSeq: {number}"), &now);
        wire.tell(Side::Caller, &text).len()
    };
    rseqs.iter().map(&mut sent).collect()
}

#[test]
fn each_reliable_response_is_acknowledged_once_and_in_order() {
    assert_eq!(pracked(&[0, 0, 1, 1, 0]), [1, 0, 1, 0, 0]);
    assert_eq!(pracked(&[0, 2, 1, 2]), [1, 0, 1, 1]);
}
