//! One INVITE, several phones (RFC 3261 12.1, 13.2.2.4).

use super::wire::{address, endpoint};
use super::*;

/// The caller's INVITE rings reliably, with a description, at two phones.
fn two_phones() -> (Wire, LegId, [(Endpoint, LegId); 2]) {
    let mut wire = Wire::new();
    let caller = wire.call_with("Require", "100rel");
    let invite = wire.caller.poll_transmit().unwrap();
    let phones = [1, 2].map(|n| {
        let mut phone = endpoint(Side::Callee, 1);
        phone.entropy = Entropy::from_number(n + 100);
        phone.receive(&invite.bytes, address(Side::Caller), at(10));
        let (leg, _) = phone.poll_event().unwrap();
        let sdp = Bytes::from(format!("early {n}"));
        phone.progress(leg, sdp, at(20)).unwrap();
        exchange(&mut wire.caller, &mut phone, at(30));
        (phone, leg)
    });
    (wire, caller, phones)
}

/// Carries what either has to send, until neither has; the CSeq values of the caller.
fn exchange(caller: &mut Endpoint, phone: &mut Endpoint, now: Moment) -> Vec<String> {
    let mut cseqs = Vec::new();
    loop {
        let (to_phone, to_caller) = (caller.poll_transmit(), phone.poll_transmit());
        if let Some(it) = &to_phone {
            let message = read_message(&it.bytes).unwrap();
            cseqs.push(message.value("CSeq").unwrap().to_owned());
            phone.receive(&it.bytes, address(Side::Caller), now);
        }
        if let Some(it) = &to_caller {
            caller.receive(&it.bytes, address(Side::Callee), now);
        }
        if to_phone.is_none() && to_caller.is_none() {
            return cseqs;
        }
    }
}

#[test]
fn each_fork_has_a_dialog_of_its_own_and_the_2xx_chooses() {
    let (mut wire, caller, [(mut first, leg), _]) = two_phones();
    let events = std::iter::from_fn(|| wire.caller.poll_event());
    let mut sdps = Vec::new();
    for (_, event) in events {
        if let Event::Provisional { sdp, .. } = event {
            sdps.push(sdp);
        }
    }
    assert_eq!(sdps, [Some("early 1".into()), Some("early 2".into())]);
    first.answer(leg, Bytes::from("ignored"), at(40)).unwrap();
    exchange(&mut wire.caller, &mut first, at(40));
    assert!(matches!(
        wire.caller.poll_event(),
        Some((_, Event::Answered { sdp: Some(sdp) })) if sdp == "early 1"
    ));
    // The PRACK was 2: the BYE of the chosen dialog counts on.
    wire.caller.bye(caller, None, at(50)).unwrap();
    let cseqs = exchange(&mut wire.caller, &mut first, at(50));
    assert_eq!(cseqs, ["3 BYE"]);
}

#[test]
fn the_forks_past_the_limit_are_heard_and_not_kept() {
    let mut wire = Wire::new();
    let caller = wire.call();
    let invite = wire.caller.poll_transmit().unwrap();
    for n in 0..20 {
        let mut phone = endpoint(Side::Callee, 1);
        phone.entropy = Entropy::from_number(n + 100);
        phone.receive(&invite.bytes, address(Side::Caller), at(10));
        let (leg, _) = phone.poll_event().unwrap();
        phone.ring(leg, at(20)).unwrap();
        exchange(&mut wire.caller, &mut phone, at(30));
    }
    let events = std::iter::from_fn(|| wire.caller.poll_event());
    assert_eq!(events.count(), 20);
    wire.caller.cancel(caller, at(40)).unwrap();
    assert!(wire.caller.poll_transmit().is_some());
}
