//! Whether a registrar knows us: a REGISTER without a Contact, which asks and changes nothing (RFC 3261 10.2.3).

use std::net::SocketAddr;

use super::account::{AddressOfRecord, loose};
use crate::sip::dialog::MAX_FORWARDS;
use crate::sip::digest::{Credentials, Login, NotAnswered};
use crate::sip::wire::{Message, Start, Uri, Via, split};
use crate::words::Entropy;

/// The length of tag and Call-ID, in characters of 5 bits.
const TOKEN: usize = 20;
/// Challenges answered: a proxy's, the registrar's, and one for each nonce that was called stale.
const ASKED_MAX: u32 = 5;

/// Asks about one account. Whoever is registered as it stays so.
#[derive(Debug)]
pub struct Inquiry {
    of_record: AddressOfRecord,
    proxy: Option<Uri>,
    login: Login,
    call_id: String,
    tag: String,
    asked: u32,
    entropy: Entropy,
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub verdict: Verdict,
    /// The registrar's clock, as it wrote it (RFC 3261 20.17).
    pub date: Option<String>,
    /// Where the request came from, as the other side saw it (RFC 3261 18.2.1, RFC 3581 4).
    pub seen_as: Option<SocketAddr>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It knows us; so many phones are registered there.
    Known {
        bindings: usize,
    },
    /// It asks for the password: send this.
    Again(Box<Message>),
    Refused {
        code: u16,
        why: Option<NotAnswered>,
    },
    /// A provisional response, or none at all.
    NotYet,
}

impl Inquiry {
    pub fn new(
        of_record: AddressOfRecord,
        credentials: Credentials,
        proxy: Option<Uri>,
        mut entropy: Entropy,
    ) -> Self {
        Self {
            of_record,
            proxy,
            login: Login::new(credentials),
            call_id: entropy.token(TOKEN),
            tag: entropy.token(TOKEN),
            asked: 0,
            entropy,
        }
    }

    /// The next REGISTER, without Via: the first one, or one that proves who we are.
    pub fn request(&mut self) -> Message {
        self.asked = self.asked.saturating_add(1);
        let mut message = Message::request("REGISTER", self.of_record.registrar());
        if let Some(proxy) = &self.proxy {
            message.push("Route", loose(proxy));
        }
        let address = self.of_record.address();
        message.push("Max-Forwards", MAX_FORWARDS);
        message.push("From", format!("{address};tag={}", self.tag));
        message.push("To", address.to_string());
        message.push("Call-ID", self.call_id.as_str());
        message.push("CSeq", format!("{} REGISTER", self.asked));
        self.login.sign(&mut message);
        message
    }

    pub fn responded(&mut self, response: &Message) -> Reply {
        Reply {
            verdict: self.verdict(response),
            date: response.value("Date").map(str::to_owned),
            seen_as: seen_as(response),
        }
    }

    fn verdict(&mut self, response: &Message) -> Verdict {
        let Start::Response { code, .. } = response.start else {
            return Verdict::NotYet;
        };
        match code {
            100..=199 => Verdict::NotYet,
            200..=299 => Verdict::Known {
                bindings: response.values("Contact").flat_map(split).count(),
            },
            401 | 407 => match self.login.challenged(response, &mut self.entropy) {
                Ok(()) if self.asked < ASKED_MAX => Verdict::Again(Box::new(self.request())),
                Ok(()) => refused(code, NotAnswered::AlwaysStale),
                Err(why) => refused(code, why),
            },
            _ => Verdict::Refused { code, why: None },
        }
    }
}

fn refused(code: u16, why: NotAnswered) -> Verdict {
    Verdict::Refused {
        code,
        why: Some(why),
    }
}

/// Of our own Via, which comes back: none where the other side fills in nothing.
fn seen_as(response: &Message) -> Option<SocketAddr> {
    let via = Via::read(response.value("Via")?).ok()?;
    let ip = via
        .param("received")?
        .trim_matches(['[', ']'])
        .parse()
        .ok()?;
    let port = via.param("rport")?.parse().ok()?;
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Pii;

    fn inquiry() -> Inquiry {
        let of_record = AddressOfRecord::new("8001", "pbx.example.com", None).unwrap();
        let credentials = Credentials::new("8001", Pii::new("s3cret".to_owned()));
        Inquiry::new(of_record, credentials, None, Entropy::from_number(1))
    }

    fn response(code: u16, headers: &[(&str, &str)]) -> Message {
        let mut response = Message::response(code, "Answer");
        for (name, value) in headers {
            response.push(name, *value);
        }
        response
    }

    fn challenge(nonce: &str) -> Message {
        let value = format!("Digest realm=\"pbx\",nonce=\"{nonce}\",qop=\"auth\"");
        response(401, &[("WWW-Authenticate", &value)])
    }

    #[test]
    fn it_asks_without_a_contact_and_proves_who_it_is() {
        let mut inquiry = inquiry();
        let first = inquiry.request();
        assert_eq!(first.value("Contact"), None, "no binding is touched");
        assert_eq!(first.value("Expires"), None);
        let Verdict::Again(second) = inquiry.responded(&challenge("1")).verdict else {
            panic!("it does not answer");
        };
        assert!(second.value("Authorization").is_some() && second.value("Contact").is_none());
        assert_eq!(second.value("CSeq"), Some("2 REGISTER"));
        let granted = response(
            200,
            &[("Contact", "<sip:a@1.2.3.4>;expires=60, <sip:a@1.2.3.5>")],
        );
        let known = inquiry.responded(&granted).verdict;
        assert_eq!(known, Verdict::Known { bindings: 2 });
    }

    #[test]
    fn a_wrong_password_is_not_tried_again() {
        let mut inquiry = inquiry();
        inquiry.request();
        inquiry.responded(&challenge("1"));
        let told = inquiry.responded(&challenge("2")).verdict;
        assert_eq!(told, refused(401, NotAnswered::Refused));
    }

    #[test]
    fn a_registrar_that_asks_for_ever_is_left() {
        let mut inquiry = inquiry();
        inquiry.request();
        let stale = |n: u32| {
            let value = format!("Digest realm=\"pbx\",nonce=\"{n}\",qop=\"auth\",stale=true");
            response(401, &[("WWW-Authenticate", &value)])
        };
        let ended = (0..10).map(|n| inquiry.responded(&stale(n)).verdict);
        let again = ended.take_while(|it| matches!(it, Verdict::Again(_)));
        assert!(again.count() < 6);
    }

    #[test]
    fn any_other_refusal_is_told_by_its_status_and_a_provisional_one_is_waited_out() {
        let mut inquiry = inquiry();
        inquiry.request();
        let told = inquiry.responded(&response(404, &[])).verdict;
        assert_eq!(
            told,
            Verdict::Refused {
                code: 404,
                why: None
            }
        );
        let told = inquiry.responded(&response(100, &[])).verdict;
        assert_eq!(told, Verdict::NotYet);
    }

    #[test]
    fn the_other_side_tells_its_time_and_where_it_sees_us() {
        let mut inquiry = inquiry();
        inquiry.request();
        let via = "SIP/2.0/UDP 10.0.0.5:5060;rport=4444;branch=z9hG4bKx;received=203.0.113.5";
        let date = "Sat, 13 Nov 2010 23:29:00 GMT";
        let reply = inquiry.responded(&response(200, &[("Via", via), ("Date", date)]));
        assert_eq!(reply.date.as_deref(), Some(date));
        assert_eq!(reply.seen_as, Some("203.0.113.5:4444".parse().unwrap()));
        let plain = "SIP/2.0/UDP 10.0.0.5:5060;rport;branch=z9hG4bKx";
        let reply = inquiry.responded(&response(200, &[("Via", plain)]));
        assert_eq!(reply.seen_as, None);
    }
}
