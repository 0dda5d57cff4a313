use std::net::SocketAddr;

use super::{Ports, Settings};

/// One opening that a firewall must know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    pub protocol: &'static str,
    /// Where we listen; `None` where the settings leave it out.
    pub at: Option<String>,
    /// The key that says so; its text in the catalogue is `ports.<key>`.
    pub key: &'static str,
}

impl Settings {
    /// Everything that listens.
    pub fn openings(&self) -> Vec<Opening> {
        let sip = &self.sip;
        let at = |protocol, key, at: Option<SocketAddr>| Opening {
            protocol,
            at: at.map(|at| at.to_string()),
            key,
        };
        vec![
            at("UDP", "sip.listen", Some(sip.listen)),
            at("TCP", "sip.listen_tcp", sip.listen_tcp),
            at("TCP", "sip.listen_tls", sip.listen_tls),
            Opening {
                protocol: "UDP",
                at: Some(self.media_ports()),
                key: "media.ports",
            },
            at("TCP", "api.listen", Some(self.api.listen)),
        ]
    }

    fn media_ports(&self) -> String {
        let address = self.media.address.unwrap_or(self.sip.listen.ip());
        let range = match &self.media.ports {
            Ports::Any => "1024-65535".to_owned(),
            ports @ Ports::Between(_) => ports.to_string(),
        };
        match address {
            std::net::IpAddr::V4(address) => format!("{address}:{range}"),
            std::net::IpAddr::V6(address) => format!("[{address}]:{range}"),
        }
    }
}
