use super::*;

#[test]
fn a_call_is_answered_and_hung_up_and_nothing_is_left() {
    let mut wire = Wire::new();
    let (caller, callee) = wire.ring();
    wire.callee
        .answer(callee, Bytes::from("answer"), at(100))
        .unwrap();
    wire.run_until(5000);
    wire.caller
        .bye(caller, Some("Q.850;cause=16"), at(5000))
        .unwrap();
    wire.run_until(60_000);
    assert_eq!(wire.sent(Side::Caller), ["INVITE", "ACK", "BYE"]);
    assert_eq!(wire.sent(Side::Callee), ["180", "200", "200"]);
    assert_eq!(wire.heard(Side::Caller), ["Provisional", "Answered"]);
    assert_eq!(wire.heard(Side::Callee), ["Invited", "Acked", "HungUp"]);
    assert!(wire.caller.is_idle() && wire.callee.is_idle());
    assert_eq!((wire.caller.timeout(), wire.callee.timeout()), (None, None));
}

#[test]
fn the_invitation_carries_what_the_desk_wants() {
    let mut wire = Wire::new();
    wire.call();
    wire.run_until(50);
    let (_, _, Event::Invited(invited)) = &wire.events[0] else {
        panic!("{:?}", wire.events);
    };
    assert_eq!(invited.from.display().as_deref(), Some("Anna"));
    assert_eq!(invited.called.user().as_deref(), Some("hotline"));
    assert_eq!(invited.offer.as_deref(), Some(&b"offer"[..]));
    assert_eq!(invited.header("call-info"), Some("<sip:x>;answer-after=0"));
    assert_eq!(invited.auto_answer, Some(Duration::ZERO));
    assert_eq!(invited.replaces, None);
}

#[test]
fn an_answer_without_ack_is_repeated_for_32_s_and_then_told() {
    let mut wire = Wire::losing(|line| line == "Caller ACK");
    wire.talk();
    wire.run_until(40_000);
    let times = wire.times(Side::Callee, "200");
    let after: Vec<u64> = times.iter().map(|ms| ms - 1000).collect();
    assert_eq!(
        after,
        [
            0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500
        ]
    );
    assert_eq!(wire.heard(Side::Callee), ["Invited", "AckMissing"]);
    assert_eq!(wire.times(Side::Caller, "ACK").len(), times.len());
}

#[test]
fn a_lost_ack_is_sent_again_for_the_repeated_answer() {
    let mut first = true;
    let mut wire = Wire::losing(move |line| line == "Caller ACK" && std::mem::take(&mut first));
    wire.talk();
    wire.run_until(10_000);
    assert_eq!(wire.sent(Side::Callee), ["100", "200", "200"]);
    assert_eq!(wire.heard(Side::Callee), ["Invited", "Acked"]);
    assert_eq!(wire.heard(Side::Caller), ["Answered"]);
}

#[test]
fn a_hang_up_before_the_ack_waits_for_it() {
    let mut wire = Wire::losing(|line| line == "Caller ACK");
    let (_, callee) = wire.talk();
    wire.callee.bye(callee, None, at(1500)).unwrap();
    wire.run_until(60_000);
    assert_eq!(wire.times(Side::Callee, "BYE"), [33_000]);
    assert_eq!(wire.heard(Side::Callee), ["Invited"]);
    assert_eq!(wire.heard(Side::Caller), ["Answered", "HungUp"]);
}

#[test]
fn a_call_survives_the_loss_of_a_fifth_of_all_datagrams() {
    for seed in 0..100 {
        let mut entropy = Entropy::from_number(seed);
        let mut wire = Wire::losing(move |_| entropy.below(5) == 0);
        let caller = wire.call();
        wire.run_until(30_000);
        let callee = wire.leg(Side::Callee);
        let now = at(30_000);
        wire.callee
            .answer(callee, Bytes::from("answer"), now)
            .unwrap();
        wire.run_until(60_000);
        wire.caller.bye(caller, None, at(60_000)).unwrap();
        wire.run_until(150_000);
        let heard = wire.heard(Side::Callee);
        assert_eq!(heard, ["Invited", "Acked", "HungUp"], "seed {seed}");
        assert!(
            wire.caller.is_idle() && wire.callee.is_idle(),
            "seed {seed}"
        );
    }
}

#[test]
fn a_refusal_tells_its_reason_and_when_to_try_again() {
    let mut wire = Wire::new();
    wire.call();
    wire.run_until(100);
    let callee = wire.leg(Side::Callee);
    let refusal = Refusal {
        retry_after: Some(Duration::from_secs(30)),
        ..Refusal::new(486)
    };
    wire.callee.reject(callee, &refusal, at(100)).unwrap();
    wire.run_until(60_000);
    assert_eq!(wire.sent(Side::Callee), ["486"]);
    let (_, _, event) = wire.events.last().unwrap();
    let text = format!("{event:?}");
    assert_eq!(
        text,
        "Refused { code: 486, reason: \"Busy Here\", cause: None, retry_after: Some(30s) }"
    );
    assert!(wire.caller.is_idle() && wire.callee.is_idle());
}

#[test]
fn an_invite_nobody_hears_ends_after_32_s() {
    let mut wire = Wire::losing(|_| true);
    wire.call();
    wire.run_until(60_000);
    assert_eq!(
        wire.times(Side::Caller, "INVITE"),
        [0, 500, 1500, 3500, 7500, 15500, 31500]
    );
    assert_eq!(wire.heard(Side::Caller), ["NoResponse"]);
    assert!(wire.caller.is_idle());
}

#[test]
fn a_repeated_invite_gets_the_last_response_again() {
    let mut wire = Wire::losing(|line| line.starts_with("Callee"));
    wire.call();
    wire.run_until(300);
    let callee = wire.leg(Side::Callee);
    wire.callee.ring(callee, at(300)).unwrap();
    wire.run_until(600);
    wire.callee
        .answer(callee, Bytes::from("answer"), at(600))
        .unwrap();
    wire.run_until(1600);
    // 100 by the clock; 180 by us and by the repetition at 500; 200 by us, by its own timer at
    // 1100 and by the repetition at 1500.
    assert_eq!(
        wire.sent(Side::Callee),
        ["100", "180", "180", "200", "200", "200"]
    );
    assert_eq!(wire.heard(Side::Callee), ["Invited"]);
}

#[test]
fn the_answer_of_a_second_fork_is_acknowledged_and_hung_up() {
    let mut wire = Wire::new();
    let caller = wire.call();
    let invite = wire.caller.poll_transmit().unwrap();
    let mut second = wire::endpoint(Side::Callee, 1);
    second.entropy = Entropy::from_number(99);
    for fork in [&mut wire.callee, &mut second] {
        fork.receive(&invite.bytes, wire::address(Side::Caller), at(10));
        let (leg, _) = fork.poll_event().unwrap();
        fork.answer(leg, Bytes::from("answer"), at(20)).unwrap();
        let answer = fork.poll_transmit().unwrap();
        wire.caller
            .receive(&answer.bytes, wire::address(Side::Callee), at(30));
    }
    wire.caller.bye(caller, None, at(40)).unwrap();
    let mut lines = Vec::new();
    while let Some(transmit) = wire.caller.poll_transmit() {
        let message = read_message(&transmit.bytes).unwrap();
        lines.push(message.value("CSeq").unwrap().to_owned());
    }
    assert_eq!(lines, ["1 ACK", "1 ACK", "2 BYE", "2 BYE"]);
}
