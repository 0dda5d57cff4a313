//! What we ask outside calls: who may answer, and what silence says of a place.

use std::net::SocketAddr;

use super::wire::{address, endpoint};
use super::*;

fn register() -> Message {
    let mut register = Message::request("REGISTER", "sip:192.0.2.2");
    register.push("Max-Forwards", "70");
    register.push("From", "<sip:8001@192.0.2.2>;tag=f");
    register.push("To", "<sip:8001@192.0.2.2>");
    register.push("Call-ID", "ask");
    register.push("CSeq", "1 REGISTER");
    register
}

fn sent(endpoint: &mut Endpoint) -> Message {
    let transmit = endpoint.poll_transmit().unwrap();
    read_message(&transmit.bytes).unwrap()
}

fn answer(request: &Message, code: u16) -> Bytes {
    let via = request.value("Via").unwrap();
    write(&messages::reply(request, via, (code, "Answer"), "theirs"))
}

#[test]
fn an_answer_counts_only_from_whom_we_asked() {
    let mut ours = endpoint(Side::Caller, 10);
    let asked = ours
        .ask(register(), address(Side::Callee).into(), at(0))
        .unwrap();
    let request = sent(&mut ours);
    let stranger: SocketAddr = "192.0.2.66:5060".parse().unwrap();
    for code in [200, 302, 401, 403, 503] {
        ours.receive(&answer(&request, code), stranger, at(10));
        assert_eq!(ours.poll_answer(), None, "{code}");
    }
    assert_eq!(ours.poll_no_help(), None);
    // Another port of the same host: a server behind a NAT of its own.
    let mut registrar = address(Side::Callee);
    registrar.set_port(5070);
    ours.receive(&answer(&request, 200), registrar, at(20));
    assert!(matches!(ours.poll_answer(), Some((id, Answer::Response(..))) if id == asked));
}

#[test]
fn a_place_that_says_nothing_or_503_is_no_help() {
    let mut ours = endpoint(Side::Caller, 10);
    let place = Hop::udp(address(Side::Callee));
    ours.ask(register(), place, at(0)).unwrap();
    let request = sent(&mut ours);
    ours.receive(&answer(&request, 503), place.address, at(10));
    assert_eq!(
        (ours.poll_no_help(), ours.poll_no_help()),
        (Some((place, NoHelp::Unavailable)), None)
    );
    ours.ask(register(), place, at(20)).unwrap();
    while let Some(now) = ours.timeout() {
        ours.handle_timeout(now);
    }
    assert_eq!(ours.poll_no_help(), Some((place, NoHelp::Silent)));
    let request = {
        while ours.poll_transmit().is_some() {}
        ours.ask(register(), place, at(99_000)).unwrap();
        sent(&mut ours)
    };
    ours.receive(&answer(&request, 403), place.address, at(99_010));
    assert_eq!(ours.poll_no_help(), None, "who refuses is there");
}

#[test]
fn our_new_address_stands_in_the_next_message() {
    let mut ours = endpoint(Side::Caller, 10);
    ours.moved(Listening::udp_only("198.51.100.7:5060".parse().unwrap()));
    let place = Hop::udp(address(Side::Callee));
    ours.ask(register(), place, at(0)).unwrap();
    let via = sent(&mut ours).value("Via").unwrap().to_owned();
    assert!(via.contains(" 198.51.100.7:5060;"), "{via}");
    assert_eq!(
        ours.end_towards(Transport::Udp).address.ip().to_string(),
        "198.51.100.7"
    );
}
