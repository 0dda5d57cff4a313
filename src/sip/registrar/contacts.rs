use std::time::Duration;

use super::settings::ExpiryLimits;
use crate::sip::wire::{Message, NameAddr, Uri};

/// What a REGISTER wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// No Contact: only the list of bindings.
    List,
    /// `Contact: *` with `Expires: 0`.
    RemoveAll,
    Contacts(Vec<Contact>),
}

/// One Contact value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Contact {
    pub(super) uri: Uri,
    pub(super) device: Option<Device>,
    /// Zero to be removed; otherwise within the limits.
    pub(super) expires: Duration,
}

/// Which flow of which device a binding belongs to (RFC 5626 4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Device {
    /// As it came: `<urn:uuid:...>`.
    pub(super) instance: String,
    /// Zero where the phone names none.
    pub(super) reg_id: u32,
}

/// Why the wish cannot be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadWish {
    /// A Contact that is no SIP address or too long, or `*` beside others or without `Expires: 0`.
    Contact,
    TooMany,
    /// Less than the least we grant.
    TooBrief,
}

/// The most Contacts taken of one REGISTER; more are answered 400.
const CONTACTS_MAX: usize = 8;
/// The longest URI of a Contact, in bytes; a longer one is answered 400.
const URI_MAX: usize = 512;
/// The longest `+sip.instance` kept, in bytes; a longer one is passed over.
const INSTANCE_MAX: usize = 256;

impl Wish {
    /// Reads the Contact and Expires headers (RFC 3261 10.3, steps 6 and 7).
    pub(super) fn read(request: &Message, limits: &ExpiryLimits) -> Result<Self, BadWish> {
        let values: Vec<&str> = request.values("Contact").collect();
        let expires = request.value("Expires");
        match values.as_slice() {
            [] => Ok(Self::List),
            ["*"] if expires.is_some_and(|it| it.trim() == "0") => Ok(Self::RemoveAll),
            values if values.len() > CONTACTS_MAX => Err(BadWish::TooMany),
            values => {
                let contacts = values.iter().map(|value| contact(value, expires, limits));
                contacts.collect::<Result<_, _>>().map(Self::Contacts)
            }
        }
    }
}

impl Contact {
    /// Whether both stand for the same binding: the same flow of the same device, or, where one
    /// names no device, the same address.
    pub(super) fn is_same(&self, uri: &Uri, device: Option<&Device>) -> bool {
        match (&self.device, device) {
            (Some(ours), Some(theirs)) => ours == theirs,
            (Some(_) | None, _) => self.uri.is_same(uri),
        }
    }
}

fn contact(value: &str, header: Option<&str>, limits: &ExpiryLimits) -> Result<Contact, BadWish> {
    let address = NameAddr::read(value).map_err(|_| BadWish::Contact)?;
    let uri = address.uri();
    if !["sip", "sips"].contains(&uri.scheme()) || uri.as_str().len() > URI_MAX {
        return Err(BadWish::Contact);
    }
    let asked = address.param("expires").or(header).map(str::trim);
    Ok(Contact {
        device: device(&address),
        expires: granted(asked, limits)?,
        uri: uri.clone(),
    })
}

/// RFC 3261 10.2.1.1: a malformed value counts as none.
fn granted(asked: Option<&str>, limits: &ExpiryLimits) -> Result<Duration, BadWish> {
    let asked = asked.and_then(|text| text.parse().ok());
    let asked = asked.map_or(limits.default, Duration::from_secs);
    if asked.is_zero() {
        return Ok(asked);
    }
    match asked < limits.min {
        true => Err(BadWish::TooBrief),
        false => Ok(asked.min(limits.max)),
    }
}

fn device(address: &NameAddr) -> Option<Device> {
    let instance = address.param("+sip.instance")?;
    let reg_id = address.param("reg-id").and_then(|text| text.parse().ok());
    let fits = !instance.is_empty() && instance.len() <= INSTANCE_MAX;
    fits.then(|| Device {
        instance: instance.to_owned(),
        reg_id: reg_id.unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: ExpiryLimits = ExpiryLimits {
        min: Duration::from_secs(60),
        max: Duration::from_secs(3600),
        default: Duration::from_secs(600),
    };

    fn wish(headers: &[(&str, &str)]) -> Result<Wish, BadWish> {
        let mut request = Message::request("REGISTER", "sip:thirdring");
        for (name, value) in headers {
            request.push(name, *value);
        }
        Wish::read(&request, &LIMITS)
    }

    fn only(headers: &[(&str, &str)]) -> Contact {
        match wish(headers) {
            Ok(Wish::Contacts(contacts)) => contacts[0].clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_contacts_own_expiry_comes_before_the_headers() {
        let seconds = |headers: &[(&str, &str)]| only(headers).expires.as_secs();
        let with = ("Contact", "<sip:a@192.0.2.9>;expires=120");
        let without = ("Contact", "<sip:a@192.0.2.9>");
        assert_eq!(seconds(&[with, ("Expires", "300")]), 120);
        assert_eq!(seconds(&[without, ("Expires", "300")]), 300);
        assert_eq!(seconds(&[without]), 600);
        assert_eq!(seconds(&[without, ("Expires", "tomorrow")]), 600);
        assert_eq!(seconds(&[without, ("Expires", "7200")]), 3600);
        assert_eq!(seconds(&[without, ("Expires", "0")]), 0);
        assert_eq!(wish(&[without, ("Expires", "59")]), Err(BadWish::TooBrief));
    }

    #[test]
    fn a_star_stands_alone_and_with_expires_zero() {
        let star = ("Contact", "*");
        assert_eq!(wish(&[star, ("Expires", "0")]), Ok(Wish::RemoveAll));
        assert_eq!(wish(&[star]), Err(BadWish::Contact));
        assert_eq!(wish(&[star, ("Expires", "60")]), Err(BadWish::Contact));
        let other = ("Contact", "<sip:a@b>");
        assert_eq!(
            wish(&[star, other, ("Expires", "0")]),
            Err(BadWish::Contact)
        );
        assert_eq!(wish(&[]), Ok(Wish::List));
    }

    #[test]
    fn only_sip_addresses_are_bound() {
        for value in ["<mailto:a@b>", "tel:+1", "<", ""] {
            assert_eq!(
                wish(&[("Contact", value)]),
                Err(BadWish::Contact),
                "{value}"
            );
        }
    }

    #[test]
    fn contacts_are_bounded_in_number_and_length() {
        let contact = ("Contact", "<sip:a@192.0.2.9>");
        assert!(wish(&[contact; CONTACTS_MAX]).is_ok());
        assert_eq!(wish(&[contact; CONTACTS_MAX + 1]), Err(BadWish::TooMany));
        let long = format!("<sip:{}@192.0.2.9>", "a".repeat(URI_MAX));
        assert_eq!(wish(&[("Contact", &long)]), Err(BadWish::Contact));
    }

    #[test]
    fn a_device_is_told_by_instance_and_flow() {
        let of = |value| only(&[("Contact", value)]);
        let first = of("<sip:a@192.0.2.9:1>;+sip.instance=\"<urn:uuid:1>\";reg-id=1");
        let moved = of("<sip:a@192.0.2.9:2>;reg-id=1;+sip.instance=\"<urn:uuid:1>\"");
        let other_flow = of("<sip:a@192.0.2.9:1>;+sip.instance=\"<urn:uuid:1>\";reg-id=2");
        let plain = of("<sip:a@192.0.2.9:1>");
        let same = |one: &Contact, other: &Contact| one.is_same(&other.uri, other.device.as_ref());
        assert!(same(&first, &moved));
        assert!(!same(&first, &other_flow));
        assert!(same(&first, &plain) && !same(&moved, &plain));
    }

    proptest! {
        #[test]
        fn any_contact_is_read_without_panic(contact in "\\PC{0,100}", expires in "\\PC{0,20}") {
            let _ = wish(&[("Contact", &contact), ("Expires", &expires)]);
        }
    }
}
