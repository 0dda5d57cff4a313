//! Slow clients of SIP over TCP and TLS (docs/hardening.md row 15).

#![expect(clippy::disallowed_methods, reason = "the limits are real time")]

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::wire::health;
use crate::peers::agent::{Agent, House};
use crate::peers::certificates::Authority;

/// What the limit is, and how late the cut may be on a busy machine.
const MARGIN: Duration = Duration::from_secs(3);
/// What the API takes meanwhile, mostly: a busy machine adds to the slowest answer.
const QUICK: Duration = Duration::from_millis(50);
const ASK_EVERY: Duration = Duration::from_millis(100);
const CONNECTIONS: usize = 40;
const ROOM: usize = 32;

fn request(sip: SocketAddr, number: usize) -> String {
    format!(
        "OPTIONS sip:agent@{sip} SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK{number}\r\n\
         From: <sip:slow@127.0.0.1>;tag=s\r\nTo: <sip:agent@{sip}>\r\nCall-ID: slow-{number}\r\n\
         CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )
}

fn agent() -> (Agent, SocketAddr, SocketAddr) {
    let authority = Authority::new();
    let ours = authority.identity("agent", "127.0.0.1");
    let agent = House::fast()
        .set("sip.listen_tcp = \"127.0.0.1:0\"\nsip.listen_tls = \"127.0.0.1:0\"")
        .set(&format!("sip.tls.certificate = {:?}", ours.certificate))
        .set(&format!("sip.tls.key = {:?}", ours.key))
        .seat("rep1", "echo")
        .open();
    let (tcp, tls) = (agent.sip_tcp.unwrap(), agent.sip_tls.unwrap());
    (agent, tcp, tls)
}

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).expect("the agent listens");
    let patience = Some(Duration::from_secs(60));
    stream.set_read_timeout(patience).expect("it is a socket");
    stream
}

/// Says so much, and tells after how long it was cut.
fn cut_after(to: SocketAddr, said: &[u8]) -> Duration {
    let mut stream = connect(to);
    let start = Instant::now();
    stream.write_all(said).expect("we were let in");
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => start.elapsed(),
        Err(error) if error.kind() == ErrorKind::ConnectionReset => start.elapsed(),
        Err(error) => panic!("not cut after {:?}: {error}", start.elapsed()),
    }
}

#[test]
fn who_is_slow_is_cut_in_time_and_the_api_stays_quick() {
    let (agent, tcp, tls) = agent();
    let whole = request(tcp, 1);
    let half = &whole.as_bytes()[..60];
    let cases = [
        ("says nothing", tcp, Vec::new(), 10),
        ("never begins TLS", tls, Vec::new(), 10),
        ("says half a TLS hello", tls, vec![22, 3, 1, 2, 0, 1], 10),
        ("says half a message first", tcp, half.to_vec(), 10),
        (
            "says half a second message",
            tcp,
            [whole.as_bytes(), half].concat(),
            15,
        ),
        ("says no more", tcp, whole.as_bytes().to_vec(), 32),
        ("pings on and on", tcp, b"\r\n\r\n".repeat(3), 10),
    ];
    let (done, results) = channel();
    let mut left = cases.len();
    for (who, to, said, limit) in cases {
        let done = done.clone();
        thread::spawn(move || done.send((who, cut_after(to, &said), Duration::from_secs(limit))));
    }
    drop(done);
    let mut answers = Vec::new();
    while left > 0 {
        match results.recv_timeout(ASK_EVERY) {
            Ok((who, after, limit)) => {
                let early = limit - Duration::from_millis(500);
                assert!((early..limit + MARGIN).contains(&after), "{who}: {after:?}");
                left -= 1;
            }
            Err(RecvTimeoutError::Timeout) => answers.push(time_of_an_answer(agent.api)),
            Err(RecvTimeoutError::Disconnected) => panic!("a client was not cut"),
        }
    }
    answers.sort();
    let (median, slowest) = (answers[answers.len() / 2], answers[answers.len() - 1]);
    println!("the API answered in {median:?}, at the slowest in {slowest:?}");
    assert!(median < QUICK);
}

fn time_of_an_answer(api: SocketAddr) -> Duration {
    let asked = Instant::now();
    assert!(health(api).contains("200 OK"));
    asked.elapsed()
}

#[test]
fn one_address_has_room_for_32_connections_and_others_get_in() {
    let (_agent, tcp, _) = agent();
    let answered = |number: &usize| {
        let mut stream = connect(tcp);
        // Who is turned away may notice it at the write or at the read.
        let _ = stream.write_all(request(tcp, *number).as_bytes());
        let mut answer = [0; 16];
        let is_answered = stream.read(&mut answer).is_ok_and(|length| length > 0);
        is_answered.then_some(stream)
    };
    let open: Vec<TcpStream> = (0..CONNECTIONS).filter_map(|n| answered(&n)).collect();
    assert_eq!(open.len(), ROOM);
    let mut other =
        socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    let own: SocketAddr = "127.0.0.2:0".parse().unwrap();
    other.bind(&own.into()).expect("all of 127/8 is loopback");
    other.connect(&tcp.into()).expect("the agent listens");
    other
        .write_all(request(tcp, CONNECTIONS).as_bytes())
        .unwrap();
    let mut answer = [0; 11];
    other.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"SIP/2.0 200");
}
