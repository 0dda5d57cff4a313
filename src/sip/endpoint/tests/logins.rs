//! A server that asks for a password, and what we answer.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::wire::{address, endpoint};
use super::*;
use crate::sip::digest::{Credentials, Md5, Verdict, Verifier};
use crate::words::Pii;

const PASSWORD: &str = "correct horse";

/// Asks for a password as a PBX does.
struct Server(Verifier);

impl Server {
    fn new() -> Self {
        let passwords = [("8001", PASSWORD)]
            .map(|(user, password)| (Pii::new(user.to_owned()), Pii::new(password.to_owned())));
        let entropy = &mut Entropy::from_number(9);
        Self(Verifier::new(
            "pbx.example",
            BTreeMap::from(passwords),
            Md5::Never,
            entropy,
        ))
    }

    fn source() -> IpAddr {
        address(Side::Caller).ip()
    }

    /// 401 with a new nonce.
    fn challenge(&mut self, request: &Message, now: Moment) -> Bytes {
        let mut response = messages::reply(
            request,
            request.value("Via").unwrap(),
            (401, "Unauthorized"),
            "theirs",
        );
        for value in self.0.challenges(&Verdict::Unproven, Self::source(), now) {
            response.push("WWW-Authenticate", value);
        }
        write(&response)
    }

    fn knows(&mut self, request: &Message, now: Moment) -> bool {
        let verdict = self.0.verify(request, Self::source(), now);
        matches!(verdict, Verdict::Genuine { username } if username.reveal() == "8001")
    }
}

fn caller(password: &str, realm: &str) -> (Endpoint, LoginId) {
    let mut caller = endpoint(Side::Caller, 10);
    let credentials = Credentials::new("8001", Pii::new(password.to_owned())).only_for(realm);
    let login = caller.add_login(credentials);
    (caller, login)
}

fn invite(login: Option<LoginId>) -> Invite {
    Invite {
        target: "sip:13800138000@pbx.example".parse().unwrap(),
        next_hop: address(Side::Callee).into(),
        from: NameAddr::new(None, "sip:8001@pbx.example".parse().unwrap()),
        symmetric: false,
        login,
        call_id: None,
        offer: Bytes::from("offer"),
        headers: Vec::new(),
    }
}

/// The last request of this method that went out.
fn sent(endpoint: &mut Endpoint, method: &str) -> Option<Message> {
    let sent = std::iter::from_fn(|| endpoint.poll_transmit());
    let mut messages = sent.map(|transmit| read_message(&transmit.bytes).unwrap());
    let is_it = |message: &Message| matches!(&message.start, Start::Request { method: found, .. } if found == method);
    messages.by_ref().filter(is_it).last()
}

fn respond(endpoint: &mut Endpoint, response: &[u8], now: Moment) {
    endpoint.receive(response, address(Side::Callee), now);
}

#[test]
fn a_challenged_invite_goes_again_signed_and_counts_on() {
    let mut server = Server::new();
    let (mut caller, login) = caller(PASSWORD, "pbx.example");
    let leg = caller.invite(invite(Some(login)), at(0)).unwrap();
    let first = sent(&mut caller, "INVITE").unwrap();
    assert!(!server.knows(&first, at(10)));
    respond(&mut caller, &server.challenge(&first, at(10)), at(20));

    let both: Vec<Message> = std::iter::from_fn(|| caller.poll_transmit())
        .map(|transmit| read_message(&transmit.bytes).unwrap())
        .collect();
    let [ack, again] = both.as_slice() else {
        panic!("an ACK and an INVITE should have gone out: {}", both.len());
    };
    assert_eq!(ack.value("CSeq"), Some("1 ACK"));
    assert_eq!(again.value("CSeq"), Some("2 INVITE"));
    assert_eq!(again.value("Call-ID"), first.value("Call-ID"));
    assert_ne!(again.value("Via"), first.value("Via"));
    assert!(server.knows(again, at(30)));

    let mut ok = messages::reply(again, again.value("Via").unwrap(), (200, "OK"), "theirs");
    ok.push("Contact", "<sip:pbx@192.0.2.2>");
    respond(&mut caller, &write(&ok), at(40));
    assert!(matches!(caller.poll_event(), Some((of, Event::Answered { .. })) if of == leg));
    caller.bye(leg, None, at(50)).unwrap();
    let bye = sent(&mut caller, "BYE").unwrap();
    assert_eq!(bye.value("CSeq"), Some("3 BYE"));
    assert!(server.knows(&bye, at(60)), "the nonce is used on");
}

#[test]
fn a_challenge_from_elsewhere_learns_no_password() {
    let mut server = Server::new();
    let (mut caller, login) = caller(PASSWORD, "pbx.example");
    caller.invite(invite(Some(login)), at(0)).unwrap();
    let request = sent(&mut caller, "INVITE").unwrap();
    let challenge = server.challenge(&request, at(10));
    let stranger: std::net::SocketAddr = "192.0.2.66:5060".parse().unwrap();
    caller.receive(&challenge, stranger, at(20));
    assert!(sent(&mut caller, "INVITE").is_none());
}

#[test]
fn a_wrong_password_is_tried_once() {
    let mut server = Server::new();
    let (mut caller, login) = caller("wrong", "pbx.example");
    let leg = caller.invite(invite(Some(login)), at(0)).unwrap();
    for _ in 0..2 {
        let request = sent(&mut caller, "INVITE").unwrap();
        respond(&mut caller, &server.challenge(&request, at(10)), at(20));
    }
    assert!(sent(&mut caller, "INVITE").is_none());
    assert!(
        matches!(caller.poll_event(), Some((of, Event::Refused { code: 401, .. })) if of == leg)
    );
}

#[test]
fn a_foreign_realm_and_a_call_without_account_learn_nothing() {
    let mut server = Server::new();
    for (realm, signs) in [("other.example", true), ("pbx.example", false)] {
        let (mut caller, login) = caller(PASSWORD, realm);
        caller
            .invite(invite(signs.then_some(login)), at(0))
            .unwrap();
        let request = sent(&mut caller, "INVITE").unwrap();
        respond(&mut caller, &server.challenge(&request, at(10)), at(20));
        assert!(sent(&mut caller, "INVITE").is_none(), "{realm}");
        let event = caller.poll_event();
        assert!(matches!(event, Some((_, Event::Refused { code: 401, .. }))));
    }
}

#[test]
fn a_call_taken_back_under_the_challenge_is_cancelled_once_it_rings() {
    let mut server = Server::new();
    let (mut caller, login) = caller(PASSWORD, "pbx.example");
    let leg = caller.invite(invite(Some(login)), at(0)).unwrap();
    caller.cancel(leg, at(5)).unwrap();
    let first = sent(&mut caller, "INVITE").unwrap();
    respond(&mut caller, &server.challenge(&first, at(10)), at(20));
    let again = sent(&mut caller, "INVITE");
    let cancel = match again {
        Some(again) => {
            let ringing = messages::reply(&again, again.value("Via").unwrap(), (180, "R"), "t");
            respond(&mut caller, &write(&ringing), at(30));
            sent(&mut caller, "CANCEL")
        }
        None => None,
    };
    let over = matches!(caller.poll_event(), Some((_, Event::Refused { .. })));
    assert!(
        cancel.is_some() || over,
        "nobody rings on for a call taken back"
    );
}
