//! baresip 4 and pjproject as caller and rep over TCP and TLS.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use serde_json::json;
use thirdring::records::What;
use thirdring::sip::Transport;

use super::agent::{Agent, House};
use super::certificates::Authority;
use super::events::of;
use super::hearing::Recording;
use super::missing::{Need, can_run};
use super::pcap::{Capture, recording_towards};
use super::phone::{Phone, SOON};
use super::phones::only_call;
use super::program::{Brand, Softphone, Wire};
use super::scene::{A_WHILE, NUMBER};

const HOST: &str = "127.0.0.1";
/// Of a connection without a call (docs/hardening.md row 15).
pub(super) const IDLE_AT_MOST: Duration = Duration::from_secs(32);
pub(super) const IP: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// An agent that listens by everything, with a certificate for its address.
pub(super) fn listening(house: House, authority: &Authority) -> House {
    let ours = authority.identity("agent", HOST);
    house
        .set("sip.listen_tcp = \"127.0.0.1:0\"\nsip.listen_tls = \"127.0.0.1:0\"")
        .set(&format!("sip.tls.certificate = {:?}", ours.certificate))
        .set(&format!("sip.tls.key = {:?}", ours.key))
        .set(&format!("sip.tls.ca = {:?}", authority.file()))
}

pub(super) fn wire(transport: Transport, authority: &Authority) -> Wire {
    Wire {
        transport,
        ca: authority.file(),
        identity: authority.identity("phone", HOST),
    }
}

fn greeted(heard: &Recording) {
    let phrases = heard.phrases();
    let greeting = phrases.first().expect("something was said");
    assert_eq!(greeting.id, "greeting", "{heard}");
    assert!(greeting.whole && greeting.unbroken, "{heard}");
}

fn address(agent: &Agent, transport: Transport) -> String {
    let (at, word) = match transport {
        Transport::Udp => (Some(agent.sip), "udp"),
        Transport::Tcp => (agent.sip_tcp, "tcp"),
        Transport::Tls => (agent.sip_tls, "tls"),
    };
    format!("sip:hotline@{};transport={word}", at.expect("it listens"))
}

/// Calls, hears the whole greeting, and hangs up; the agent notices.
fn a_caller_is_greeted(brand: Brand, transport: Transport) {
    let authority = Authority::new();
    let agent = listening(House::fast(), &authority)
        .seat("rep1", "echo")
        .open();
    let mut events = agent.events();
    let mut caller = Softphone::over(brand, IP, &wire(transport, &authority));
    let capture = Capture::start("lo", caller.ports());
    caller.tell(&format!("dial {}", address(&agent, transport)));
    caller.wait("established", A_WHILE);
    let id = only_call(&mut events);
    events.state(&id, "talking", A_WHILE);
    caller.tell("hangup");
    let ending = events.ended(&id, SOON);
    assert_eq!(ending.by.as_str(), "caller");
    greeted(&recording_towards(&capture.finish(), caller.ports()));
}

/// Is called by the agent, picks up, and is hung up on when the caller goes.
fn a_rep_is_called(brand: Brand, transport: Transport) {
    let authority = Authority::new();
    let mut rep = Softphone::over(brand, IP, &wire(transport, &authority));
    let uri = format!("sip:rep@{}", rep.reached_by(transport));
    let agent = listening(House::fast(), &authority)
        .phone_seat_at("rep1", &uri)
        .open();
    let mut events = agent.events();
    let caller = Phone::open(NUMBER);
    caller.invite(agent.sip);
    rep.wait("incoming", SOON);
    rep.tell("answer");
    rep.wait("established", SOON);
    let answer = caller.response("INVITE", 200, A_WHILE);
    caller.ack(&answer);
    events.state(&caller.call_id(), "talking", A_WHILE);
    caller.hang_up();
    events.ended(&caller.call_id(), SOON);
    rep.wait("closed", SOON);
}

fn options(via: &str, own: SocketAddr) -> String {
    format!(
        "OPTIONS sip:agent@localhost SIP/2.0\r\nVia: SIP/2.0/{via} {own};branch=z9hG4bKfamily;rport\r\n\
         From: <sip:a@{own}>;tag=f\r\nTo: <sip:agent@localhost>\r\nCall-ID: {own}\r\n\
         CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )
}

fn is_ok(answer: &[u8], own: SocketAddr) {
    let text = String::from_utf8_lossy(answer);
    assert!(text.starts_with("SIP/2.0 200"), "{own}: {text}");
    assert!(text.contains(&format!("rport={}", own.port())), "{text}");
    assert!(!text.contains("ffff:") && !text.contains("[::]"), "{text}");
}

#[test]
fn one_listener_serves_both_families() {
    let agent = House::fast()
        .listening("[::]:0")
        .set("sip.listen_tcp = \"[::]:0\"")
        .open();
    let tcp = agent.sip_tcp.expect("it listens").port();
    for host in ["127.0.0.1", "::1"] {
        let host: IpAddr = host.parse().expect("an address");
        let socket = UdpSocket::bind((host, 0)).expect("it is ours");
        socket.set_read_timeout(Some(SOON)).expect("it is a socket");
        let own = socket.local_addr().expect("it is bound");
        let sent = socket.send_to(options("UDP", own).as_bytes(), (host, agent.sip.port()));
        sent.expect("the network is up");
        let mut answer = [0; 2_048];
        let length = socket.recv(&mut answer).expect("an answer");
        is_ok(&answer[..length], own);

        let mut stream = TcpStream::connect((host, tcp)).expect("the agent listens");
        stream.set_read_timeout(Some(SOON)).expect("it is a socket");
        let own = stream.local_addr().expect("it is bound");
        stream.write_all(options("TCP", own).as_bytes()).unwrap();
        let length = stream.read(&mut answer).expect("an answer");
        is_ok(&answer[..length], own);
    }
}

#[test]
fn a_call_outlives_the_idle_limit_of_its_connection() {
    if !can_run(&[Need::Pjsip]) {
        return;
    }
    let authority = Authority::new();
    let agent = listening(House::standard(), &authority);
    let agent = agent.seat("rep1", "echo").open();
    let mut events = agent.events();
    let mut caller = Softphone::over(Brand::Pjsip, IP, &wire(Transport::Tls, &authority));
    caller.tell(&format!("dial {}", address(&agent, Transport::Tls)));
    let id = only_call(&mut events);
    events.state(&id, "talking", A_WHILE);
    agent.command(&agent.call_of(&id), "hold", json!({"agreed": true}));
    let first = events.phrase(&id, "hold_still", A_WHILE).at;
    events.wait("a phrase much later", 2 * A_WHILE, |entry| {
        of(entry, &id)
            && matches!(entry.what, What::PhraseEnded { .. })
            && entry.at.since(first) > IDLE_AT_MOST
    });
    caller.tell("hangup");
    assert_eq!(events.ended(&id, SOON).by.as_str(), "caller");
}

#[test]
fn a_seat_that_cannot_be_reached_makes_way_at_once() {
    let nobody = TcpListener::bind((IP, 0)).expect("a free port");
    let off = nobody.local_addr().expect("it is bound");
    drop(nobody);
    let agent = House::fast()
        .phone_seat_at("rep1", &format!("sip:rep@{off};transport=tcp"))
        .seat("rep2", "echo")
        .open();
    let mut events = agent.events();
    let caller = Phone::open(NUMBER);
    caller.invite(agent.sip);
    let rings = events.wait(
        "another seat",
        SOON,
        |entry| matches!(&entry.what, What::Seated { seat, .. } if seat.as_str() == "rep2"),
    );
    assert_eq!(rings.sip_call_id, Some(caller.call_id()));
}

/// One test a phone, part and transport.
macro_rules! over {
    ($($name:ident: $part:ident, $brand:ident, $transport:ident;)*) => {$(
        #[test]
        fn $name() {
            if can_run(&[Need::$brand, Need::Capture]) {
                $part(Brand::$brand, Transport::$transport);
            }
        }
    )*};
}

over! {
    a_baresip_caller_is_greeted_over_tcp: a_caller_is_greeted, Baresip, Tcp;
    a_baresip_caller_is_greeted_over_tls: a_caller_is_greeted, Baresip, Tls;
    a_pjsip_caller_is_greeted_over_tcp: a_caller_is_greeted, Pjsip, Tcp;
    a_pjsip_caller_is_greeted_over_tls: a_caller_is_greeted, Pjsip, Tls;
    a_baresip_rep_is_called_over_tcp: a_rep_is_called, Baresip, Tcp;
    a_baresip_rep_is_called_over_tls: a_rep_is_called, Baresip, Tls;
    a_pjsip_rep_is_called_over_tcp: a_rep_is_called, Pjsip, Tcp;
    a_pjsip_rep_is_called_over_tls: a_rep_is_called, Pjsip, Tls;
}
