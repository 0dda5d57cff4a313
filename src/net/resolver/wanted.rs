use std::net::{IpAddr, SocketAddr};

use crate::sip::{Hop, Transport, Uri};

/// Whom a request is for, as a URI or a setting names him (RFC 3263 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// A domain name or an address, without brackets.
    pub host: String,
    /// Only when it is named: then no service is looked up.
    pub port: Option<u16>,
    /// Only when it is named.
    pub transport: Option<Transport>,
    /// `sips:`: nothing but TLS will do.
    pub secure: bool,
}

/// One place to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub hop: Hop,
    /// What its certificate must be for: what was asked for, not what SRV said (RFC 5922 4).
    pub name: String,
}

impl Wanted {
    pub fn of(uri: &Uri) -> Self {
        let named = uri.param("transport").map(|_| uri.transport());
        Self {
            host: uri.host().trim_matches(['[', ']']).to_owned(),
            port: uri.named_port(),
            transport: named,
            secure: uri.scheme() == "sips",
        }
    }

    /// By which to go where nothing is said about it (RFC 3263 4.1).
    pub(super) fn usual_transport(&self) -> Transport {
        let usual = match self.secure {
            true => Transport::Tls,
            false => Transport::Udp,
        };
        self.transport.unwrap_or(usual)
    }

    /// The one target of an address: there is nothing to look up.
    pub fn literal(&self) -> Option<Target> {
        let ip: IpAddr = self.host.parse().ok()?;
        let transport = self.usual_transport();
        let port = self.port.unwrap_or(transport.default_port());
        Some(self.target(transport, SocketAddr::new(ip, port)))
    }

    pub(super) fn target(&self, transport: Transport, address: SocketAddr) -> Target {
        Target {
            hop: Hop::to(transport, address),
            name: self.host.clone(),
        }
    }

    /// The services to ask SRV for, in this order when NAPTR says nothing else.
    pub(super) fn services(&self) -> Vec<(Transport, String)> {
        let transports = match (self.transport, self.secure) {
            (_, true) => vec![Transport::Tls],
            (Some(named), false) => vec![named],
            (None, false) => vec![Transport::Udp, Transport::Tcp, Transport::Tls],
        };
        let service = |transport| (transport, format!("{}.{}.", service(transport), self.host));
        transports.into_iter().map(service).collect()
    }

    /// What a NAPTR service field stands for, as far as it is of use here (RFC 3263 4.1).
    pub(super) fn by_naptr(&self, service: &str) -> Option<Transport> {
        match service.to_ascii_uppercase().as_str() {
            "SIPS+D2T" => Some(Transport::Tls),
            "SIP+D2T" if !self.secure => Some(Transport::Tcp),
            "SIP+D2U" if !self.secure => Some(Transport::Udp),
            _ => None,
        }
    }
}

fn service(transport: Transport) -> &'static str {
    match transport {
        Transport::Udp => "_sip._udp",
        Transport::Tcp => "_sip._tcp",
        Transport::Tls => "_sips._tcp",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(uri: &str) -> Wanted {
        Wanted::of(&uri.parse().unwrap())
    }

    fn literal(uri: &str) -> String {
        let target = wanted(uri).literal().unwrap();
        format!("{} {}", target.hop.transport, target.hop.address)
    }

    #[test]
    fn an_address_needs_no_look_up() {
        assert_eq!(literal("sip:a@192.0.2.1"), "UDP 192.0.2.1:5060");
        assert_eq!(literal("sips:a@192.0.2.1"), "TLS 192.0.2.1:5061");
        assert_eq!(
            literal("sip:a@[2001:db8::1]:70;transport=tcp"),
            "TCP [2001:db8::1]:70"
        );
    }

    #[test]
    fn a_named_transport_is_the_only_service_asked_for() {
        let services = |uri| wanted(uri).services();
        assert_eq!(
            services("sip:pbx.example.com;transport=tls"),
            [(Transport::Tls, "_sips._tcp.pbx.example.com.".to_owned())]
        );
        assert_eq!(services("sip:pbx.example.com").len(), 3);
        assert_eq!(
            services("sips:pbx.example.com"),
            [(Transport::Tls, "_sips._tcp.pbx.example.com.".to_owned())]
        );
    }
}
