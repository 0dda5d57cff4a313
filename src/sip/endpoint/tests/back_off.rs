//! 491 and what follows (RFC 3261 14.1).

use super::*;

/// Both sides offer at 1.5 s.
fn crossing() -> (Wire, LegId, LegId) {
    let mut wire = Wire::new();
    let (caller, callee) = wire.talk();
    let now = wire.now;
    wire.caller.reoffer(caller, Bytes::from("a"), now).unwrap();
    wire.callee.reoffer(callee, Bytes::from("b"), now).unwrap();
    (wire, caller, callee)
}

#[test]
fn after_a_491_both_repeat_their_offer_and_the_owner_of_the_call_id_comes_last() {
    let (mut wire, ..) = crossing();
    wire.run_accepting(10_000, "fine");
    let (caller, callee) = (
        wire.times(Side::Caller, "INVITE"),
        wire.times(Side::Callee, "INVITE"),
    );
    assert_eq!((caller.len(), callee.len()), (3, 2));
    let since_491 = |ms: u64| ms - 1520;
    assert!((2100..=4000).contains(&since_491(caller[2])), "{caller:?}");
    assert!(since_491(callee[1]) <= 2000, "{callee:?}");
    for side in [Side::Caller, Side::Callee] {
        let heard = wire.heard(side);
        assert_eq!(
            heard.last().map(String::as_str),
            match side {
                Side::Caller => Some("OfferTaken"),
                Side::Callee => Some("Offered"),
            }
        );
        assert_eq!(heard.iter().filter(|it| *it == "OfferTaken").count(), 1);
    }
}

#[test]
fn a_leg_that_ends_while_it_waits_repeats_nothing() {
    let (mut wire, caller, _) = crossing();
    wire.run_until(1525);
    wire.caller.bye(caller, None, at(1525)).unwrap();
    wire.run_until(60_000);
    assert_eq!(wire.times(Side::Caller, "INVITE").len(), 2);
    assert!(wire.caller.is_idle() && wire.callee.is_idle());
}

#[test]
fn while_it_waits_no_other_change_is_taken() {
    let (mut wire, caller, _) = crossing();
    wire.run_until(1525);
    let second = wire.caller.update(caller, None, at(1525));
    assert_eq!(second, Err(NotPossible::WrongState));
}

#[test]
fn an_update_that_meets_a_491_is_repeated_too() {
    let mut wire = Wire::new();
    let (caller, callee) = wire.talk();
    let sdp = || Some(Bytes::from("a"));
    wire.caller.update(caller, sdp(), at(1500)).unwrap();
    wire.callee.update(callee, sdp(), at(1500)).unwrap();
    wire.run_accepting(10_000, "fine");
    assert_eq!(wire.times(Side::Caller, "491"), [1510]);
    assert_eq!(wire.times(Side::Caller, "UPDATE").len(), 2);
    assert_eq!(wire.times(Side::Callee, "UPDATE").len(), 2);
}
