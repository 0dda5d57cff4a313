use std::net::SocketAddr;

use thirdring::media::{Codec, RtpHeader};
use thirdring::words::Entropy;

use super::wire::{is_awake, stranger};
use crate::peers::agent::{Agent, House};
use crate::peers::phone::{Phone, SOON};
use crate::peers::scene::{A_WHILE, NUMBER, Scene};

const SEED: u64 = 4_475;
const MUTANTS: u32 = 5_000;
/// Sent in one go: with the answer to a probe after each, no buffer of the system overflows.
const IN_ONE_GO: u32 = 50;

/// A loud tone of a stranger's.
pub(super) const LOUD: [u8; 160] = [0x2a; 160];

fn send_sound(from: &std::net::UdpSocket, to: SocketAddr, sequence: u16) {
    let mut packet = Vec::new();
    let header = RtpHeader {
        payload_type: Codec::Pcma.payload_type(),
        marker: false,
        sequence,
        timestamp: u32::from(sequence) * 160,
        ssrc: 7,
    };
    header.write(&mut packet);
    packet.extend_from_slice(&LOUD);
    from.send_to(&packet, to).expect("the network is up");
}

fn greeted(agent: &Agent) -> (Phone, SocketAddr) {
    let caller = Phone::open(NUMBER);
    let answer = caller.call(agent.sip);
    agent.events().state(&caller.call_id(), "talking", A_WHILE);
    (caller, answer.audio_address().expect("we sound there"))
}

#[test]
fn strangers_packets_are_neither_heard_nor_heeded() {
    let agent = House::fast().seat("rep1", "echo").open();
    let (caller, ours) = greeted(&agent);
    let (stranger, reports) = (stranger(), SocketAddr::new(ours.ip(), ours.port() + 1));
    caller.forget_sound();
    for sequence in 0..1_000 {
        send_sound(&stranger, ours, sequence);
        // RTCP BYE of SSRC 7 (RFC 3550 6.6).
        let bye = [0x81, 203, 0, 1, 0, 0, 0, 7];
        stranger.send_to(&bye, reports).expect("the network is up");
        if sequence % 100 == 0 {
            caller.hears_more(5);
        }
    }
    caller.hears_more(25);
    let heard = caller.recording();
    // The echo would bring it back to the caller.
    assert!(heard.packets.iter().all(|packet| packet.payload != LOUD));
    assert_eq!(heard.lost(), 0);
    assert_eq!(agent.call_of(&caller.call_id()).state, "talking");
    caller.hang_up();
}

/// One of a request's bytes, or many of them, are others than they should be.
pub(super) fn mutate(message: &str, entropy: &mut Entropy) -> Vec<u8> {
    const SPLICES: [&[u8]; 7] = [
        b"\r\n",
        b"99999999999999999999",
        b"-1",
        b"\0",
        b"\"",
        b"<",
        b"\xff",
    ];
    let mut bytes = message.as_bytes().to_vec();
    for _ in 0..=entropy.below(6) {
        let at = entropy.below(bytes.len() as u32) as usize;
        let to = (at + entropy.below(60) as usize).min(bytes.len());
        let splice = SPLICES[entropy.below(7) as usize];
        match entropy.below(4) {
            0 => bytes[at] = entropy.u16() as u8,
            1 => drop(bytes.drain(at..to)),
            2 => drop(bytes.splice(at..at, splice.iter().copied())),
            _ => {
                let again = bytes[at..to].to_vec();
                drop(bytes.splice(at..at, again));
            }
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

pub(super) fn requests(own: SocketAddr, sip: SocketAddr) -> Vec<String> {
    let request = |method: &str, kind: &str, body: &str| {
        format!(
            "{method} sip:agent@{sip} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{method};rport\r\n\
             From: \"A\" <sip:13900139000@{own}>;tag=s\r\nTo: <sip:agent@{sip}>\r\nCall-ID: {method}@{own}\r\n\
             CSeq: 1 {method}\r\nContact: <sip:a@{own}>\r\nMax-Forwards: 70\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";
    let answer = format!(
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP {sip};branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n"
    );
    vec![
        request("INVITE", "Content-Type: application/sdp\r\n", sdp),
        request(
            "INFO",
            "Content-Type: application/dtmf-relay\r\n",
            "Signal=1\r\nDuration=100",
        ),
        request("CANCEL", "", ""),
        request("BYE", "", ""),
        request("ACK", "", ""),
        answer,
    ]
}

#[test]
fn mutated_messages_beside_a_call_break_nothing() {
    let mut scene = Scene::talking(House::fast().seat("rep1", "echo"));
    let (sip, stranger) = (scene.agent.sip, stranger());
    let requests = requests(stranger.local_addr().expect("it is bound"), sip);
    let mut entropy = Entropy::from_number(SEED);
    for number in 1..=MUTANTS {
        let request = &requests[entropy.below(requests.len() as u32) as usize];
        let mutant = mutate(request, &mut entropy);
        stranger.send_to(&mutant, sip).expect("the network is up");
        if number % IN_ONE_GO == 0 {
            assert!(is_awake(&stranger, sip, number), "seed {SEED}, {number}");
        }
    }
    scene.caller.hears_more(25);
    assert_eq!(scene.agent.call_of(&scene.id).state, "talking");
    assert_eq!(scene.caller.recording().lost(), 0);
    scene.caller.hang_up();
    scene.events.ended(&scene.id, SOON);
}
