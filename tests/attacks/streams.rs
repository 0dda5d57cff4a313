//! Rubbish over TCP beside a call over UDP.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use thirdring::words::Entropy;

use super::strangers::{mutate, requests};
use super::wire::{is_awake, stranger};
use crate::peers::agent::House;
use crate::peers::phone::SOON;
use crate::peers::scene::Scene;

const SEED: u64 = 5_118;
/// Connections, each with so many mutated messages, written in pieces of random sizes.
const CONNECTIONS: u32 = 100;
const MESSAGES: u32 = 8;
/// The agent answers a broken stream at once, and closes it.
const CLOSED_WITHIN: Duration = Duration::from_secs(5);

fn with_length(message: &str) -> String {
    if message.contains("Content-Length") {
        return message.to_owned();
    }
    message.replacen("\r\n\r\n", "\r\nContent-Length: 0\r\n\r\n", 1)
}

/// Says all of it and no more, and reads what is answered until the agent closes.
fn say(to: SocketAddr, bytes: &[u8], entropy: &mut Entropy) {
    let mut stream = TcpStream::connect(to).expect("the agent listens");
    let patience = Some(CLOSED_WITHIN);
    stream.set_read_timeout(patience).expect("it is a socket");
    let mut rest = bytes;
    while !rest.is_empty() {
        let size = 1 + entropy.below(400) as usize;
        let (piece, after) = rest.split_at(size.min(rest.len()));
        // A broken stream is closed in the middle.
        if stream.write_all(piece).is_err() {
            return;
        }
        rest = after;
    }
    let _ = stream.shutdown(Shutdown::Write);
    let mut answers = Vec::new();
    let _ = stream.read_to_end(&mut answers);
}

#[test]
fn mutated_streams_beside_a_call_break_nothing() {
    let house = House::fast().set("sip.listen_tcp = \"127.0.0.1:0\"");
    let mut scene = Scene::talking(house.seat("rep1", "echo"));
    let (sip, probe) = (scene.agent.sip, stranger());
    let tcp = scene.agent.sip_tcp.expect("it listens");
    let requests = requests(probe.local_addr().expect("it is bound"), tcp);
    let mut entropy = Entropy::from_number(SEED);
    for number in 1..=CONNECTIONS {
        let mut stream = Vec::new();
        for _ in 0..MESSAGES {
            let request = &requests[entropy.below(requests.len() as u32) as usize];
            stream.extend(mutate(&with_length(request), &mut entropy));
        }
        say(tcp, &stream, &mut entropy);
        assert!(is_awake(&probe, sip, number), "seed {SEED}, {number}");
    }
    scene.caller.hears_more(25);
    assert_eq!(scene.agent.call_of(&scene.id).state, "talking");
    assert_eq!(scene.caller.recording().lost(), 0);
    scene.caller.hang_up();
    scene.events.ended(&scene.id, SOON);
}
