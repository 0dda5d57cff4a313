//! A rep's own phone registers at our registrar and is found there.

use std::collections::BTreeMap;

use super::wire::{address, endpoint};
use super::*;
use crate::sip::digest::{Credentials, Login, Md5};
use crate::sip::registrar::{ExpiryLimits, PhoneLogin, Registrar, RegistrarSettings};
use crate::words::{Pii, SeatId};

fn pii(text: &str) -> Pii<String> {
    Pii::new(text.to_owned())
}

fn seat() -> SeatId {
    "rep1".parse().unwrap()
}

fn desk() -> Endpoint {
    let phone = PhoneLogin {
        username: pii("rep1"),
        password: pii("s3cret"),
    };
    let settings = RegistrarSettings {
        domain: "thirdring".to_owned(),
        phones: BTreeMap::from([(seat(), phone)]),
        expires: ExpiryLimits::default(),
        md5: Md5::Never,
    };
    let mut desk = endpoint(Side::Callee, 10);
    desk.open_registrar(Registrar::new(settings, Entropy::from_number(5)));
    desk
}

/// REGISTER with this Via branch and CSeq, signed with what `login` holds.
fn register(login: &mut Login, branch: &str, cseq: u32) -> Bytes {
    let mut request = Message::request("REGISTER", "sip:thirdring");
    for (name, value) in [
        (
            "Via",
            format!("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{branch}"),
        ),
        ("From", "<sip:rep1@thirdring>;tag=f".to_owned()),
        ("To", "<sip:rep1@thirdring>".to_owned()),
        ("Call-ID", "1".to_owned()),
        ("CSeq", format!("{cseq} REGISTER")),
        ("Contact", "<sip:rep1@10.0.0.7:5060>;expires=600".to_owned()),
    ] {
        request.push(name, value);
    }
    login.sign(&mut request);
    write(&request)
}

fn answer(desk: &mut Endpoint, request: &[u8], now: Moment) -> (u16, Message) {
    desk.receive(request, address(Side::Caller), now);
    let answer = desk.poll_transmit().expect("it is answered");
    let answer = read_message(&answer.bytes).unwrap();
    let Start::Response { code, .. } = answer.start else {
        panic!("{:?}", answer.start);
    };
    (code, answer)
}

#[test]
fn a_phone_registers_with_its_password_and_is_found_until_it_expires() {
    let mut desk = desk();
    let mut login = Login::new(Credentials::new("rep1", pii("s3cret")));
    let (code, challenge) = answer(&mut desk, &register(&mut login, "a", 1), at(0));
    assert_eq!(code, 401);
    assert!(desk.phone_of(&seat(), at(0)).is_none() && desk.is_idle());

    login
        .challenged(&challenge, &mut Entropy::from_number(7))
        .unwrap();
    let request = register(&mut login, "b", 2);
    let (code, first) = answer(&mut desk, &request, at(100));
    assert_eq!(code, 200);
    assert_eq!(desk.poll_registered(), Some(seat()));
    let (_, again) = answer(&mut desk, &request, at(600));
    assert_eq!(
        again, first,
        "its repetition is absorbed, not taken for a replay"
    );
    assert_eq!(desk.poll_registered(), None);

    let phone = desk.phone_of(&seat(), at(700)).unwrap();
    assert_eq!(phone.contact.as_str(), "sip:rep1@10.0.0.7:5060");
    assert_eq!(
        phone.hop,
        address(Side::Caller).into(),
        "the way it came, not its Contact"
    );
    assert_eq!(desk.seat_behind(phone.hop, at(700)), Some(&seat()));

    let mut now = at(700);
    while let Some(next) = desk.timeout() {
        now = next;
        desk.handle_timeout(now);
    }
    assert_eq!(now, at(600_100));
    assert_eq!(desk.poll_registered(), Some(seat()));
    assert!(desk.phone_of(&seat(), now).is_none());
}

#[test]
fn without_a_registrar_register_is_not_allowed() {
    let mut desk = endpoint(Side::Callee, 10);
    let mut login = Login::new(Credentials::new("rep1", pii("s3cret")));
    let (code, _) = answer(&mut desk, &register(&mut login, "a", 1), at(0));
    assert_eq!(code, 405);
}

#[test]
fn a_register_within_a_call_binds_nothing() {
    let mut desk = desk();
    let invite = refusals::invite("", "");
    desk.receive(invite.as_bytes(), address(Side::Caller), at(0));
    let (leg, _) = desk.poll_event().unwrap();
    let sdp = Bytes::from("v=0\r\n");
    desk.answer(leg, sdp, at(0)).unwrap();
    let answer_to_us = read_message(&desk.poll_transmit().unwrap().bytes).unwrap();
    let within = refusals::follow_up(&answer_to_us, "REGISTER", 2, "");
    let (code, _) = answer(&mut desk, within.as_bytes(), at(0));
    assert_eq!(code, 405);
    assert!(desk.phone_of(&seat(), at(0)).is_none());
}
