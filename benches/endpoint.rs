//! What one core does with SIP alone, without sockets: prints one JSON object for `figures/alone.py`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads the clock and prints"
)]

#[path = "../tests/torture/shapes.rs"]
mod shapes;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::json;
use thirdring::sip::{Dialogs, Endpoint, Event, LegId, Listening, Settings};
use thirdring::words::{Entropy, Moment};

use shapes::{SHAPES, Shape};

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
    m=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n";
/// The largest datagram, less its IP and UDP headers.
const DATAGRAM: usize = 65_000;
const RUNS: usize = 50;
/// Calls at once, below the endpoint's own limit.
const CALLS: u32 = 8_000;
/// Calls one after the other, so many a second in virtual time.
const CALLS_IN_TURN: u32 = 50_000;
const PER_SECOND: u32 = 5_000;

fn main() {
    let kb_per_call = kb_per_call(); // first, while the heap is new
    let slowest = SHAPES.map(|(name, shape)| (slowest_us(shape), name));
    let slowest = slowest.into_iter().max_by(|a, b| a.0.total_cmp(&b.0));
    println!(
        "{}",
        json!({
            "slowest_datagram": slowest,
            "calls_per_s": calls_per_second(),
            "kb_per_call": kb_per_call,
        })
    );
}

/// The best of some runs: the machine may be busy.
fn slowest_us(shape: Shape) -> f64 {
    let datagram = shape(DATAGRAM);
    let time = |_| {
        let mut endpoint = shapes::endpoint();
        let start = Instant::now();
        shapes::take(&mut endpoint, &datagram);
        start.elapsed()
    };
    let best = (0..RUNS).map(time).min().unwrap_or_default();
    best.as_secs_f64() * 1e6
}

/// INVITE, 180, 200, ACK, BYE, 200.
fn calls_per_second() -> f64 {
    let mut endpoint = roomy();
    let start = Instant::now();
    for n in 0..CALLS_IN_TURN {
        let now = Moment::ZERO + Duration::from_secs(1) * n / PER_SECOND;
        endpoint.handle_timeout(now);
        let (leg, tag) = answered(&mut endpoint, n, now);
        say(&mut endpoint, &request("BYE", n, &tag, ""), now);
        drain(&mut endpoint);
        assert!(endpoint.call_id(leg).is_none(), "call {n} is not over");
    }
    f64::from(CALLS_IN_TURN) / start.elapsed().as_secs_f64()
}

/// What the process grows by, a call that is talking.
fn kb_per_call() -> f64 {
    let mut endpoint = roomy();
    let before = resident_kb();
    for n in 0..CALLS {
        answered(&mut endpoint, n, Moment::ZERO);
    }
    (resident_kb() - before) / f64::from(CALLS)
}

/// A call from its INVITE to our answer's ACK, and our tag in it.
fn answered(endpoint: &mut Endpoint, n: u32, now: Moment) -> (LegId, String) {
    say(endpoint, &request("INVITE", n, "", SDP), now);
    let Some((leg, Event::Invited(_))) = endpoint.poll_event() else {
        panic!("call {n} was not taken");
    };
    endpoint.ring(leg, now).expect("it rings");
    endpoint
        .answer(leg, Bytes::from_static(SDP.as_bytes()), now)
        .expect("it is answered");
    let sent = std::iter::from_fn(|| endpoint.poll_transmit()).last();
    let answer = String::from_utf8_lossy(&sent.expect("a 200").bytes).into_owned();
    let tag = answer
        .split("\r\nTo: ")
        .nth(1)
        .and_then(|to| to.split(";tag=").nth(1));
    let tag = tag
        .and_then(|rest| rest.lines().next())
        .expect("a tag")
        .to_owned();
    say(endpoint, &request("ACK", n, &tag, ""), now);
    drain(endpoint);
    (leg, tag)
}

fn drain(endpoint: &mut Endpoint) {
    while endpoint.poll_event().is_some() || endpoint.poll_transmit().is_some() {}
}

fn say(endpoint: &mut Endpoint, text: &str, now: Moment) {
    endpoint.receive(
        text.as_bytes(),
        SocketAddr::from(([192, 0, 2, 9], 5060)),
        now,
    );
}

fn request(method: &str, n: u32, tag: &str, body: &str) -> String {
    let cseq = if method == "BYE" { 2 } else { 1 };
    let to = if tag.is_empty() {
        String::new()
    } else {
        format!(";tag={tag}")
    };
    format!(
        "{method} sip:hotline@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK{n}{method};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:bench@192.0.2.9>;tag=f{n}\r\nTo: <sip:hotline@192.0.2.1>{to}\r\nCall-ID: {n}@bench\r\n\
         CSeq: {cseq} {method}\r\nContact: <sip:bench@192.0.2.9>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn roomy() -> Endpoint {
    let settings = Settings {
        dialogs: Dialogs::default(),
        listening: Listening::udp_only(([192, 0, 2, 1], 5060).into()),
        user: "hotline".to_owned(),
        user_agent: "Thirdring".to_owned(),
        calls_max: usize::MAX,
    };
    Endpoint::new(settings, Entropy::from_number(1))
}

fn resident_kb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kb = line.and_then(|line| line.split_ascii_whitespace().nth(1));
    kb.and_then(|kb| kb.parse().ok()).expect("a size")
}
