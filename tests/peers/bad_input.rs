//! What no peer should send, and what no disk should do.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use thirdring::media::{Codec, Law, RtpHeader};
use thirdring::words::{Entropy, Language};

use super::agent::House;
use super::hearing::spoken;
use super::phone::{Phone, SOON};
use super::scene::{NUMBER, Scene};

const T1: Duration = Duration::from_millis(500);
const TRIES: usize = 20;

/// A socket that says anything to the agent and hears what comes back.
struct Stranger(UdpSocket);

impl Stranger {
    fn towards(agent: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
        socket.connect(agent).expect("loopback");
        socket.set_read_timeout(Some(SOON)).expect("a socket");
        Self(socket)
    }

    fn says(&self, bytes: &[u8]) {
        self.0.send(bytes).expect("loopback");
    }

    /// The first line of the answer.
    fn is_told(&self) -> String {
        let mut answer = [0; 4_096];
        let length = self.0.recv(&mut answer).expect("an answer");
        let answer = String::from_utf8_lossy(&answer[..length]);
        answer.lines().next().unwrap_or_default().to_owned()
    }

    fn request(&self, method: &str, lines: &str) -> String {
        let own = self.0.local_addr().expect("it is bound");
        format!(
            "{method} sip:hotline@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK-{method}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:a@{own}>;tag=1\r\nTo: <sip:hotline@127.0.0.1>\r\n\
             Call-ID: stranger-{own}\r\nContact: <sip:a@{own}>\r\n{lines}Content-Length: 0\r\n\r\n"
        )
    }

    /// Whether OPTIONS is answered; it is repeated as SIP does where a full buffer lost it (RFC 3261 17.1.2.1).
    fn is_alive(&self) -> bool {
        let options = self.request("OPTIONS", "CSeq: 1 OPTIONS\r\n");
        self.0.set_read_timeout(Some(T1)).expect("a socket");
        (0..TRIES).any(|_| {
            self.says(options.as_bytes());
            let mut answer = [0; 4_096];
            let length = self.0.recv(&mut answer).unwrap_or(0);
            answer[..length].starts_with(b"SIP/2.0 200 OK")
        })
    }
}

#[test]
fn a_request_without_sense_is_told_so_where_its_via_allows() {
    let agent = House::fast().seat("rep1", "echo").open();
    let stranger = Stranger::towards(agent.sip);
    stranger.says(stranger.request("INVITE", "CSeq: nonsense\r\n").as_bytes());
    let told = stranger.is_told();
    assert!(told.starts_with("SIP/2.0 400 "), "{told}");
    assert!(stranger.is_alive());
}

#[test]
fn ten_thousand_datagrams_of_rubbish_change_nothing() {
    let agent = House::fast().seat("rep1", "echo").open();
    let stranger = Stranger::towards(agent.sip);
    let mut dice = Entropy::from_seed([7; 32]);
    let whole = stranger.request("INVITE", "CSeq: 1 INVITE\r\n");
    for _ in 0..10_000 {
        let mut bytes = whole.clone().into_bytes();
        bytes.truncate(dice.below(bytes.len() as u32) as usize);
        for _ in 0..dice.below(8) {
            let at = dice.below(bytes.len().max(1) as u32) as usize;
            if let Some(byte) = bytes.get_mut(at) {
                *byte = dice.u16() as u8;
            }
        }
        // A full buffer loses some, as on any network.
        let _ = stranger.0.send(&bytes);
    }
    let other = Stranger::towards(agent.sip);
    assert!(other.is_alive());
    let caller = Phone::open(NUMBER);
    caller.call(agent.sip);
    caller.hang_up();
}

#[test]
fn one_call_too_many_is_busy() {
    let house = House::fast().seat("rep1", "echo").set("sip.calls_max = 1");
    let scene = Scene::talking(house);
    let second = Phone::open("13900139000");
    second.invite(scene.agent.sip);
    let refused = second.final_response("INVITE", SOON);
    assert_eq!(refused.status(), Some(486));
    assert_eq!(scene.agent.call_of(&scene.id).state, "talking");
}

#[test]
fn a_stranger_on_the_rtp_port_is_not_heard() {
    let agent = House::fast().seat("rep1", "echo").open();
    let caller = Phone::open(NUMBER);
    let answer = caller.call(agent.sip);
    agent
        .events()
        .state(&caller.call_id(), "talking", Duration::from_secs(20));
    let port = answer.audio_address().expect("it was answered");
    let stranger = Stranger::towards(port);
    let words = spoken(Language::En, "calm_listening");
    for (sequence, frame) in (0..).zip(words.chunks(160)) {
        let header = RtpHeader {
            payload_type: Codec::Pcma.payload_type(),
            marker: false,
            sequence,
            timestamp: u32::from(sequence) * 160,
            ssrc: 0x5bad,
        };
        let mut packet = Vec::new();
        header.write(&mut packet);
        packet.extend(frame.iter().map(|sample| Law::A.encode(*sample)));
        stranger.says(&packet);
        caller.hears_more(1);
    }
    caller.hears_more(25);
    let heard = caller.recording();
    assert!(
        !heard.ids().contains(&"calm_listening".to_owned()),
        "{heard}"
    );
}
