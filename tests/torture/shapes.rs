//! Datagrams that made other stacks slow, in any size, and what is done with one.

use thirdring::sip::{Dialogs, Endpoint, Event, Listening, Refusal, Settings, offer_answer};
use thirdring::words::{Entropy, Moment};

/// A datagram of about so many bytes.
pub(super) type Shape = fn(usize) -> Vec<u8>;

pub(super) const SHAPES: [(&str, Shape); 12] = [
    ("headers", |size| headers(size, "X: 1\r\n")),
    ("unknown compact headers", |size| headers(size, "z:1\r\n")),
    ("uri parameters", |size| {
        let params = filled(size, ";a=1");
        message("INVITE", &format!("sip:hotline@192.0.2.1{params}"), "", "")
    }),
    ("escapes", |size| {
        let user = filled(size, "%41");
        message("INVITE", &format!("sip:{user}@192.0.2.1"), "", "")
    }),
    ("commas", |size| {
        headers(size, "Contact: <sip:a@b>,<sip:c@d>,,,,,,,,\r\n")
    }),
    ("folds", |size| header("Subject: x", size, "\r\n x")),
    ("quotes", |size| {
        header("P-Asserted-Identity: ", size, "\"\\\"\" ")
    }),
    ("name-addr nesting", |size| {
        header("P-Asserted-Identity: ", size, "<")
    }),
    ("via parameters", |size| {
        header("Via: SIP/2.0/UDP a", size, ";a=\"1\"")
    }),
    ("long value", |size| header("Subject: ", size, "\u{e9}")),
    ("sdp lines", |size| {
        let head = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";
        let body = head.to_owned() + &filled(size, "a=rtpmap:8 PCMA/8000\r\n");
        message(
            "INVITE",
            "sip:hotline@192.0.2.1",
            "Content-Type: application/sdp\r\n",
            &body,
        )
    }),
    ("multipart depth", nested_multiparts),
];

fn filled(size: usize, with: &str) -> String {
    with.repeat(size / with.len())
}

fn headers(size: usize, line: &str) -> Vec<u8> {
    message("INVITE", "sip:hotline@192.0.2.1", &filled(size, line), "")
}

fn header(start: &str, size: usize, with: &str) -> Vec<u8> {
    let line = format!("{start}{}\r\n", filled(size, with));
    message("INVITE", "sip:hotline@192.0.2.1", &line, "")
}

fn nested_multiparts(size: usize) -> Vec<u8> {
    let mut body = String::new();
    for depth in 1.. {
        if body.len() >= size {
            break;
        }
        let within = depth + 1;
        body += &format!(
            "--b{depth:05}\r\nContent-Type: multipart/mixed;boundary=b{within:05}\r\n\r\n"
        );
    }
    let headers = "Content-Type: multipart/mixed;boundary=b00001\r\n";
    message("INVITE", "sip:hotline@192.0.2.1", headers, &body)
}

fn message(method: &str, uri: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\nFrom: <sip:a@192.0.2.9>;tag=1\r\n\
         To: <sip:hotline@192.0.2.1>\r\nCall-ID: 1\r\nCSeq: 1 {method}\r\nContact: <sip:a@192.0.2.9>\r\n{headers}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub(super) fn endpoint() -> Endpoint {
    let settings = Settings {
        dialogs: Dialogs::default(),
        listening: Listening::udp_only(([192, 0, 2, 1], 5060).into()),
        user: "hotline".to_owned(),
        user_agent: "Thirdring".to_owned(),
        calls_max: 10,
    };
    Endpoint::new(settings, Entropy::from_number(1))
}

/// All that is done with one datagram: read, answered, its offer read, the call refused.
pub(super) fn take(endpoint: &mut Endpoint, datagram: &[u8]) {
    endpoint.receive(
        datagram,
        std::net::SocketAddr::from(([192, 0, 2, 9], 5060)),
        Moment::ZERO,
    );
    while let Some((leg, event)) = endpoint.poll_event() {
        if let Event::Invited(invited) = event {
            let offer = invited.offer.as_deref().map(offer_answer::read);
            std::hint::black_box((invited.from.display(), offer.is_some()));
            let refused = endpoint.reject(leg, &Refusal::new(486), Moment::ZERO);
            refused.expect("it has just come");
        }
    }
    while endpoint.poll_transmit().is_some() {}
}
