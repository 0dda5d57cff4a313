//! What the transport changes: repetition, size, the way back.

use std::net::SocketAddr;

use super::wire::{address, endpoint};
use super::*;
use crate::sip::FlowId;

fn invite(next_hop: Hop, offer: usize) -> Invite {
    Invite {
        target: "sip:hotline@192.0.2.2".parse().unwrap(),
        next_hop,
        from: NameAddr::new(Some("Anna"), "sip:anna@192.0.2.1".parse().unwrap()),
        symmetric: false,
        login: None,
        call_id: None,
        offer: Bytes::from("x".repeat(offer)),
        headers: Vec::new(),
    }
}

fn with_tcp() -> Endpoint {
    let mut endpoint = endpoint(Side::Caller, 10);
    endpoint.settings.listening.tcp = Some(address(Side::Caller));
    endpoint
}

fn sent(endpoint: &mut Endpoint) -> Vec<Transmit> {
    std::iter::from_fn(|| endpoint.poll_transmit()).collect()
}

fn via(transmit: &Transmit) -> String {
    let message = read_message(&transmit.bytes).unwrap();
    message.value("Via").unwrap().to_owned()
}

/// Lets all time pass that the endpoint asks for.
fn run_out(endpoint: &mut Endpoint) -> Moment {
    let mut now = Moment::ZERO;
    while let Some(next) = endpoint.timeout() {
        now = next;
        endpoint.handle_timeout(now);
    }
    now
}

#[test]
fn over_tcp_nothing_is_repeated_and_silence_still_ends() {
    let mut caller = with_tcp();
    let to = Hop::to(Transport::Tcp, address(Side::Callee));
    let leg = caller.invite(invite(to, 10), at(0)).unwrap();
    assert_eq!(run_out(&mut caller), at(32_000));
    let sent = sent(&mut caller);
    assert_eq!(sent.len(), 1);
    assert!(via(&sent[0]).starts_with("SIP/2.0/TCP 192.0.2.1:5060;"));
    assert!(matches!(caller.poll_event(), Some((of, Event::NoResponse)) if of == leg));
}

#[test]
fn a_request_too_large_for_a_datagram_goes_by_tcp_and_comes_back_where_tcp_is_deaf() {
    let mut caller = with_tcp();
    let udp = Hop::udp(address(Side::Callee));
    let leg = caller.invite(invite(udp, 1_300), at(0)).unwrap();
    let grown = sent(&mut caller);
    assert_eq!(grown[0].to, Hop::to(Transport::Tcp, udp.address));
    assert!(via(&grown[0]).starts_with("SIP/2.0/TCP "));

    caller.unreachable(grown[0].to, at(100));
    let again = sent(&mut caller);
    assert_eq!((again.len(), again[0].to), (1, udp));
    assert!(via(&again[0]).starts_with("SIP/2.0/UDP "));
    run_out(&mut caller);
    assert_eq!(sent(&mut caller).len(), 6, "timer A runs as over UDP");
    assert!(matches!(caller.poll_event(), Some((of, Event::NoResponse)) if of == leg));
}

#[test]
fn a_small_request_and_one_without_tcp_stay_datagrams() {
    let udp = Hop::udp(address(Side::Callee));
    for (mut caller, size) in [(with_tcp(), 500), (endpoint(Side::Caller, 10), 2_000)] {
        caller.invite(invite(udp, size), at(0)).unwrap();
        assert_eq!(sent(&mut caller)[0].to, udp);
    }
}

#[test]
fn a_peer_that_cannot_be_reached_ends_the_call_at_once() {
    let mut caller = with_tcp();
    let to = Hop::to(Transport::Tcp, address(Side::Callee));
    let leg = caller.invite(invite(to, 10), at(0)).unwrap();
    caller.unreachable(to, at(50));
    assert!(matches!(caller.poll_event(), Some((of, Event::NoResponse)) if of == leg));
    assert!(caller.is_idle());
}

#[test]
fn the_answer_and_our_requests_take_the_callers_connection() {
    let (mut callee, leg, answer) = answered_over_tcp();
    let from = over_tcp();
    assert_eq!(answer.to.flow, from.flow);
    let named: SocketAddr = "203.0.113.7:5062".parse().unwrap();
    assert_eq!(
        answer.to.address, named,
        "where to call when the connection is gone"
    );
    let contact = read_message(&answer.bytes).unwrap();
    let contact = contact.value("Contact").unwrap().to_owned();
    assert_eq!(contact, "<sip:hotline@192.0.2.2:5060;transport=tcp>");

    callee.bye(leg, None, at(30)).unwrap();
    assert_eq!(sent(&mut callee).pop().unwrap().to, from);
}

#[test]
fn without_the_callers_connection_our_requests_go_to_his_contact() {
    let (mut callee, leg, _) = answered_over_tcp();
    callee.closed(FlowId(8));
    callee.closed(FlowId(7));
    callee.bye(leg, None, at(30)).unwrap();
    let contact = Hop::to(Transport::Tcp, "10.0.0.7:5062".parse().unwrap());
    assert_eq!(sent(&mut callee).pop().unwrap().to, contact);
}

fn over_tcp() -> Hop {
    Hop {
        transport: Transport::Tcp,
        address: "203.0.113.7:40000".parse().unwrap(),
        flow: Some(FlowId(7)),
    }
}

/// A call over a connection, from behind a NAT: the endpoint, its leg, and the answer it sent.
fn answered_over_tcp() -> (Endpoint, LegId, Transmit) {
    let mut callee = endpoint(Side::Callee, 10);
    let invite = "INVITE sip:hotline@192.0.2.2 SIP/2.0\r\n\
        Via: SIP/2.0/TCP 10.0.0.7:5062;branch=z9hG4bK1;rport\r\nFrom: <sip:a@b>;tag=f\r\n\
        To: <sip:c@d>\r\nCall-ID: 1\r\nCSeq: 7 INVITE\r\n\
        Contact: <sip:a@10.0.0.7:5062;transport=tcp>\r\n\r\n";
    callee.receive(invite.as_bytes(), over_tcp(), at(0));
    let (leg, _) = callee.poll_event().unwrap();
    callee.answer(leg, Bytes::from("v=0"), at(10)).unwrap();
    let answer = sent(&mut callee).pop().unwrap();
    let tagged = format!("<sip:c@d>;tag={}", callee.legs.get(leg).unwrap().tag);
    let ack = invite
        .replace("INVITE", "ACK")
        .replace("z9hG4bK1", "z9hG4bK2")
        .replace("<sip:c@d>", &tagged);
    callee.receive(ack.as_bytes(), over_tcp(), at(20));
    (callee, leg, answer)
}

#[test]
fn whoever_asks_is_told_the_answer_or_that_there_is_none() {
    let mut asker = endpoint(Side::Caller, 10);
    let hop = Hop::udp(address(Side::Callee));
    let request = || {
        let mut request = Message::request("OPTIONS", "sip:192.0.2.2");
        for (name, value) in [
            ("From", "<sip:a@b>;tag=1"),
            ("To", "<sip:192.0.2.2>"),
            ("Call-ID", "x"),
            ("CSeq", "1 OPTIONS"),
        ] {
            request.push(name, value);
        }
        request
    };
    let answered = asker.ask(request(), hop, at(0)).unwrap();
    let question = sent(&mut asker).pop().unwrap();
    let mut other = endpoint(Side::Callee, 10);
    other.receive(&question.bytes, address(Side::Caller), at(10));
    let answer = sent(&mut other).pop().unwrap();
    asker.receive(&answer.bytes, address(Side::Callee), at(20));
    let (id, told) = asker.poll_answer().unwrap();
    assert_eq!(id, answered);
    assert!(matches!(told, Answer::Response(it, from) if from == hop
        && matches!(it.start, Start::Response { code: 200, .. })));

    let unanswered = asker.ask(request(), hop, at(100)).unwrap();
    run_out(&mut asker);
    assert_eq!(asker.poll_answer(), Some((unanswered, Answer::None)));
    assert!(asker.is_idle());
}

/// Where the ACK of a 200 goes whose Contact and routes are addresses of a private network.
fn acknowledged_at(symmetric: bool) -> Hop {
    let callee = Hop::udp(address(Side::Callee));
    let mut caller = endpoint(Side::Caller, 10);
    let invite = Invite {
        symmetric,
        ..invite(callee, 10)
    };
    caller.invite(invite, at(0)).unwrap();
    let asked = read_message(&sent(&mut caller)[0].bytes).unwrap();
    let via = asked.value("Via").unwrap().to_owned();
    let mut ok = messages::reply(&asked, &via, (200, "OK"), "t");
    ok.push("Contact", "<sip:hotline@10.0.0.9:5070>");
    ok.set_body("application/sdp", Bytes::from("answer"));
    caller.receive(&write(&ok), callee, at(10));
    let ack = sent(&mut caller).pop().unwrap();
    let first_line = String::from_utf8_lossy(&ack.bytes);
    assert!(first_line.starts_with("ACK sip:hotline@10.0.0.9:5070 "));
    ack.to
}

#[test]
fn whom_we_call_behind_a_nat_is_called_back_where_the_answer_came_from() {
    let told: SocketAddr = "10.0.0.9:5070".parse().unwrap();
    assert_eq!(acknowledged_at(false).address, told);
    assert_eq!(acknowledged_at(true).address, address(Side::Callee));
}
