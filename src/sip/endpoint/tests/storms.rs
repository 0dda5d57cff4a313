use super::*;

/// Bytes that break grammars.
const NASTY: &[u8] = b"\r\n\0\"\\<>;,:=@%[]? \t9\xff\xc3";

/// The messages of a whole call, as bytes.
fn valid_messages() -> Vec<Bytes> {
    let mut wire = Wire::new();
    let invite = refusals::invite(
        "Content-Type: application/sdp\r\nk: a,b\r\n x\r\n",
        "v=0\r\n",
    );
    let mut messages = vec![Bytes::from(invite.clone())];
    wire.probe(&invite);
    let (leg, _) = wire.callee.poll_event().unwrap();
    wire.callee
        .answer(leg, Bytes::from("answer"), at(0))
        .unwrap();
    let answer = wire.callee.poll_transmit().unwrap().bytes;
    let read = read_message(&answer).unwrap();
    messages.push(answer);
    for (method, cseq) in [
        ("ACK", 1),
        ("INVITE", 2),
        ("UPDATE", 3),
        ("INFO", 4),
        ("BYE", 5),
    ] {
        messages.push(refusals::follow_up(&read, method, cseq, "v=0\r\n").into());
    }
    messages
}

fn mutated(bytes: &[u8], entropy: &mut Entropy) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=entropy.below(4) {
        let length = u32::try_from(bytes.len()).unwrap();
        let at = entropy.below(length) as usize;
        match entropy.below(4) {
            0 => bytes[at] = NASTY[entropy.below(20) as usize % NASTY.len()],
            1 => bytes.insert(at, NASTY[entropy.below(20) as usize % NASTY.len()]),
            2 => bytes.truncate(at.max(1)),
            _ => {
                let piece = bytes[at..].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

#[test]
fn mutated_messages_never_panic_and_are_answered_at_most_once() {
    let messages = valid_messages();
    let mut entropy = Entropy::from_number(20_260);
    let mut wire = Wire::new();
    for round in 0..20_000_u64 {
        let message = &messages[entropy.below(7) as usize % messages.len()];
        let bytes = mutated(message, &mut entropy);
        let now = at(round * 10);
        wire.callee
            .receive(&bytes, wire::address(Side::Caller), now);
        let answers = std::iter::from_fn(|| wire.callee.poll_transmit()).count();
        assert!(answers <= 2, "{}", String::from_utf8_lossy(&bytes));
        while let Some((leg, event)) = wire.callee.poll_event() {
            if matches!(event, Event::Invited(_)) {
                wire.callee.answer(leg, Bytes::from("answer"), now).unwrap();
            }
        }
        wire.callee.handle_timeout(now);
        while wire.callee.poll_transmit().is_some() {}
    }
}

#[test]
fn messages_of_64_kib_in_every_shape_are_answered_once() {
    let long = |piece: &str| piece.repeat(60_000 / piece.len());
    let shapes = [
        refusals::invite("", "")
            .replace("192.0.2.2 SIP", &format!("192.0.2.2{} SIP", long(";a=b"))),
        refusals::invite(&long("X: 1\r\n"), ""),
        refusals::invite(&format!("Contact: {}\r\n", long(",")), ""),
        refusals::invite(&format!("X: 1{}\r\n", long("\r\n 1")), ""),
        refusals::invite(&format!("X: {}\r\n", long("\"")), ""),
        refusals::invite("Content-Type: application/sdp\r\n", &long("a=x\r\n")),
    ];
    for shape in shapes {
        let mut wire = Wire::new();
        let answers = wire.probe(&shape).len();
        let calls = usize::from(wire.callee.poll_event().is_some());
        assert_eq!(answers + calls, 1);
    }
}

#[test]
fn a_flood_of_options_leaves_nothing_behind() {
    let mut wire = Wire::new();
    for n in 0..10_000 {
        let text = refusals::invite("", "").replace("INVITE", "OPTIONS");
        let answers = wire.probe(&text.replace("Call-ID: one", &format!("Call-ID: {n}")));
        assert_eq!(answers.len(), 1);
    }
    assert!(wire.callee.is_idle());
}

#[test]
fn a_desk_that_does_not_poll_is_not_buried() {
    let mut endpoint = wire::endpoint(Side::Callee, 10);
    let text = refusals::invite("", "").replace("INVITE", "OPTIONS");
    for _ in 0..10_000 {
        endpoint.receive(text.as_bytes(), wire::address(Side::Caller), at(0));
    }
    assert_eq!(
        std::iter::from_fn(|| endpoint.poll_transmit()).count(),
        4096
    );
    assert_eq!(
        endpoint.counters().discarded().get(&Discard::Overloaded),
        Some(&5904)
    );
}
