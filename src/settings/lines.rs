//! Where calls come from and go to: accounts that register, peers that are known by their address.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::values::{Host, HostPort, Network, SipUri, empty_is_none};
use super::{Behind, Secret, Srtp};
use crate::sip;
use crate::words::Wait;

/// `[[sip.account]]`: an extension or trunk that we register at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub name: String,
    pub username: String,
    pub auth_user: Option<String>,
    pub password: Option<Secret>,
    pub domain: Host,
    pub outbound_proxy: Option<HostPort>,
    #[serde(default)]
    pub transport: Transport,
    #[serde(default = "expires")]
    pub expires: Wait,
    pub contact_user: Option<String>,
    pub display_name: Option<String>,
    /// `sip.behind` where it is not set.
    pub behind: Option<Behind>,
    /// Its messages do not know where they come from.
    #[serde(default)]
    pub nat: bool,
    /// `media.srtp` where it is not set.
    pub srtp: Option<Srtp>,
    /// `recording.enabled` where it is not set.
    pub recording: Option<bool>,
    /// What the rep should know who has its callers.
    pub skill: Option<String>,
    #[serde(default = "yes")]
    pub register: bool,
    /// Which of its identities the network should show (RFC 3325 9.2).
    pub preferred_identity: Option<SipUri>,
    /// By UDP an empty datagram goes to the registrar so often; zero is never.
    #[serde(default = "keep_alive")]
    pub keep_alive: Wait,
    /// What the doctor dials there.
    pub echo: Option<String>,
}

/// `[[sip.peer]]`: a PBX or trunk that neither side registers at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    pub name: String,
    /// Where its requests come from.
    #[serde(default)]
    pub address: Vec<Network>,
    /// Of its certificate, instead of an address.
    pub tls_name: Option<Host>,
    /// Where requests to it go.
    pub host: Option<HostPort>,
    #[serde(default)]
    pub transport: Transport,
    /// `sip.behind` where it is not set.
    pub behind: Option<Behind>,
    /// Its messages do not know where they come from.
    #[serde(default)]
    pub nat: bool,
    /// `media.srtp` where it is not set.
    pub srtp: Option<Srtp>,
    /// `recording.enabled` where it is not set.
    pub recording: Option<bool>,
    /// What the rep should know who has its callers.
    pub skill: Option<String>,
    /// Whether its P-Asserted-Identity is believed (D34).
    #[serde(default = "yes")]
    pub trusted: bool,
    /// Whether its Answer-Mode, Call-Info and Alert-Info make us answer.
    #[serde(default)]
    pub auto_answer: bool,
    #[serde(default)]
    pub may_dial: bool,
}

/// RFC 3261 10.3: what a registrar grants where nobody says otherwise.
fn expires() -> Wait {
    Wait::new(Duration::from_secs(3_600))
}

/// Home routers forget who is silent for 30 s (RFC 4787 REQ-5 asks for two minutes, in vain).
fn keep_alive() -> Wait {
    Wait::new(Duration::from_secs(25))
}

fn yes() -> bool {
    true
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    #[default]
    Udp,
    Tcp,
    Tls,
}

impl From<Transport> for sip::Transport {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Udp => Self::Udp,
            Transport::Tcp => Self::Tcp,
            Transport::Tls => Self::Tls,
        }
    }
}

/// `[sip.tls]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// Ours, in PEM; the whole chain.
    #[serde(with = "empty_is_none")]
    pub certificate: Option<PathBuf>,
    #[serde(with = "empty_is_none")]
    pub key: Option<PathBuf>,
    /// Who signs theirs, in PEM; not set: the system's.
    #[serde(with = "empty_is_none")]
    pub ca: Option<PathBuf>,
    pub verify: bool,
    pub client_certificate: ClientCertificate,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            certificate: None,
            key: None,
            ca: None,
            verify: true,
            client_certificate: ClientCertificate::Off,
        }
    }
}

/// Whether who connects to us shows a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientCertificate {
    Off,
    Optional,
    Required,
}
