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
        ("PRACK", 5),
        ("REFER", 6),
        ("NOTIFY", 7),
        ("BYE", 8),
    ] {
        let text = refusals::follow_up(&read, method, cseq, "v=0\r\n");
        let more = "Refer-To: <sip:a@b?Replaces=c%3Bto-tag%3Dd%3Bfrom-tag%3De>\r\nRAck: 1 1 INVITE\r\n\
                    Event: refer\r\nSession-Expires: 90\r\nContact:";
        messages.push(text.replacen("Contact:", more, 1).into());
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

/// Does what a desk would with each event; how many datagrams went out.
fn attend(endpoint: &mut Endpoint, legs: &mut Vec<LegId>, now: Moment) -> usize {
    let sdp = || Bytes::from("v=0\r\n");
    while let Some((leg, event)) = endpoint.poll_event() {
        let done = if let Event::Invited(_) = event {
            legs.push(leg);
            endpoint.answer(leg, sdp(), now)
        } else if let Event::Offered { .. } = event {
            endpoint.accept_offer(leg, sdp(), now)
        } else if let Event::ReferAsked(_) = event {
            endpoint.accept_refer(leg, now)
        } else if let Event::AckMissing = event {
            endpoint.bye(leg, None, now)
        } else {
            Ok(())
        };
        assert_eq!(done, Ok(()), "{leg:?}");
    }
    std::iter::from_fn(|| endpoint.poll_transmit()).count()
}

/// One endpoint, 500 datagrams, each with up to four mutations, then an orderly end.
fn storm(seed: u64, messages: &[Bytes]) {
    let mut entropy = Entropy::from_number(seed);
    let mut endpoint = wire::endpoint(Side::Callee, 10);
    let mut legs = Vec::new();
    // The endpoint draws the same tag each time: what is left whole of the dialog fits it.
    endpoint.receive(&messages[0], wire::address(Side::Caller), at(0));
    for round in 0..500_u64 {
        let now = at(round * 20);
        let message = &messages[entropy.below(10) as usize % messages.len()];
        let bytes = mutated(message, &mut entropy);
        endpoint.handle_timeout(now);
        attend(&mut endpoint, &mut legs, now);
        endpoint.receive(&bytes, wire::address(Side::Caller), now);
        let sent = attend(&mut endpoint, &mut legs, now);
        assert!(sent <= 2, "{}", String::from_utf8_lossy(&bytes));
    }
    let end = at(500 * 20);
    for leg in std::mem::take(&mut legs) {
        let ended = endpoint.bye(leg, None, end);
        assert_ne!(ended, Err(NotPossible::TooMany));
    }
    while let Some(next) = endpoint.timeout() {
        endpoint.handle_timeout(next);
        attend(&mut endpoint, &mut legs, next);
    }
    assert!(endpoint.is_idle(), "seed {seed}");
}

#[test]
fn mutated_messages_never_panic_and_leave_nothing_behind() {
    let messages = valid_messages();
    (0..40).for_each(|seed| storm(seed, &messages));
}

/// What a callee sends to the first INVITE of `wire::endpoint(Side::Caller, _)`.
fn valid_responses() -> Vec<Bytes> {
    let mut wire = Wire::new();
    wire.call();
    let invite = wire.caller.poll_transmit().unwrap();
    wire.callee
        .receive(&invite.bytes, wire::address(Side::Caller), at(0));
    let (leg, _) = wire.callee.poll_event().unwrap();
    wire.callee.ring(leg, at(0)).unwrap();
    wire.callee
        .answer(leg, Bytes::from("v=0\r\n"), at(0))
        .unwrap();
    let mut responses: Vec<Bytes> = std::iter::from_fn(|| wire.callee.poll_transmit())
        .map(|transmit| transmit.bytes)
        .collect();
    let ringing = String::from_utf8(responses[0].to_vec()).unwrap();
    for line in ["183 Progress", "302 Moved", "486 Busy Here", "503 No"] {
        responses.push(ringing.replace("180 Ringing", line).into());
    }
    responses
}

/// One call of ours, 200 mutated responses, then an orderly end.
fn response_storm(seed: u64, responses: &[Bytes]) {
    let mut entropy = Entropy::from_number(seed);
    let mut wire = Wire::new();
    let leg = wire.call();
    let mut endpoint = wire.caller;
    let mut legs = Vec::new();
    for round in 0..200_u64 {
        let now = at(round * 20);
        let response = &responses[entropy.below(6) as usize % responses.len()];
        let bytes = mutated(response, &mut entropy);
        endpoint.receive(&bytes, wire::address(Side::Callee), now);
        endpoint.handle_timeout(now);
        attend(&mut endpoint, &mut legs, now);
    }
    let end = at(200 * 20);
    let over = endpoint
        .cancel(leg, end)
        .or_else(|_| endpoint.bye(leg, None, end));
    assert_ne!(over, Err(NotPossible::WrongState), "seed {seed}");
    while let Some(next) = endpoint.timeout() {
        endpoint.handle_timeout(next);
        attend(&mut endpoint, &mut legs, next);
    }
    assert!(endpoint.is_idle(), "seed {seed}");
}

#[test]
fn mutated_responses_never_panic_and_leave_nothing_behind() {
    let responses = valid_responses();
    (0..60).for_each(|seed| response_storm(seed, &responses));
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
fn a_flood_of_calls_that_are_refused_leaves_room_for_one_that_is_not() {
    let mut wire = Wire::new();
    let invite = |n: u32| {
        let text = refusals::invite("", "").replace("Call-ID: one", &format!("Call-ID: {n}"));
        text.replace("branch=z9hG4bK", &format!("branch=z9hG4bK{n}"))
    };
    for n in 0..20_000 {
        wire.probe(&invite(n));
        let (leg, _) = wire.callee.poll_event().unwrap();
        wire.callee.reject(leg, &Refusal::new(486), at(0)).unwrap();
        assert!(wire.callee.poll_transmit().is_some());
    }
    assert!(wire.callee.servers.len() < 5_000);
    wire.probe(&invite(20_000));
    let (leg, _) = wire.callee.poll_event().unwrap();
    wire.callee.ring(leg, at(0)).unwrap();
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

#[test]
fn a_flood_of_strangers_takes_no_room_from_those_we_know() {
    let mut wire = Wire::new();
    let call = |n: u32| {
        let invite = refusals::invite("", "");
        let invite = invite.replace("Call-ID: one", &format!("Call-ID: {n}"));
        invite.replace("branch=z9hG4bK", &format!("branch=z9hG4bK{n}"))
    };
    for n in 0..10_000 {
        let answers = wire.probe_as(Standing::Stranger, &call(n));
        assert!(answers[0].starts_with("SIP/2.0 403"), "{}", answers[0]);
    }
    assert!(wire.callee.is_idle());
    assert_eq!(wire.callee.counters().strangers(), 10_000);
    wire.probe(&call(10_000));
    assert!(matches!(
        wire.callee.poll_event(),
        Some((_, Event::Invited(_)))
    ));
}
