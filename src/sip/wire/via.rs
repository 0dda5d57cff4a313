use std::net::{IpAddr, SocketAddr};

use super::params::Params;
use super::uri::host_and_port;

/// Marks a branch made by RFC 3261 (8.1.1.7).
const MAGIC_COOKIE: &str = "z9hG4bK";
/// The port of a Via that names none (RFC 3261 18.2.2).
const PORT: u16 = 5060;

/// The topmost hop a request came over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Via {
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
        if !sip || pieces.next() != Some("2.0") {
            return Err(BadVia);
        }
        let rest = pieces.next().ok_or(BadVia)?;
        let (transport, rest) = rest.split_once([' ', '\t']).ok_or(BadVia)?;
        let (place, params) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
        let (host, port) = host_and_port(place).map_err(|_| BadVia)?;
        Ok(Self {
            transport: transport.to_owned(),
            host: host.to_owned(),
            port,
            params: Params::new(params),
        })
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

    /// `host:port` as it names itself.
    pub(crate) fn sent_by(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// Where responses go (RFC 3261 18.2.2, RFC 3581 4): `maddr` is not obeyed, it is the
    /// stranger's word against the packet's.
    pub(crate) fn reply_to(&self, from: SocketAddr) -> SocketAddr {
        match self.params.get("rport") {
            Some(_) => from,
            None => SocketAddr::new(from.ip(), self.port.unwrap_or(PORT)),
        }
    }

    /// The value with `received` and `rport` filled in (RFC 3261 18.2.1, RFC 3581 4).
    pub(crate) fn stamped(&self, from: SocketAddr) -> String {
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
            "SIP/2.0/{} {}{}",
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
    pub(crate) fn ours(address: SocketAddr, branch: &str) -> String {
        format!("SIP/2.0/UDP {address};rport;branch={branch}")
    }

    /// A new branch around an unguessable token.
    pub(crate) fn branch_of(token: &str) -> String {
        format!("{MAGIC_COOKIE}{token}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from() -> SocketAddr {
        "192.0.2.9:4000".parse().unwrap()
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
        assert_eq!(via.reply_to(from()), "192.0.2.9:5060".parse().unwrap());
        assert_eq!(via.stamped(from()), "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx");
    }

    #[test]
    fn an_old_branch_names_no_transaction() {
        let via = Via::read("SIP/2.0/TCP [2001:db8::9]:70;branch=1").unwrap();
        assert_eq!(via.branch(), None);
        assert_eq!(via.sent_by(), "[2001:db8::9]:70");
        assert!(Via::read("SIP/2.0/UDP").is_err());
        assert!(Via::read("SIP/3.0/UDP a").is_err());
    }
}
