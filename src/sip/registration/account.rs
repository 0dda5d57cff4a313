use std::net::SocketAddr;
use std::time::Duration;

use uuid::Uuid;

use crate::sip::dialog::MAX_FORWARDS;
use crate::sip::digest::Credentials;
use crate::sip::wire::{BadUri, Message, NameAddr, Uri};
use crate::sip::{Hop, Transport};
use crate::words::Pii;

/// The extensions of our REGISTER: RFC 3327 and RFC 5626.
const SUPPORTED: &str = "path, outbound";

/// A line of ours at somebody's registrar.
#[derive(Clone, Debug)]
pub struct Account {
    pub of_record: AddressOfRecord,
    pub credentials: Credentials,
    /// Every request goes by it (a Route).
    pub outbound_proxy: Option<Uri>,
    /// The user part of our Contact.
    pub contact_user: Pii<String>,
    /// This device, the same after each start (RFC 5626 4.1).
    pub instance: Uuid,
    /// What we ask for.
    pub expires: Duration,
    /// The first REGISTER waits a random part of it: not all PCs at 08:55 at once.
    pub start_jitter: Duration,
}

/// `"Display" <sip:username@domain>`: who we are to the world.
#[derive(Clone, Debug)]
pub struct AddressOfRecord {
    address: NameAddr,
    registrar: Uri,
}

/// What changes from one REGISTER to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Particulars<'a> {
    pub(super) call_id: &'a str,
    pub(super) tag: &'a str,
    pub(super) cseq: u32,
    pub(super) contact: &'a Uri,
    /// A Contact of ours that leads nowhere by now.
    pub(super) gone: Option<&'a Uri>,
    pub(super) expires: Duration,
}

impl AddressOfRecord {
    /// `domain` may end in a port.
    pub fn new(username: &str, domain: &str, display: Option<&str>) -> Result<Self, BadUri> {
        let address = NameAddr::new(display, Uri::at(username, domain)?);
        let registrar = Uri::at("", domain)?;
        Ok(Self { address, registrar })
    }

    pub fn address(&self) -> &NameAddr {
        &self.address
    }

    pub(super) fn registrar(&self) -> &str {
        self.registrar.as_str()
    }
}

impl Account {
    /// Where others reach us: `ours` is our own end.
    pub(super) fn contact(&self, ours: Hop) -> Uri {
        // Made anew: the zone of an IPv6 address means nothing to others.
        let address = SocketAddr::new(ours.address.ip(), ours.address.port());
        let plain = Uri::sip(self.contact_user.reveal(), address);
        let transport = match ours.transport {
            Transport::Udp => return plain,
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
        };
        let named = format!("{plain};transport={transport}").parse();
        named.unwrap_or(plain)
    }

    /// The value of `+sip.instance`, without its quotes.
    pub(super) fn instance(&self) -> String {
        format!("<{}>", self.instance.urn())
    }

    /// A REGISTER without Via and without credentials (RFC 3261 10.2).
    pub(super) fn register(&self, it: Particulars<'_>) -> Message {
        let AddressOfRecord { address, registrar } = &self.of_record;
        let mut message = Message::request("REGISTER", registrar.as_str());
        if let Some(proxy) = &self.outbound_proxy {
            message.push("Route", loose(proxy));
        }
        message.push("Max-Forwards", MAX_FORWARDS);
        message.push("From", format!("{address};tag={}", it.tag));
        message.push("To", address.to_string());
        message.push("Call-ID", it.call_id);
        message.push("CSeq", format!("{} REGISTER", it.cseq));
        let instance = self.instance();
        let contact = it.contact;
        message.push(
            "Contact",
            format!("<{contact}>;+sip.instance=\"{instance}\";reg-id=1"),
        );
        if let Some(gone) = it.gone {
            message.push("Contact", format!("<{gone}>;expires=0"));
        }
        message.push("Expires", it.expires.as_secs().to_string());
        message.push("Supported", SUPPORTED);
        message
    }
}

pub(super) fn loose(proxy: &Uri) -> String {
    match proxy.param("lr") {
        Some(_) => format!("<{proxy}>"),
        None => format!("<{proxy};lr>"),
    }
}

#[cfg(test)]
pub(super) mod samples {
    use super::*;

    pub(in crate::sip::registration) fn account() -> Account {
        let password = Pii::new("s3cret".to_owned());
        Account {
            of_record: AddressOfRecord::new("8001", "pbx.example.com", Some("Hotline")).unwrap(),
            credentials: Credentials::new("8001-auth", password).only_for("pbx"),
            outbound_proxy: None,
            contact_user: Pii::new("hotline".to_owned()),
            instance: Uuid::from_u128(7),
            expires: Duration::from_secs(600),
            start_jitter: Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(transport: Transport, address: &str) -> Hop {
        Hop::to(transport, address.parse().unwrap())
    }

    fn particulars(contact: &Uri) -> Particulars<'_> {
        Particulars {
            call_id: "c",
            tag: "t",
            cseq: 3,
            contact,
            gone: None,
            expires: Duration::from_secs(600),
        }
    }

    #[test]
    fn the_contact_names_our_transport() {
        let of = |transport, address| samples::account().contact(hop(transport, address));
        let udp = of(Transport::Udp, "192.0.2.1:5060");
        assert_eq!(udp.as_str(), "sip:hotline@192.0.2.1:5060");
        let tls = of(Transport::Tls, "[2001:db8::1]:5061");
        assert_eq!(tls.as_str(), "sip:hotline@[2001:db8::1]:5061;transport=tls");
    }

    #[test]
    fn a_register_names_account_device_and_wish() {
        let account = samples::account();
        let contact = account.contact(hop(Transport::Udp, "192.0.2.1:5060"));
        let message = account.register(particulars(&contact));
        let start = Message::request("REGISTER", "sip:pbx.example.com").start;
        assert_eq!(message.start, start);
        for (name, value) in [
            ("From", "\"Hotline\" <sip:8001@pbx.example.com>;tag=t"),
            ("To", "\"Hotline\" <sip:8001@pbx.example.com>"),
            ("CSeq", "3 REGISTER"),
            (
                "Contact",
                "<sip:hotline@192.0.2.1:5060>;\
                 +sip.instance=\"<urn:uuid:00000000-0000-0000-0000-000000000007>\";reg-id=1",
            ),
            ("Expires", "600"),
            ("Supported", "path, outbound"),
        ] {
            assert_eq!(message.value(name), Some(value), "{name}");
        }
        assert_eq!(message.value("Route"), None);
    }

    #[test]
    fn an_outbound_proxy_is_a_loose_route() {
        let contact: Uri = "sip:a@b".parse().unwrap();
        for proxy in ["sip:proxy.example.com", "sip:proxy.example.com;lr"] {
            let account = Account {
                outbound_proxy: Some(proxy.parse().unwrap()),
                ..samples::account()
            };
            let message = account.register(particulars(&contact));
            assert_eq!(message.value("Route"), Some("<sip:proxy.example.com;lr>"));
        }
    }

    #[test]
    fn an_account_prints_no_number_and_no_password() {
        let text = format!("{:?}", samples::account());
        for secret in ["8001", "s3cret", "hotline"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}
