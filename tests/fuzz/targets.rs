//! What must hold whatever the bytes are. Nothing here knows tests or files: `fuzz/` uses it as it is.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use thirdring::sip::digest::{Challenge, Credentials, Login, Md5, Verdict, Verifier};
use thirdring::sip::offer_answer::{Codec, Codecs, Origin, answer, read, settle};
use thirdring::sip::stun::StunClient;
use thirdring::sip::{
    Dialogs, Endpoint, Event, Framer, Listening, Message, Piece, Refusal, Settings, Uri,
    read_message,
};
use thirdring::words::{Entropy, Moment, Pii};

/// A message is never longer, so that a longer stream may break anywhere (`Framer`).
const STREAM_MAX: usize = 64 * 1024;
/// All timers of a refused call have run out.
const SILENCE: Duration = Duration::from_secs(100);
/// The most datagrams that answer one: nobody is flooded by way of us.
const ANSWERS_MAX: usize = 2;
/// Below are other services' ports.
const MEDIA_PORT_MIN: u16 = 1024;

fn ours() -> SocketAddr {
    ([192, 0, 2, 1], 5060).into()
}

fn theirs() -> SocketAddr {
    ([192, 0, 2, 9], 5060).into()
}

/// Answers go to where the datagram came from, are well-formed and few, and nothing is left of it.
pub(crate) fn datagram(bytes: &[u8]) {
    let settings = Settings {
        dialogs: Dialogs::default(),
        listening: Listening::udp_only(ours()),
        user: "hotline".to_owned(),
        user_agent: "Thirdring".to_owned(),
        calls_max: 4,
    };
    let mut endpoint = Endpoint::new(settings, Entropy::from_number(1));
    endpoint.receive(bytes, theirs(), Moment::ZERO);
    while let Some((leg, event)) = endpoint.poll_event() {
        assert!(matches!(event, Event::Invited(_)), "{event:?}");
        let refused = endpoint.reject(leg, &Refusal::new(486), Moment::ZERO);
        refused.expect("it has just come");
    }
    let sent: Vec<_> = std::iter::from_fn(|| endpoint.poll_transmit()).collect();
    assert!(sent.len() <= ANSWERS_MAX);
    for transmit in sent {
        assert_eq!(transmit.to.address.ip(), theirs().ip());
        let text = transmit.bytes.escape_ascii();
        assert!(read_message(&transmit.bytes).is_ok(), "we sent {text}");
    }
    let end = Moment::ZERO + SILENCE;
    while let Some(due) = endpoint.timeout().filter(|due| *due <= end) {
        endpoint.handle_timeout(due);
    }
    assert!(endpoint.is_idle() && endpoint.timeout().is_none());
}

/// The same pieces come out, split into parts of the length the first byte names or not at all.
pub(crate) fn stream(bytes: &[u8]) {
    let Some((size, stream)) = bytes.split_first() else {
        return;
    };
    let stream = stream.get(..STREAM_MAX).unwrap_or(stream);
    let size = usize::from(*size).max(1);
    let split = pieces(stream.chunks(size));
    assert_eq!(split, pieces([stream].into_iter()), "in parts of {size}");
    for piece in split {
        if let Piece::Message(message) = piece {
            // A message cut out may still be malformed.
            let _ = read_message(&message);
        }
    }
}

fn pieces<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Vec<Piece> {
    let mut framer = Framer::default();
    let mut found = Vec::new();
    for part in parts {
        framer.push(part);
        found.extend(std::iter::from_fn(|| framer.next_piece()));
    }
    found
}

/// A URI that is read is written as it came, names itself, and its parts can be asked for.
pub(crate) fn uri(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(uri) = text.parse::<Uri>() else {
        return;
    };
    assert_eq!(uri.as_str(), text);
    assert!(uri.is_same(&uri));
    if let Some(hop) = uri.hop() {
        assert_eq!(hop.address.port(), uri.port());
    }
    let user = uri.user().unwrap_or_default();
    let again = Uri::sip(&user, theirs());
    let read: Uri = again.as_str().parse().expect("ours is well-formed");
    assert_eq!(read.user().unwrap_or_default(), user);
}

/// An answer of ours means what we take it for, and media goes to no broadcast, multicast or privileged port.
pub(crate) fn sdp(bytes: &[u8]) {
    let Ok(offer) = read(bytes) else {
        return;
    };
    let origin = Origin { id: 1, version: 1 };
    let codecs = Codecs::new(&Codec::ALL).expect("there are some");
    let Ok((answer, negotiated)) = answer(&offer, ours(), origin, &codecs) else {
        return;
    };
    let text = answer.escape_ascii();
    let read = read(&answer).unwrap_or_else(|_| panic!("we answered {text}"));
    let understood = settle(&read, &codecs).unwrap_or_else(|_| panic!("we answered {text}"));
    assert_eq!(
        (
            understood.codec,
            understood.payload_type,
            understood.telephone_event
        ),
        (
            negotiated.codec,
            negotiated.payload_type,
            negotiated.telephone_event
        ),
    );
    for place in [negotiated.remote, negotiated.remote_rtcp] {
        let allowed = place.ip().is_unspecified() || place.port() >= MEDIA_PORT_MIN;
        let broadcast = place.ip() == IpAddr::from([255, 255, 255, 255]);
        assert!(
            allowed && !broadcast && !place.ip().is_multicast(),
            "{place}"
        );
    }
}

/// What is found in a multipart body is a part of it.
pub(crate) fn multipart(bytes: &[u8]) {
    let mut message = Message::request("INVITE", "sip:hotline@192.0.2.1");
    message.set_body("multipart/mixed;boundary=x", Bytes::copy_from_slice(bytes));
    if let Some(found) = message.sdp() {
        let at = found.as_ptr() as usize - message.body.as_ptr() as usize;
        assert_eq!(bytes.get(at..at + found.len()), Some(&*found));
    }
}

/// Any challenge is answered or not, and any answer of a stranger proves nothing.
pub(crate) fn digest(bytes: &[u8]) {
    let value = String::from_utf8_lossy(bytes);
    let mut entropy = Entropy::from_number(1);
    let secret = || Pii::new("s3cret".to_owned());
    let mut request = Message::request("REGISTER", "sip:thirdring");
    request.push("Authorization", value.as_ref());
    let passwords = BTreeMap::from([(Pii::new("rep1".to_owned()), secret())]);
    let mut verifier = Verifier::new("thirdring", passwords, Md5::Offered, &mut entropy);
    let verdict = verifier.verify(&request, theirs().ip(), Moment::ZERO);
    assert!(!matches!(verdict, Verdict::Genuine { .. }));
    let asked = verifier.challenges(&verdict, theirs().ip(), Moment::ZERO);
    assert!(!asked.is_empty());

    let mut refusal = Message::response(401, "Unauthorized");
    refusal.push("WWW-Authenticate", value.as_ref());
    let mut login = Login::new(Credentials::new("rep1", secret()));
    if login.challenged(&refusal, &mut entropy).is_ok() {
        assert!(!Challenge::read_all(&refusal).is_empty());
        login.sign(&mut request);
    }
}

/// Whatever answers our Binding request, only our server is believed, and once.
pub(crate) fn stun(bytes: &[u8]) {
    let mut client = StunClient::new(theirs(), Entropy::from_number(1));
    let (request, _) = client.handle_timeout(Moment::ZERO);
    let request = request.expect("it asks at once");
    let mut answer = bytes.to_vec();
    // It could not guess what names the request: here it need not.
    if let (Some(theirs), Some(ours)) = (answer.get_mut(4..20), request.get(4..20)) {
        theirs.copy_from_slice(ours);
    }
    assert_eq!(client.receive(&answer, ours(), Moment::ZERO), None);
    let first = client.receive(&answer, theirs(), Moment::ZERO);
    let again = client.receive(&answer, theirs(), Moment::ZERO);
    assert!(first.is_none() || again.is_none(), "{first:?} {again:?}");
    assert!(client.timeout() > Moment::ZERO);
}
