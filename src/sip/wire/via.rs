use std::net::{IpAddr, SocketAddr};

use super::params::Params;
use super::uri::host_and_port;
use crate::sip::{Hop, Transport};

/// Marks a branch made by RFC 3261 (8.1.1.7).
const MAGIC_COOKIE: &str = "z9hG4bK";

/// The topmost hop a request came over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Via {
    version: String,
    transport: String,
    host: String,
    port: Option<u16>,
    params: Params,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadVia;

impl Via {
    pub(crate) fn read(value: &str) -> Result<Self, BadVia> {
        let mut pieces = value.splitn(3, '/').map(str::trim);
        let sip = pieces
            .next()
            .is_some_and(|it| it.eq_ignore_ascii_case("SIP"));
        let version = pieces.next().filter(|_| sip).ok_or(BadVia)?;
        let rest = pieces.next().ok_or(BadVia)?;
        let (transport, rest) = rest.split_once([' ', '\t']).ok_or(BadVia)?;
        let (place, params) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
        let (host, port) = host_and_port(place).map_err(|_| BadVia)?;
        Ok(Self {
            version: version.to_owned(),
            transport: transport.to_owned(),
            host: host.to_owned(),
            port,
            params: Params::new(params),
        })
    }

    /// Whether it speaks SIP/2.0; another version is read only to be told so.
    pub(crate) fn is_ours(&self) -> bool {
        self.version == "2.0"
    }

    /// The branch, when it is one that names a transaction by itself.
    pub(crate) fn branch(&self) -> Option<&str> {
        let cookie = |branch: &&str| {
            branch.len() > MAGIC_COOKIE.len()
                && branch
                    .get(..MAGIC_COOKIE.len())
                    .is_some_and(|it| it.eq_ignore_ascii_case(MAGIC_COOKIE))
        };
        self.params.get("branch").filter(cookie)
    }

    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name)
    }

    /// `host:port` as it names itself.
    pub(crate) fn sent_by(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// Where responses go (RFC 3261 18.2.2, RFC 3581 4): `maddr` is not obeyed, it is the
    /// stranger's word against the packet's.
    ///
    /// The connection of the request comes first; without it, what is named here is called.
    pub(crate) fn reply_to(&self, from: Hop) -> Hop {
        let asks_back = !from.transport.is_reliable() && self.params.get("rport").is_some();
        if asks_back {
            return from;
        }
        let port = self.port.unwrap_or(from.transport.default_port());
        Hop {
            address: SocketAddr::new(from.address.ip(), port),
            ..from
        }
    }

    /// The value with `received` and `rport` filled in (RFC 3261 18.2.1, RFC 3581 4).
    pub(crate) fn stamped(&self, from: Hop) -> String {
        let from = from.address;
        let rport = self.params.get("rport").is_some();
        let ip: Option<IpAddr> = self.host.trim_matches(['[', ']']).parse().ok();
        let mut params = self.params.without("received");
        if rport {
            params = Params::new(&format!(
                "{};rport={}",
                params.without("rport").as_str(),
                from.port()
            ));
        }
        let mut value = format!(
            "SIP/{}/{} {}{}",
            self.version,
            self.transport,
            self.sent_by(),
            params.as_str()
        );
        if rport || ip != Some(from.ip()) {
            value.push_str(&format!(";received={}", from.ip()));
        }
        value
    }

    /// The Via of a request of ours.
    pub(crate) fn ours(transport: Transport, address: SocketAddr, branch: &str) -> String {
        format!("SIP/2.0/{transport} {address};rport;branch={branch}")
    }

    /// A new branch around an unguessable token.
    pub(crate) fn branch_of(token: &str) -> String {
        format!("{MAGIC_COOKIE}{token}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from() -> Hop {
        hop("192.0.2.9:4000")
    }

    fn hop(address: &str) -> Hop {
        let address: SocketAddr = address.parse().unwrap();
        address.into()
    }

    #[test]
    fn rport_brings_the_answer_back_through_the_nat() {
        let via = Via::read("SIP / 2.0 / UDP  10.0.0.1:5080 ;rport;branch=z9hG4bKx").unwrap();
        assert_eq!(via.reply_to(from()), from());
        assert_eq!(
            via.stamped(from()),
            "SIP/2.0/UDP 10.0.0.1:5080;branch=z9hG4bKx;rport=4000;received=192.0.2.9"
        );
    }

    #[test]
    fn without_rport_the_answer_goes_to_the_named_port() {
        let via = Via::read("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx").unwrap();
        assert_eq!(via.reply_to(from()), hop("192.0.2.9:5060"));
        assert_eq!(via.stamped(from()), "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx");
    }

    #[test]
    fn an_old_branch_names_no_transaction() {
        let via = Via::read("SIP/2.0/TCP [2001:db8::9]:70;branch=1").unwrap();
        assert_eq!(via.branch(), None);
        assert_eq!(via.sent_by(), "[2001:db8::9]:70");
        assert!(Via::read("SIP/2.0/UDP").is_err());
        assert!(!Via::read("SIP/7.0/UDP a").unwrap().is_ours());
    }
}
