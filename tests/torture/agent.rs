//! At the running agent, over its sockets, with a call beside them.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use thirdring::sip::read_message;

use super::corpus::{Torture, status};
use super::tally::{ALL, Tally};
use crate::peers::agent::{Agent, House};
use crate::peers::missing::{Need, can_run};
use crate::peers::netns::{Host, Lab};
use crate::peers::phone::Phone;
use crate::peers::scene::{NUMBER, Scene};

/// Any answer takes less.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// The ports the messages' Vias name: most have no `rport`, so the answers go there.
const VIA_PORTS: [u16; 6] = [5060, 5050, 5070, 6050, 9823, 19_823];

/// The sender of all torture messages: one address, every port their Vias name.
struct Datagrams {
    agent: SocketAddr,
    sockets: Vec<UdpSocket>,
}

impl Datagrams {
    fn towards(agent: SocketAddr) -> Self {
        let bind = |port: &u16| {
            let socket = UdpSocket::bind(("127.0.0.2", *port)).expect("the host is ours alone");
            socket.set_nonblocking(true).expect("it is a socket");
            socket
        };
        Self {
            agent,
            sockets: VIA_PORTS.iter().map(bind).collect(),
        }
    }
}

impl Datagrams {
    fn say(&mut self, bytes: &[u8]) {
        let sent = self.sockets[0].send_to(bytes, self.agent);
        sent.expect("the network is up");
    }

    /// The next message from the agent; none when it takes too long.
    fn hear(&mut self) -> Option<Vec<u8>> {
        let mut ready: Vec<PollFd> = self
            .sockets
            .iter()
            .map(|socket| PollFd::new(socket.as_fd(), PollFlags::POLLIN))
            .collect();
        let within = PollTimeout::try_from(ANSWER_WITHIN).expect("it is short");
        poll(&mut ready, within).expect("they are sockets");
        let mut bytes = vec![0; 65_536];
        self.sockets
            .iter()
            .find_map(|socket| match socket.recv(&mut bytes) {
                Ok(length) => Some(bytes[..length].to_vec()),
                Err(fault) if fault.kind() == ErrorKind::WouldBlock => None,
                Err(fault) => panic!("listen to the agent: {fault}"),
            })
    }
}

/// Sends one message and, after it, OPTIONS: what came back before the answer to both, by its status code.
///
/// The agent takes datagrams in their order, so nothing has to be waited for.
fn answers(line: &mut Datagrams, torture: &Torture, number: usize) -> Vec<u16> {
    line.say(&torture.bytes());
    line.say(&probe(number, "UDP"));
    let (call_id, probe_id) = (torture.call_id(), Some(probe_id(number)));
    let (mut codes, mut is_awake) = (Vec::new(), false);
    while !is_awake || (codes.is_empty() && torture.is_answered()) {
        let Some(heard) = line.hear() else {
            assert!(is_awake, "the agent is silent after {}", torture.id);
            break;
        };
        match about(&heard) {
            Some((code, to)) if to == probe_id => {
                assert_eq!(code, 200);
                is_awake = true;
            }
            Some((code, to)) if to == call_id => codes.push(code),
            // It hangs up a call nobody acknowledged, or answers an earlier one.
            Some(_) | None => {}
        }
    }
    codes
}

/// The code of an answer, and the Call-ID it answers; one message of the corpus has none.
pub(super) fn about(answer: &[u8]) -> Option<(u16, Option<String>)> {
    let code = status(answer)?;
    let answer = read_message(answer).expect("the agent writes well");
    Some((code, answer.value("Call-ID").map(str::to_owned)))
}

pub(super) fn probe_id(number: usize) -> String {
    format!("torture-probe-{number}")
}

pub(super) fn probe(number: usize, via: &str) -> Vec<u8> {
    let call_id = probe_id(number);
    format!(
        "OPTIONS sip:hotline@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/{via} 127.0.0.2;branch=z9hG4bKp{number}\r\n\
         From: <sip:probe@127.0.0.2>;tag=p\r\nTo: <sip:hotline@127.0.0.1>\r\n\
         Call-ID: {call_id}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

/// What is sent to the agent, with a call beside it that goes on; then another good call.
pub(super) fn torture(agent: Agent, what: impl FnOnce(&Agent)) {
    let mut scene = Scene::with(agent, Phone::open(NUMBER));
    what(&scene.agent);
    scene.caller.hears_more(25);
    assert_eq!(scene.agent.call_of(&scene.id).state, "talking");
    scene.hang_up();
    let next = Phone::open(NUMBER);
    next.call(scene.agent.sip);
    next.hang_up();
}

#[test]
fn torture_over_udp_is_answered_as_the_rfcs_say() {
    if !can_run(&[Need::Namespaces]) {
        return;
    }
    Lab::build().at(Host::Agent, || {
        torture(House::fast().seat("rep1", "echo").open(), |agent| {
            let mut tally = Tally::default();
            let mut line = Datagrams::towards(agent.sip);
            for (number, torture) in Torture::all().iter().enumerate() {
                tally.judge(torture, &answers(&mut line, torture, number));
            }
            tally.close("over UDP", ALL);
        });
    });
}
