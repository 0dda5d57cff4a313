//! At the running agent over TCP: a connection a message, then one for all of them, cut wherever a stream may be.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use thirdring::sip::{Framer, Piece};

use super::agent::{about, probe, probe_id, torture};
use super::corpus::Torture;
use super::cuts::CUTS;
use super::tally::{ALL, Tally};
use crate::peers::agent::{Agent, House};
use crate::peers::missing::{Need, can_run};
use crate::peers::netns::{Host, Lab};

/// Longer than the agent waits for the rest of a message (docs/hardening.md row 15).
const CUT_WITHIN: Duration = Duration::from_secs(20);
/// A peer's connection with an honest message on it.
const BESIDE: usize = 1_000_000;
/// Two line ends: they end headers that have no end, and are a ping after a message that has one.
const PING: &[u8] = b"\r\n\r\n";

/// One connection to the agent.
struct Stream {
    tcp: TcpStream,
    framer: Framer,
}

impl Stream {
    fn open(agent: &Agent) -> Self {
        let to: SocketAddr = agent.sip_tcp.expect("it listens");
        let tcp = TcpStream::connect(to).expect("the agent listens");
        tcp.set_nodelay(true).expect("it is a socket");
        tcp.set_read_timeout(Some(CUT_WITHIN))
            .expect("it is a socket");
        Self {
            tcp,
            framer: Framer::default(),
        }
    }

    /// Says it in pieces. The agent may close in the middle of what it cannot read.
    fn say(&mut self, bytes: &[u8], cuts: &[usize]) {
        let mut from = 0;
        for to in cuts.iter().copied().chain([bytes.len()]) {
            if self.tcp.write_all(&bytes[from..to]).is_err() {
                return;
            }
            from = to;
        }
    }

    /// The next message from the agent; none when it has closed.
    fn hear(&mut self) -> Option<Vec<u8>> {
        let mut bytes = [0; 4_096];
        loop {
            match self.framer.next_piece() {
                Some(Piece::Message(message)) => return Some(message.to_vec()),
                Some(Piece::Ping | Piece::Pong) => continue,
                Some(Piece::Broken { fault, .. }) => panic!("the agent's stream: {fault}"),
                None => {}
            }
            match self.tcp.read(&mut bytes) {
                Ok(0) => return None,
                Ok(length) => self.framer.push(&bytes[..length]),
                Err(fault) if fault.kind() == ErrorKind::ConnectionReset => return None,
                Err(fault) => panic!("listen to the agent: {fault}"),
            }
        }
    }

    /// The answers to a message that came before the answer to OPTIONS after it.
    fn answers(&mut self, torture: &Torture, cuts: &[usize], number: usize) -> Vec<u16> {
        let probe = [PING, &probe(number, "TCP")].concat();
        self.say(&torture.bytes(), cuts);
        self.say(&probe, &[]);
        let (call_id, probe_id) = (torture.call_id(), Some(probe_id(number)));
        let (mut codes, mut is_awake) = (Vec::new(), false);
        while !is_awake || (codes.is_empty() && torture.is_answered()) {
            let Some(heard) = self.hear() else {
                assert!(torture.ends_its_stream(), "{}: closed", torture.id);
                return codes;
            };
            match about(&heard) {
                Some((200, to)) if to == probe_id => is_awake = true,
                Some((code, to)) if to == call_id => codes.push(code),
                Some(_) | None => {}
            }
        }
        assert!(!torture.ends_its_stream(), "{}: not closed", torture.id);
        codes
    }

    /// Whether it still is what it was: a way to the agent.
    fn is_open(&mut self, number: usize) -> bool {
        self.say(&probe(number, "TCP"), &[]);
        let probe_id = Some(probe_id(number));
        while let Some(heard) = self.hear() {
            if about(&heard).is_some_and(|(_, to)| to == probe_id) {
                return true;
            }
        }
        false
    }
}

fn messages() -> impl Iterator<Item = Torture> {
    Torture::all().into_iter().map(Torture::over_a_stream)
}

/// The agent listens by TCP on a host where nothing else does: the messages name hosts and ports of all kinds.
fn at_the_agent(what: impl FnOnce(Agent) + Send) {
    if !can_run(&[Need::Namespaces]) {
        return;
    }
    Lab::build().at(Host::Agent, || {
        let house = House::fast().set("sip.listen_tcp = \"127.0.0.1:0\"");
        what(house.seat("rep1", "echo").open());
    });
}

#[test]
fn torture_over_tcp_is_answered_as_the_rfcs_say() {
    at_the_agent(|agent| {
        torture(agent, |agent| {
            let mut tally = Tally::default();
            let mut beside = Stream::open(agent);
            for (number, torture) in messages().enumerate() {
                let codes = Stream::open(agent).answers(&torture, &[], number);
                tally.judge(&torture, &codes);
                assert!(beside.is_open(BESIDE + number), "{}", torture.id);
            }
            tally.close("over TCP", ALL);
        });
    });
}

#[test]
fn torture_over_one_connection_may_be_cut_anywhere() {
    at_the_agent(|agent| {
        torture(agent, |agent| {
            let mut stream = Stream::open(agent);
            let mut numbers = 0..;
            for (cut, places) in CUTS {
                let mut tally = Tally::default();
                for torture in messages().filter(|torture| !torture.ends_its_stream()) {
                    let number = numbers.next().expect("it is endless");
                    let codes = stream.answers(&torture, &places(&torture.bytes()), number);
                    tally.judge(&torture, &codes);
                }
                let over = format!("over one connection, cut {cut}");
                tally.close(&over, "rfc4475 30/30, rfc5118 12/12");
            }
        });
    });
}
