//! Straight at the endpoint, in virtual time.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use thirdring::sip::{Dialogs, Endpoint, Event, Listening, Settings, Transmit};
use thirdring::words::{Entropy, Moment};

use super::corpus::{Torture, status};
use super::tally::{ALL, Tally};

/// Whatever was begun is over after this: answered, unacknowledged, and hung up without an answer.
const ALL_OVER: Duration = Duration::from_secs(200);

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn endpoint() -> Endpoint {
    let settings = Settings {
        dialogs: Dialogs::default(),
        listening: Listening::udp_only(address("192.0.2.100:5060")),
        user: "hotline".to_owned(),
        user_agent: "Thirdring".to_owned(),
        calls_max: 100,
    };
    Endpoint::new(settings, Entropy::from_number(1))
}

/// Puts bytes before the endpoint, as the desk would: every call is answered. The responses' codes.
fn put(endpoint: &mut Endpoint, bytes: &[u8], now: Moment) -> Vec<u16> {
    endpoint.receive(bytes, address("192.0.2.200:5060"), now);
    obey(endpoint, now);
    let sent = std::iter::from_fn(|| endpoint.poll_transmit());
    sent.filter_map(|Transmit { bytes, .. }| status(&bytes))
        .collect()
}

/// What the desk does with events: rings, answers, and hangs up where nobody acknowledges.
fn obey(endpoint: &mut Endpoint, now: Moment) {
    while let Some((leg, event)) = endpoint.poll_event() {
        if matches!(event, Event::Invited(_)) {
            endpoint.ring(leg, now).expect("it has just come");
            let answer = Bytes::from("v=0\r\n");
            endpoint.answer(leg, answer, now).expect("it rings");
        } else if matches!(event, Event::AckMissing) {
            endpoint.bye(leg, None, now).expect("it was answered");
        }
    }
}

/// A call from begin to end; whether it is taken.
fn good_call(endpoint: &mut Endpoint, now: Moment, number: usize) -> bool {
    let request = |method: &str, to: &str, cseq: u32| {
        format!(
            "{method} sip:hotline@192.0.2.100 SIP/2.0\r\n\
             Via: SIP/2.0/UDP 192.0.2.200:5060;branch=z9hG4bKgood{number}-{cseq}{method}\r\n\
             From: <sip:anna@192.0.2.200>;tag=good\r\nTo: {to}\r\nCall-ID: good-{number}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:anna@192.0.2.200>\r\nContent-Length: 0\r\n\r\n"
        )
    };
    let invite = request("INVITE", "<sip:hotline@192.0.2.100>", 1);
    endpoint.receive(invite.as_bytes(), address("192.0.2.200:5060"), now);
    obey(endpoint, now);
    let answers: Vec<Transmit> = std::iter::from_fn(|| endpoint.poll_transmit()).collect();
    let Some(answer) = answers
        .last()
        .map(|it| thirdring::sip::read_message(&it.bytes))
    else {
        return false;
    };
    let answer = answer.expect("ours is well-formed");
    let to = answer.value("To").unwrap_or_default();
    put(endpoint, request("ACK", to, 1).as_bytes(), now);
    put(endpoint, request("BYE", to, 2).as_bytes(), now) == [200]
}

fn let_all_end(endpoint: &mut Endpoint, now: Moment) -> Moment {
    let end = now + ALL_OVER;
    while let Some(next) = endpoint.timeout().filter(|next| *next <= end) {
        endpoint.handle_timeout(next);
        obey(endpoint, next);
        while endpoint.poll_transmit().is_some() {}
    }
    end
}

#[test]
fn each_torture_message_gets_what_it_deserves() {
    let mut tally = Tally::default();
    let mut now = Moment::ZERO;
    let mut endpoint = endpoint();
    for (number, torture) in Torture::all().iter().enumerate() {
        tally.judge(torture, &put(&mut endpoint, &torture.bytes(), now));
        assert!(good_call(&mut endpoint, now, number), "{}", torture.id);
        now = let_all_end(&mut endpoint, now);
        assert!(endpoint.is_idle(), "{}: something is left", torture.id);
    }
    tally.close("at the endpoint", ALL);
}

#[test]
fn all_torture_messages_at_once_leave_nothing_behind() {
    let mut endpoint = endpoint();
    for torture in Torture::all() {
        put(&mut endpoint, &torture.bytes(), Moment::ZERO);
    }
    assert!(good_call(&mut endpoint, Moment::ZERO, 0));
    let_all_end(&mut endpoint, Moment::ZERO);
    assert!(endpoint.is_idle());
    assert_eq!(endpoint.timeout(), None);
}
