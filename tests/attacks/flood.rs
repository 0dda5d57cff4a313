//! A thousand strangers at once, from addresses of their own.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Instant;

use super::wire::{http, is_awake, stranger};
use crate::peers::agent::{Agent, House, TOKEN};
use crate::peers::phone::SOON;
use crate::peers::scene::Scene;

const STRANGERS: u16 = 1_000;
const MESSAGES_EACH: u32 = 10;
/// After so many strangers somebody we know asks whether we are awake.
const PROBE_EVERY: u16 = 50;

/// A request of a stranger's: some ask who we are, some call.
fn request(own: SocketAddr, sip: SocketAddr, number: u32) -> String {
    let (method, kind, body) = if number.is_multiple_of(2) {
        ("OPTIONS", "", String::new())
    } else {
        let body = format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n",
            ip = own.ip()
        );
        ("INVITE", "Content-Type: application/sdp\r\n", body)
    };
    format!(
        "{method} sip:agent@{sip} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKf{number};rport\r\n\
         From: <sip:13900139000@{own}>;tag=f{number}\r\nTo: <sip:agent@{sip}>\r\nCall-ID: flood-{number}@{own}\r\n\
         CSeq: 1 {method}\r\nContact: <sip:a@{own}>\r\nMax-Forwards: 70\r\n{kind}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn a_flood_from_a_thousand_addresses_leaves_the_call_and_the_peers_in_peace() {
    // The phones of the tests are at .1, who asks whether we are awake at .2; all others are nobody.
    let house = House::fast().set("sip.trusted = [\"127.0.0.1\", \"127.0.0.2\"]");
    let mut scene = Scene::talking(house.seat("rep1", "echo"));
    let (sip, peer) = (scene.agent.sip, stranger());
    scene.caller.forget_sound();
    let began = Instant::now();
    for number in 0..STRANGERS {
        let [high, low] = number.to_be_bytes();
        let address = Ipv4Addr::new(127, 1, high, low.max(1));
        let socket = UdpSocket::bind((address, 0)).expect("all of 127/8 is loopback");
        let own = socket.local_addr().expect("it is bound");
        for n in 0..MESSAGES_EACH {
            let text = request(own, sip, u32::from(number) * MESSAGES_EACH + n);
            let sent = socket.send_to(text.as_bytes(), sip);
            sent.expect("the network is up");
        }
        if number % PROBE_EVERY == 0 {
            assert!(is_awake(&peer, sip, number.into()), "{number}");
        }
    }
    println!("10,000 messages in {:?}", began.elapsed());
    let counted_by = Instant::now() + SOON; // the counts are told once a second
    let mut refused = 0;
    while refused < u32::from(STRANGERS) && Instant::now() < counted_by {
        refused = strangers_refused(&scene.agent);
    }
    println!("{refused} strangers refused");
    assert!(refused >= u32::from(STRANGERS), "{refused}");
    let calls = scene.agent.get("/calls");
    assert_eq!(calls.as_array().map(Vec::len), Some(1), "{calls}");
    scene.caller.hears_more(25);
    assert_eq!(scene.caller.recording().lost(), 0);
    assert_eq!(scene.agent.call_of(&scene.id).state, "talking");
    scene.hang_up();
}

/// As `/metrics` tells it.
fn strangers_refused(agent: &Agent) -> u32 {
    let request = format!(
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n"
    );
    let told = http(agent.api, request.as_bytes());
    let mut lines = told.lines();
    let count = lines.find_map(|line| line.strip_prefix("thirdring_strangers_refused_total "));
    count.and_then(|count| count.parse().ok()).unwrap_or(0)
}
