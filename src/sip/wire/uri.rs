use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use super::params::Params;
use super::text::{bytes_of, from_wire};
use crate::sip::{Hop, Transport};

/// The parameters that tell two URIs apart where only one has them (RFC 3261 19.1.4).
const COMPARED: [&str; 5] = ["transport", "user", "ttl", "method", "maddr"];

/// A URI: kept as it came, with its parts beside it. `Debug` hides whose it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Uri {
    text: String,
    scheme: String,
    user: Option<String>,
    host: String,
    port: Option<u16>,
    params: Params,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadUri {
    Scheme,
    User,
    Host,
    Port,
    Character,
}

impl fmt::Display for BadUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "a URI without a scheme",
            Self::User => "a URI with a malformed user part",
            Self::Host => "a URI with a malformed host",
            Self::Port => "a URI with a malformed port",
            Self::Character => "a URI with a forbidden character",
        })
    }
}

impl std::error::Error for BadUri {}

impl Uri {
    /// `sip:user@address`.
    pub fn sip(user: &str, address: SocketAddr) -> Self {
        let user = (!user.is_empty()).then(|| escaped(user));
        let at = user
            .as_ref()
            .map_or(String::new(), |user| format!("{user}@"));
        Self {
            text: format!("sip:{at}{address}"),
            scheme: "sip".to_owned(),
            user,
            host: host_of(address.ip()),
            port: Some(address.port()),
            params: Params::default(),
        }
    }

    /// `sip:user@address`, with the transport where it is not UDP; TLS is a parameter, not `sips:`,
    /// which would bind every hop of the call (RFC 5630 3.1.4).
    pub fn sip_over(transport: Transport, user: &str, address: SocketAddr) -> Self {
        let plain = Self::sip(user, address);
        match transport {
            Transport::Udp => plain,
            Transport::Tcp | Transport::Tls => {
                let word = transport.of_via().to_ascii_lowercase();
                let params = format!(";transport={word}");
                Self {
                    text: format!("{plain}{params}"),
                    params: Params::new(&params),
                    ..plain
                }
            }
        }
    }

    /// `sip:user@host`, or `sip:host` without a user; `host` may end in a port.
    pub fn at(user: &str, host: &str) -> Result<Self, BadUri> {
        match user {
            "" => format!("sip:{host}").parse(),
            _ => format!("sip:{}@{host}", escaped(user)).parse(),
        }
    }

    /// Whether both name one place (RFC 3261 19.1.4), header fields aside.
    pub fn is_same(&self, other: &Self) -> bool {
        let param = |uri: &Self, name| uri.param(name).map(str::to_ascii_lowercase);
        self.scheme == other.scheme
            && self.user() == other.user()
            && self.host.eq_ignore_ascii_case(&other.host)
            && self.port == other.port
            && COMPARED
                .iter()
                .all(|name| param(self, name) == param(other, name))
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// In lower case.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The user part, or the number of a `tel:` URI, with `%hh` undone; without a password.
    pub fn user(&self) -> Option<String> {
        let user = self.user.as_deref()?;
        Some(unescaped(user.split(':').next().unwrap_or(user)))
    }

    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, by default its transport's.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(self.transport().default_port())
    }

    /// The port, only where it stands there: without one a service may be looked up (RFC 3263 4).
    pub fn named_port(&self) -> Option<u16> {
        self.port
    }

    /// What it asks to be reached by (RFC 3263 4.1, without a look-up).
    pub fn transport(&self) -> Transport {
        let named = self.param("transport").unwrap_or_default();
        if self.scheme == "sips" || named.eq_ignore_ascii_case("tls") {
            Transport::Tls
        } else if named.eq_ignore_ascii_case("tcp") {
            Transport::Tcp
        } else {
            Transport::Udp
        }
    }

    /// The hop it names without asking anyone; none for a domain name.
    pub fn hop(&self) -> Option<Hop> {
        Some(Hop::to(self.transport(), self.address()?))
    }

    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name)
    }

    /// The address it names without asking anyone; none for a domain name.
    pub fn address(&self) -> Option<SocketAddr> {
        let bare = self.host.trim_matches(['[', ']']);
        let ip = bare.parse().ok().or_else(|| ipv6(bare).map(IpAddr::V6))?;
        Some(SocketAddr::new(ip, self.port()))
    }
}

impl FromStr for Uri {
    type Err = BadUri;

    fn from_str(text: &str) -> Result<Self, BadUri> {
        let (scheme, rest) = text.split_once(':').ok_or(BadUri::Scheme)?;
        if text.contains(|c: char| c.is_ascii_control() || " <>\"".contains(c)) {
            return Err(BadUri::Character);
        }
        let of_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.chars().all(of_scheme)
        {
            return Err(BadUri::Scheme);
        }
        let mut uri = Self {
            text: text.to_owned(),
            scheme: scheme.to_ascii_lowercase(),
            user: None,
            host: String::new(),
            port: None,
            params: Params::default(),
        };
        match uri.scheme.as_str() {
            "sip" | "sips" => uri.read_sip(rest)?,
            "tel" => uri.read_tel(rest)?,
            _ => {}
        }
        Ok(uri)
    }
}

impl Uri {
    fn read_sip(&mut self, rest: &str) -> Result<(), BadUri> {
        let rest = match rest.split_once('@') {
            Some(("", _)) => return Err(BadUri::User),
            Some((user, rest)) => {
                self.user = Some(well_escaped(user)?.to_owned());
                rest
            }
            None => rest,
        };
        let (rest, _headers) = rest.split_once('?').unwrap_or((rest, ""));
        let (place, params) = rest.split_once(';').unwrap_or((rest, ""));
        if !params.is_empty() {
            self.params = Params::new(&format!(";{params}"));
        }
        let (host, port) = host_and_port(place)?;
        self.host = host.to_owned();
        self.port = port;
        Ok(())
    }

    fn read_tel(&mut self, rest: &str) -> Result<(), BadUri> {
        let (number, params) = rest.split_once(';').unwrap_or((rest, ""));
        if number.is_empty() {
            return Err(BadUri::User);
        }
        self.user = Some(well_escaped(number)?.to_owned());
        self.params = Params::new(params);
        Ok(())
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:[redacted]@{}", self.scheme, self.host)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Reads `host[:port]`; an IPv6 host stands in brackets and has no zone.
pub(super) fn host_and_port(place: &str) -> Result<(&str, Option<u16>), BadUri> {
    let place = place.trim();
    let host_end = match place.find(']') {
        Some(bracket) => bracket.saturating_add(1),
        None => place.find(':').unwrap_or(place.len()),
    };
    let (host, rest) = place.split_at_checked(host_end).ok_or(BadUri::Host)?;
    let host = host.trim();
    if !is_host(host) {
        return Err(BadUri::Host);
    }
    match rest.trim() {
        "" => Ok((host, None)),
        rest => {
            let port = rest.strip_prefix(':').ok_or(BadUri::Port)?.trim();
            let port: u16 = port.parse().map_err(|_| BadUri::Port)?;
            Ok((host, (port != 0).then_some(port)))
        }
    }
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        return ipv6(inner).is_some();
    }
    let of_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    !host.is_empty() && host.chars().all(of_name)
}

/// RFC 5118 4.9: three colons come from the mistaken grammar of RFC 3261 and mean two.
fn ipv6(text: &str) -> Option<Ipv6Addr> {
    text.replace(":::", "::").parse().ok()
}

/// The host part that names `ip`: brackets around IPv6.
fn host_of(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// Refuses a `%` that two hexadecimal digits do not follow.
fn well_escaped(text: &str) -> Result<&str, BadUri> {
    let mut pieces = text.split('%');
    pieces.next();
    let digits = |piece: &str| {
        let mut bytes = piece.bytes();
        let mut hex = || bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit());
        hex() && hex()
    };
    pieces.all(digits).then_some(text).ok_or(BadUri::User)
}

/// The text with each `%hh` undone.
pub(super) fn unescaped(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let byte = piece
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (byte, piece.get(2..)) {
            (Some(byte), Some(rest)) => {
                bytes.push(byte);
                bytes.extend_from_slice(rest.as_bytes());
            }
            _ => bytes.extend_from_slice(piece.as_bytes()),
        }
    }
    from_wire(&bytes)
}

/// RFC 3261 25.1 `user`: what is neither unreserved nor user-unreserved leaves as `%hh`.
fn escaped(user: &str) -> String {
    let mut text = String::with_capacity(user.len());
    for byte in bytes_of(user) {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// A header value inside a URI: only unreserved characters stay (RFC 3261 19.1.1).
pub(super) fn escaped_header(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    #[test]
    fn the_parts_of_a_sip_uri_are_found() {
        let it = uri("sips:a;b=c:secret@[2001:db8::1]:5070;lr;x=1?Replaces=a%3Bb");
        assert_eq!(it.user().unwrap(), "a;b=c");
        assert_eq!(it.address().unwrap().to_string(), "[2001:db8::1]:5070");
        assert_eq!(it.param("X"), Some("1"));
        assert_eq!(it.scheme(), "sips");
    }

    #[test]
    fn a_user_is_unescaped_for_us_and_escaped_for_the_wire() {
        assert_eq!(uri("sip:%75se%72@example.com").user().unwrap(), "user");
        let it = Uri::sip("a b#", "192.0.2.1:5080".parse().unwrap());
        assert_eq!(it.as_str(), "sip:a%20b%23@192.0.2.1:5080");
        assert_eq!(uri(it.as_str()).user().unwrap(), "a b#");
        // Neither UTF-8 nor a string's end in C.
        let user = uri("sip:%86%00x@a").user().unwrap();
        assert_eq!(Uri::at(&user, "a").unwrap().as_str(), "sip:%86%00x@a");
    }

    #[test]
    fn places_are_compared_as_the_rfc_does() {
        let same = |one: &str, other: &str| uri(one).is_same(&uri(other));
        assert!(same(
            "sip:%61lice@AtLanTa.com;transport=TCP",
            "sip:alice@atlanta.com;Transport=tcp"
        ));
        assert!(same(
            "sip:carol@chicago.com;newparam=5",
            "sip:carol@chicago.com"
        ));
        assert!(!same("SIP:ALICE@a.com", "sip:alice@a.com"));
        assert!(!same("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"));
        assert!(!same(
            "sip:bob@biloxi.com",
            "sip:bob@biloxi.com;transport=udp"
        ));
        assert!(!same("sip:bob@biloxi.com", "sips:bob@biloxi.com"));
    }

    #[test]
    fn a_uri_is_made_of_a_user_and_a_domain() {
        assert_eq!(
            Uri::at("a b", "pbx.example.com:5070").unwrap().as_str(),
            "sip:a%20b@pbx.example.com:5070"
        );
        assert_eq!(
            Uri::at("", "pbx.example.com").unwrap().as_str(),
            "sip:pbx.example.com"
        );
        assert!(Uri::at("a", "two words").is_err());
    }

    #[test]
    fn a_tel_uri_has_a_number_and_no_host() {
        let it = uri("tel:+86-10-5555;phone-context=x");
        assert_eq!(it.user().unwrap(), "+86-10-5555");
        assert_eq!(it.address(), None);
    }

    #[test]
    fn a_number_is_not_printed_for_developers() {
        let text = format!("{:?}", uri("sip:13800138000@192.0.2.1"));
        assert_eq!(text, "sip:[redacted]@192.0.2.1");
    }

    #[test]
    fn malformed_uris_are_named() {
        for (text, fault) in [
            ("sip", BadUri::Scheme),
            ("sip:@b", BadUri::User),
            ("sip:a%4@b", BadUri::User),
            ("sip:a@", BadUri::Host),
            ("sip:a@[fe80::1%eth0]", BadUri::Host),
            ("sip:a@b:99999", BadUri::Port),
            ("sip:a@b:x", BadUri::Port),
            ("sip:a b@c", BadUri::Character),
        ] {
            assert_eq!(text.parse::<Uri>().unwrap_err(), fault, "{text}");
        }
    }
}
