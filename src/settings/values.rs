use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::sip;
use crate::words::{Sentence, read_from_text};

read_from_text!(
    Host, HostPort, Network, PolicyFile, Ports, SipUri, StunServer, Zone
);

/// `""` in the file is "not set", so that the shipped file can name every key.
pub(super) mod empty_is_none {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    pub(crate) fn serialize<S: Serializer, T: Serialize>(
        value: &Option<T>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => value.serialize(to),
            None => "".serialize(to),
        }
    }

    pub(crate) fn deserialize<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
    where
        D: Deserializer<'de>,
        T: FromStr<Err: Display>,
    {
        let text = String::deserialize(from)?;
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(de::Error::custom)
    }
}

/// `host:port`; without a port 5060 (RFC 3261 19.1.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostPort {
    pub host: String,
    pub port: u16,
}

impl FromStr for HostPort {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !text.ends_with(']') => (host, port.parse().ok()),
            _ => (text, Some(5060)),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
        let in_brackets = host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let valid = match in_brackets {
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => !host.is_empty() && host.chars().all(plain),
        };
        match port.filter(|port| valid && *port > 0) {
            Some(port) => Ok(Self {
                host: host.to_owned(),
                port,
            }),
            None => Err(Sentence::of("value.host").with("found", text)),
        }
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// `host:port`; without a port 3478 (RFC 8489 18.6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StunServer(HostPort);

impl StunServer {
    pub fn host_port(&self) -> &HostPort {
        &self.0
    }
}

impl FromStr for StunServer {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let has_port = text.contains(':') && !text.ends_with(']');
        let whole = match has_port {
            true => text.to_owned(),
            false => format!("{text}:3478"),
        };
        let refused = |_| Sentence::of("value.stun").with("found", text);
        whole.parse().map(Self).map_err(refused)
    }
}

impl fmt::Display for StunServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A host without a port, such as the domain of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Host(String);

impl FromStr for Host {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        match text.parse::<HostPort>() {
            Ok(HostPort { host, .. }) if host == text => Ok(Self(host)),
            Ok(_) | Err(_) => Err(Sentence::of("value.domain").with("found", text)),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Addresses that share their first bits: `192.0.2.0/24`, or one address alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    pub(super) fn loopback() -> [Self; 2] {
        let v4 = Self {
            address: Ipv4Addr::LOCALHOST.into(),
            bits: 8,
        };
        [v4, Self::of(Ipv6Addr::LOCALHOST.into())]
    }

    /// One address alone.
    pub fn of(address: IpAddr) -> Self {
        let bits = if address.is_ipv6() { 128 } else { 32 };
        Self { address, bits }
    }

    pub(super) fn is_loopback(&self) -> bool {
        self.address.is_loopback()
    }

    pub fn contains(&self, peer: IpAddr) -> bool {
        match (self.address, peer.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(peer)) => {
                let differ = u64::from(ours.to_bits() ^ peer.to_bits());
                differ >> 32u8.saturating_sub(self.bits) == 0
            }
            (IpAddr::V6(ours), IpAddr::V6(peer)) => {
                let differ = ours.to_bits() ^ peer.to_bits();
                let shift = u32::from(128u8.saturating_sub(self.bits));
                differ.checked_shr(shift).unwrap_or(0) == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for Network {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let (address, bits) = text.split_once('/').unwrap_or((text, ""));
        let address: Option<IpAddr> = address.parse().ok();
        let all = if address.is_some_and(|address| address.is_ipv6()) {
            128
        } else {
            32
        };
        let bits = if bits.is_empty() {
            Some(all)
        } else {
            bits.parse::<u8>().ok().filter(|bits| *bits <= all)
        };
        let network = address.zip(bits);
        network
            .map(|(address, bits)| Self { address, bits })
            .ok_or_else(|| Sentence::of("value.network").with("found", text))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// Which policy: one we ship, by its name, or a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PolicyFile {
    Shipped(String),
    File(PathBuf),
}

impl Default for PolicyFile {
    fn default() -> Self {
        Self::Shipped("standard".to_owned())
    }
}

/// The shipped policies: the standard, and the same with seconds for minutes.
const SHIPPED_POLICIES: [&str; 2] = ["standard", "fast"];

impl FromStr for PolicyFile {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        if SHIPPED_POLICIES.contains(&text) {
            Ok(Self::Shipped(text.to_owned()))
        } else if text.ends_with(".toml") {
            Ok(Self::File(text.into()))
        } else {
            Err(Sentence::of("value.policy").with("found", text))
        }
    }
}

impl fmt::Display for PolicyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shipped(name) => f.write_str(name),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// UDP ports for RTP and RTCP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Ports {
    /// The system chooses.
    #[default]
    Any,
    Between(RangeInclusive<u16>),
}

impl FromStr for Ports {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        if text == "0" {
            return Ok(Self::Any);
        }
        let ends = text.split_once('-');
        let ends = ends.and_then(|(low, high)| Some((low.parse().ok()?, high.parse().ok()?)));
        match ends {
            Some((low, high)) if low >= 1_024 && low < high => Ok(Self::Between(low..=high)),
            _ => Err(Sentence::of("value.ports").with("found", text)),
        }
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("0"),
            Self::Between(ports) => write!(f, "{}-{}", ports.start(), ports.end()),
        }
    }
}

/// Where a seat or a target is phoned; `sip/` reads it in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SipUri(String);

impl SipUri {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`, if anything does.
    pub fn user(&self) -> Option<&str> {
        let (_, rest) = self.0.split_once(':')?;
        rest.split_once('@').map(|(user, _)| user)
    }

    /// Whether it is to be reached by TLS (RFC 3261 19.1.1).
    pub fn asks_for_tls(&self) -> bool {
        let uri = self.0.parse::<sip::Uri>();
        uri.is_ok_and(|uri| uri.transport() == sip::Transport::Tls)
    }
}

impl FromStr for SipUri {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let host = text
            .strip_prefix("sip:")
            .map(|rest| match rest.split_once('@') {
                Some((_, host)) => host,
                None => rest,
            });
        let spoiled = |c: char| c.is_whitespace() || c.is_control() || "<>\"".contains(c);
        if host.is_some_and(|host| !host.is_empty()) && !text.contains(spoiled) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Sentence::of("value.sip-address").with("found", text))
        }
    }
}

impl fmt::Display for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A time zone by its IANA name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

impl Zone {
    pub fn time_zone(&self) -> TimeZone {
        self.zone.clone()
    }
}

impl Default for Zone {
    fn default() -> Self {
        "Asia/Shanghai".parse().expect("it is in the bundled zones")
    }
}

impl FromStr for Zone {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        match TimeZone::get(text) {
            Ok(zone) => Ok(Self {
                name: text.to_owned(),
                zone,
            }),
            Err(_) => Err(Sentence::of("value.zone").with("found", text)),
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        let holds = |network: &str, peer: &str| {
            let network: Network = network.parse().unwrap();
            network.contains(peer.parse().unwrap())
        };
        assert!(holds("192.0.2.0/24", "192.0.2.255"));
        assert!(!holds("192.0.2.0/24", "192.0.3.0"));
        assert!(holds("0.0.0.0/0", "203.0.113.9"));
        assert!(holds("192.0.2.7", "::ffff:192.0.2.7"));
        assert!(holds("2001:db8::/32", "2001:db8:1::1"));
        assert!(holds("::/0", "2001:db8:1::1"));
        assert!(!holds("::1", "::2"));
        assert!("192.0.2.0/33".parse::<Network>().is_err());
    }

    #[test]
    fn values_print_as_they_are_read() {
        for text in ["pbx.example:5070", "[2001:db8::1]:5060"] {
            assert_eq!(text.parse::<HostPort>().unwrap().to_string(), text);
        }
        assert_eq!("pbx".parse::<HostPort>().unwrap().port, 5060);
        assert_eq!("[::1]".parse::<HostPort>().unwrap().port, 5060);
        for text in ["", ":5060", "pbx:0", "pbx:x", "a b:5060", "[::1"] {
            assert!(text.parse::<HostPort>().is_err(), "{text}");
        }
        assert!("pbx.example".parse::<Host>().is_ok() && "pbx:5060".parse::<Host>().is_err());
        assert_eq!(
            "10000-19999".parse::<Ports>().unwrap().to_string(),
            "10000-19999"
        );
        for text in ["", "5-1", "80-90", "1"] {
            assert!(text.parse::<Ports>().is_err(), "{text}");
        }
    }
}
