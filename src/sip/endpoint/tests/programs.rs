//! Random orders from both desks on a wire that loses a tenth: whatever happens, nothing stays.

use super::*;

const LEGS: usize = 3;

fn sdp(word: &'static str) -> Bytes {
    Bytes::from(word)
}

/// Gives a random order to a random leg; what is not possible is refused, and that is all.
fn order(wire: &mut Wire, legs: &[(Side, LegId)], entropy: &mut Entropy) {
    let now = wire.now;
    let among = u32::try_from(legs.len()).unwrap();
    let (side, leg) = legs[entropy.below(among) as usize];
    let other = legs[entropy.below(among) as usize].1;
    let end = wire.end(side);
    let _ = match entropy.below(16) {
        0 => end.ring(leg, now),
        1 => end.progress(leg, sdp("early"), now),
        2 | 3 => end.answer(leg, sdp("answer"), now),
        4 => end.reoffer(leg, sdp("hold"), now),
        5 => end.update(leg, Some(sdp("move")), now),
        6 => end.update(leg, None, now),
        7 | 8 => end.accept_offer(leg, sdp("fine"), now),
        9 => end.refuse_offer(leg, now),
        10 => end.refer(
            leg,
            Refer {
                to: "sip:x@192.0.2.3".parse().unwrap(),
                replaces: Some(other),
                referred_by: None,
            },
            now,
        ),
        11 => end.accept_refer(leg, now),
        12 => end.refer_progress(leg, 180, now),
        13 => end.refer_progress(leg, 200, now),
        14 => end.cancel(leg, now),
        _ => end.bye(leg, None, now),
    };
}

/// Every leg that was ever told of.
fn known(wire: &Wire, callers: &[LegId]) -> Vec<(Side, LegId)> {
    let told = wire.events.iter().map(|(side, leg, _)| (*side, *leg));
    let mut legs: Vec<(Side, LegId)> = callers.iter().map(|leg| (Side::Caller, *leg)).collect();
    legs.extend(told.filter(|(side, _)| *side == Side::Callee));
    legs.dedup();
    legs
}

fn end_all(wire: &mut Wire, legs: &[(Side, LegId)]) {
    let now = wire.now;
    for (side, leg) in legs.iter().copied() {
        let end = wire.end(side);
        let _ = end
            .bye(leg, None, now)
            .or_else(|_| end.cancel(leg, now))
            .or_else(|_| end.reject(leg, &Refusal::new(480), now));
    }
}

fn program(seed: u64) {
    let mut entropy = Entropy::from_number(seed);
    let mut luck = Entropy::from_number(seed + 1_000_000);
    let mut wire = Wire::losing(move |_| luck.below(10) == 0);
    if seed.is_multiple_of(2) {
        wire.callee.settings.dialogs.reliable = ReliableProgress::WhereSupported;
    }
    let headers = [("Require", "100rel"), ("Subject", "x")];
    let callers: Vec<LegId> = (0..LEGS)
        .map(|n| {
            let (name, value) = headers[n % 2];
            wire.call_with(name, value)
        })
        .collect();
    let mut now = 0;
    for _ in 0..60 {
        now += u64::from(entropy.below(1500));
        wire.run_until(now);
        let legs = known(&wire, &callers);
        order(&mut wire, &legs, &mut entropy);
    }
    // A BYE may have to wait for an ACK, an offer for its answer: the desk insists.
    for _ in 0..4 {
        let legs = known(&wire, &callers);
        end_all(&mut wire, &legs);
        now += 200_000;
        wire.run_until(now);
    }
    assert!(wire.caller.is_idle(), "caller, seed {seed}");
    assert!(wire.callee.is_idle(), "callee, seed {seed}");
    assert_eq!(wire.caller.timeout().or(wire.callee.timeout()), None);
}

#[test]
fn any_orders_on_a_lossy_wire_leave_nothing_behind() {
    (0..200).for_each(program);
}
