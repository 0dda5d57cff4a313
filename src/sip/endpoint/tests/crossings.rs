use super::*;

#[test]
fn a_cancel_while_it_rings_ends_in_487() {
    let mut wire = Wire::new();
    let caller = wire.call();
    wire.run_until(50);
    let callee = wire.leg(Side::Callee);
    wire.callee.ring(callee, at(50)).unwrap();
    wire.run_until(2000);
    wire.caller.cancel(caller, at(2000)).unwrap();
    wire.run_until(60_000);
    assert_eq!(wire.sent(Side::Caller), ["INVITE", "CANCEL", "ACK"]);
    assert_eq!(wire.sent(Side::Callee), ["180", "200", "487"]);
    assert_eq!(wire.heard(Side::Callee), ["Invited", "Cancelled"]);
    assert_eq!(wire.heard(Side::Caller), ["Provisional", "Refused"]);
    assert_eq!(
        wire.callee.answer(callee, Bytes::new(), at(60_000)),
        Err(NotPossible::NoSuchLeg)
    );
    assert!(wire.caller.is_idle() && wire.callee.is_idle());
}

#[test]
fn a_cancel_waits_for_the_first_provisional_response() {
    let mut wire = Wire::new();
    let caller = wire.call();
    wire.caller.cancel(caller, at(0)).unwrap();
    wire.run_until(60_000);
    assert_eq!(wire.times(Side::Callee, "100"), [210]);
    assert_eq!(wire.times(Side::Caller, "CANCEL"), [220]);
    assert_eq!(wire.heard(Side::Callee), ["Invited", "Cancelled"]);
}

#[test]
fn a_cancel_that_crosses_the_answer_ends_in_ack_and_bye() {
    let mut wire = Wire::new();
    let caller = wire.call();
    wire.run_until(1000);
    let callee = wire.leg(Side::Callee);
    wire.callee
        .answer(callee, Bytes::from("answer"), at(1000))
        .unwrap();
    wire.caller.cancel(caller, at(1000)).unwrap();
    wire.run_until(60_000);
    assert_eq!(wire.sent(Side::Caller), ["INVITE", "CANCEL", "ACK", "BYE"]);
    assert_eq!(wire.heard(Side::Caller), ["Refused"]);
    assert_eq!(wire.heard(Side::Callee), ["Invited", "Acked", "HungUp"]);
    assert!(wire.caller.is_idle() && wire.callee.is_idle());
}

#[test]
fn a_cancel_nobody_answers_is_given_up() {
    let mut wire = Wire::losing(|line| line == "Callee 487" || line == "Callee 200");
    let caller = wire.call();
    wire.run_until(1000);
    wire.caller.cancel(caller, at(1000)).unwrap();
    wire.run_until(90_000);
    assert_eq!(wire.heard(Side::Caller), ["NoResponse"]);
    assert!(wire.caller.is_idle() && wire.callee.is_idle());
}

#[test]
fn two_byes_that_cross_both_end_well() {
    let mut wire = Wire::new();
    let (caller, callee) = wire.talk();
    wire.caller.bye(caller, None, at(1500)).unwrap();
    wire.callee.bye(callee, None, at(1500)).unwrap();
    wire.run_until(60_000);
    assert_eq!(wire.times(Side::Caller, "200"), [1510]);
    assert_eq!(wire.times(Side::Callee, "200"), [1000, 1510]);
    assert!(wire.caller.is_idle() && wire.callee.is_idle());
    assert!(!wire.heard(Side::Caller).contains(&"HungUp".to_owned()));
}

#[test]
fn a_bye_nobody_answers_leaves_nothing() {
    let mut wire = Wire::losing(|line| line == "Caller BYE");
    let (caller, _) = wire.talk();
    wire.caller.bye(caller, None, at(1500)).unwrap();
    wire.run_until(60_000);
    assert!(wire.caller.is_idle());
    assert_eq!(wire.times(Side::Caller, "BYE").len(), 11);
}

#[test]
fn a_call_taken_back_unheard_is_owed_a_cancel_until_the_first_word() {
    let mut wire = Wire::new();
    let leg = wire.call();
    assert!(!wire.caller.owes_words());
    wire.caller.cancel(leg, at(0)).unwrap();
    assert!(wire.caller.owes_words(), "no 1xx is here");
    wire.run_until(300); // 100 comes after 200 ms
    assert!(!wire.caller.owes_words());
    assert!(wire.seen.iter().any(|it| it.contains("CANCEL")));
}
