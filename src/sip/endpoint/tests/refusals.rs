use super::*;

/// A stranger's request outside a dialog.
fn request(method: &str, headers: &str, body: &str) -> String {
    format!(
        "{method} sip:hotline@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{method}\r\n\
         From: <sip:anna@192.0.2.1>;tag=f\r\nTo: <sip:hotline@192.0.2.2>\r\nCall-ID: one\r\n\
         CSeq: 1 {method}\r\nContact: <sip:anna@192.0.2.1>\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(super) fn invite(headers: &str, body: &str) -> String {
    request("INVITE", headers, body)
}

/// A request in the dialog that `answer` confirmed.
pub(super) fn follow_up(answer: &Message, method: &str, cseq: u32, sdp: &str) -> String {
    let to = answer.value("To").unwrap();
    request(method, "Content-Type: application/sdp\r\n", sdp)
        .replace("To: <sip:hotline@192.0.2.2>", &format!("To: {to}"))
        .replace(
            &format!("CSeq: 1 {method}"),
            &format!("CSeq: {cseq} {method}"),
        )
        .replace("branch=z9hG4bK", &format!("branch=z9hG4bK{cseq}"))
}

fn code(answers: &[String]) -> &str {
    let line = answers
        .first()
        .map_or("nothing", |it| it.lines().next().unwrap());
    line.split(' ').nth(1).unwrap_or("nothing")
}

#[test]
fn each_misfit_gets_its_code() {
    for (text, expected) in [
        (request("OPTIONS", "", ""), "200"),
        (request("REGISTER", "", ""), "405"),
        (request("REFER", "", ""), "603"),
        (request("DANCE", "", ""), "501"),
        (request("BYE", "", ""), "481"),
        (request("CANCEL", "", ""), "481"),
        (invite("Require: 100rel, nothing\r\n", ""), "420"),
        (invite("Content-Type: text/plain\r\n", "hello"), "415"),
        (
            invite(
                "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n",
                "x",
            ),
            "415",
        ),
        (invite("Accept: text/plain\r\n", ""), "406"),
        (invite("", "").replace("Call-ID: one\r\n", ""), "400"),
        (request("OPTIONS", "Max-Forwards: 0\r\n", ""), "483"),
        (invite("Max-Forwards: 300\r\n", ""), "400"),
        (invite("From: <sip:twice@x>;tag=2\r\n", ""), "400"),
        (
            invite("", "").replace("CSeq: 1 INVITE", "CSeq: 1 ACK"),
            "400",
        ),
        (invite("", "").replace("Contact: ", "X: "), "400"),
        (
            invite("", "").replace("SIP/2.0\r\nVia", "SIP/3.0\r\nVia"),
            "505",
        ),
        (
            invite("", "").replace("INVITE sip:", "INVITE dance:"),
            "416",
        ),
        (
            invite("", "").replace("INVITE sip:hotline", "INVITE sip:%x"),
            "400",
        ),
        (invite("", "").replace("Length: 0", "Length: 10"), "400"),
        (
            invite("", "").replace(
                "192.0.2.2 SIP",
                &format!("192.0.2.2;{} SIP", "a".repeat(9000)),
            ),
            "414",
        ),
        (invite(&"X: 1\r\n".repeat(300), ""), "513"),
        (request("ACK", "", ""), "nothing"),
        (request("ACK", "no colon\r\n", ""), "nothing"),
        ("SIP/2.0 200 OK\r\n\r\n".to_owned(), "nothing"),
        ("garbage".to_owned(), "nothing"),
    ] {
        let mut wire = Wire::new();
        assert_eq!(code(&wire.probe(&text)), expected, "{text}");
        assert!(wire.callee.is_idle(), "remembered: {text}");
    }
}

#[test]
fn an_offer_is_found_in_a_multipart_body() {
    let multipart = |boundary: &str| {
        let body = "--x\r\nContent-Type: application/sdp\r\n\r\noffer\r\n--x--\r\n";
        let headers = format!("Content-Type: multipart/mixed;boundary={boundary}\r\n");
        invite(&headers, body)
    };
    let mut wire = Wire::new();
    assert_eq!(code(&wire.probe(&multipart("other"))), "415");
    assert_eq!(code(&wire.probe(&multipart("x"))), "nothing");
    let (_, event) = wire.callee.poll_event().unwrap();
    let Event::Invited(invited) = event else {
        panic!("{event:?}");
    };
    assert_eq!(invited.offer, Some(Bytes::from("offer")));
}

#[test]
fn a_refusal_says_what_would_do() {
    let mut wire = Wire::new();
    let answers = wire.probe(&invite("Require: x1\r\nRequire: x2\r\n", ""));
    assert!(answers[0].contains("Unsupported: x1, x2\r\n"));
    let answers = wire.probe(&request("PUBLISH", "", ""));
    assert!(answers[0].contains("Allow: INVITE, ACK, BYE"));
    assert_eq!(wire.callee.counters().refused().get(&420), Some(&1));
}

#[test]
fn the_same_request_is_refused_in_the_same_words() {
    let mut wire = Wire::new();
    let text = invite("Require: x\r\n", "");
    assert_eq!(wire.probe(&text), wire.probe(&text));
}

#[test]
fn discarded_datagrams_are_counted_by_cause() {
    let mut wire = Wire::new();
    for text in ["\r\n\r\n", "garbage", &request("ACK", "", "")] {
        wire.probe(text);
    }
    let causes: Vec<&str> = wire
        .callee
        .counters()
        .discarded()
        .keys()
        .map(|it| it.as_str())
        .collect();
    assert_eq!(causes, ["keep-alive", "malformed", "unmatched-ack"]);
}

#[test]
fn a_request_that_came_two_ways_is_merged() {
    let mut wire = Wire::new();
    assert_eq!(code(&wire.probe(&invite("", ""))), "nothing");
    let other_way = invite("", "").replace("z9hG4bKINVITE", "z9hG4bKother");
    assert_eq!(code(&wire.probe(&other_way)), "482");
}

#[test]
fn past_the_limit_callers_are_told_when_to_try_again() {
    let mut wire = Wire::new();
    wire.callee = wire::endpoint(Side::Callee, 1);
    wire.probe(&invite("", ""));
    let second = invite("", "")
        .replace("Call-ID: one", "Call-ID: two")
        .replace("bKI", "bK2");
    let answers = wire.probe(&second);
    assert_eq!(code(&answers), "503");
    assert!(answers[0].contains("Retry-After: 5\r\n"));
}

#[test]
fn a_cseq_gap_is_legal_and_a_step_back_is_not() {
    let mut wire = Wire::new();
    let (_, answer) = wire.answer_probe(&invite("", ""));
    assert_eq!(
        code(&wire.probe(&follow_up(&answer, "OPTIONS", 50, ""))),
        "200"
    );
    assert_eq!(
        code(&wire.probe(&follow_up(&answer, "OPTIONS", 49, ""))),
        "500"
    );
    assert_eq!(
        code(&wire.probe(&follow_up(&answer, "UPDATE", 60, ""))),
        "200"
    );
    let info = follow_up(&answer, "INFO", 70, "Signal=5\r\n").replace("/sdp", "/dtmf-relay");
    assert_eq!(code(&wire.probe(&info)), "200");
    assert_eq!(code(&wire.probe(&follow_up(&answer, "BYE", 90, ""))), "200");
    assert_eq!(code(&wire.probe(&follow_up(&answer, "BYE", 90, ""))), "200");
    assert_eq!(code(&wire.probe(&follow_up(&answer, "BYE", 91, ""))), "481");
}

#[test]
fn a_late_invite_begins_no_ghost_call() {
    let mut wire = Wire::new();
    let (leg, _) = wire.answer_probe(&invite("", ""));
    wire.callee.handle_timeout(at(40_000));
    assert_eq!(wire.callee.poll_event().map(|it| it.0), Some(leg));
    assert_eq!(code(&wire.probe(&invite("", ""))), "482");
    assert!(wire.callee.poll_event().is_none());
}

#[test]
fn a_stranger_is_refused_the_same_way_whatever_he_wants_and_nothing_is_remembered() {
    let mut wire = Wire::new();
    for (text, expected) in [
        (invite("", ""), "403"),
        (request("OPTIONS", "", ""), "403"),
        (request("MESSAGE", "", ""), "403"),
        (request("REGISTER", "", ""), "403"),
        (request("NEWMETHOD", "", ""), "403"),
        (invite("Require: x\r\n", ""), "403"),
        // What is no SIP is told so, whoever sent it.
        (invite("Max-Forwards: many\r\n", ""), "400"),
        (
            invite("", "").replace("sip:hotline@192.0.2.2 SIP", "http://x SIP"),
            "416",
        ),
        // In a dialog the tags speak for him.
        (
            invite("", "").replace("\r\nCall-ID", ";tag=x\r\nCall-ID"),
            "481",
        ),
        (request("CANCEL", "", ""), "481"),
    ] {
        assert_eq!(
            code(&wire.probe_as(Standing::Stranger, &text)),
            expected,
            "{text}"
        );
    }
    let counters = wire.callee.counters();
    assert_eq!(counters.strangers(), 6);
    assert_eq!(counters.last_stranger(), Some(wire::address(Side::Caller)));
    assert!(wire.callee.is_idle());
}
