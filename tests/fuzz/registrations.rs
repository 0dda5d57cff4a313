//! REGISTERs of strangers and of a phone that knows its password. Nothing here knows tests or files: `fuzz/` uses it
//! as it is.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use thirdring::sip::digest::{Credentials, Login, Md5};
use thirdring::sip::registrar::{ExpiryLimits, Outcome, PhoneLogin, Registrar, RegistrarSettings};
use thirdring::sip::{Hop, Message, read_message};
use thirdring::words::{Entropy, Moment, Pii, SeatId};

/// Longer than any binding lives.
const LONG: Duration = Duration::from_secs(4_000);

fn seat() -> SeatId {
    "rep1".parse().expect("an id")
}

fn ours() -> Registrar {
    let login = PhoneLogin {
        username: Pii::new("rep1".to_owned()),
        password: Pii::new("s3cret".to_owned()),
    };
    let settings = RegistrarSettings {
        domain: "thirdring".to_owned(),
        phones: BTreeMap::from([(seat(), login)]),
        expires: ExpiryLimits::default(),
        md5: Md5::Refused,
    };
    Registrar::new(settings, Entropy::from_number(1))
}

fn request(contacts: &[u8], cseq: u32) -> Option<Message> {
    let head = format!(
        "REGISTER sip:thirdring SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK{cseq}\r\n\
         From: <sip:rep1@thirdring>;tag=1\r\nTo: <sip:rep1@thirdring>\r\nCall-ID: 1\r\n\
         CSeq: {cseq} REGISTER\r\nMax-Forwards: 70\r\nContact: "
    );
    let text = [head.as_bytes(), contacts, b"\r\n\r\n"].concat();
    read_message(&text).ok()
}

fn response(outcome: &Outcome) -> Message {
    let mut response = Message::response(outcome.code, outcome.reason);
    for (name, value) in &outcome.headers {
        response.push(name, value.reveal().as_str());
    }
    response
}

/// Nobody is bound before he proved himself; whatever his phone then asks for ends by itself.
pub(crate) fn registrar(bytes: &[u8]) {
    let address: SocketAddr = ([192, 0, 2, 9], 5060).into();
    let (from, now) = (Hop::udp(address), Moment::ZERO);
    let mut registrar = ours();
    let Some(first) = request(bytes, 1) else {
        return;
    };
    let refused = registrar.register(&first, from, now);
    assert!(refused.code >= 400, "{refused:?}");
    assert!(registrar.locate(&seat(), now).is_none() && registrar.timeout().is_none());

    let password = Pii::new("s3cret".to_owned());
    let mut login = Login::new(Credentials::new("rep1", password));
    let mut entropy = Entropy::from_number(2);
    if login.challenged(&response(&refused), &mut entropy).is_err() {
        return;
    }
    let mut second = request(bytes, 2).expect("it was read before");
    login.sign(&mut second);
    let outcome = registrar.register(&second, from, now);
    if outcome.code != 200 {
        assert!(registrar.locate(&seat(), now).is_none(), "{outcome:?}");
        return;
    }
    if let Some(until) = registrar.timeout() {
        assert!(until <= now + LONG);
    }
    registrar.handle_timeout(now + LONG);
    assert!(registrar.locate(&seat(), now + LONG).is_none());
    assert!(registrar.timeout().is_none());
}
