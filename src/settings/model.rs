use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::callbacks::Callbacks;
use super::dial::Dial;
use super::headset::Headset;
use super::lines::{Account, Peer, Tls};
use super::pbx::Pbx;
use super::phone_keys::PhoneKeys;
use super::phones::Phones;
use super::provision::Provision;
use super::recording::Recording;
use super::seats::Seats;
use super::secret::Secret;
use super::store::Store;
use super::values::{
    HostPort, Network, PolicyFile, Ports, SipUri, StunServer, Zone, empty_is_none,
};
use crate::sip::offer_answer::{self, SrtpPolicy};
use crate::words::{Country, Language, SeatId, Wait};

/// Of a machine that names none: config/thirdring.toml says the same.
const USUAL_CODECS: &[Codec] = &[Codec::Pcma, Codec::Pcmu, Codec::G722, Codec::Opus];

/// Everything an admin sets for one machine; `config/thirdring.toml` is the manual.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub language: Language,
    pub policy: PolicyFile,
    #[serde(with = "empty_is_none")]
    pub prompts: Option<PathBuf>,
    #[serde(with = "empty_is_none")]
    pub music: Option<PathBuf>,
    pub timezone: Zone,
    pub country: Country,
    pub journal: bool,
    pub reload: ReloadWhen,
    pub test: bool,
    pub sip: Sip,
    pub media: Media,
    pub line: Line,
    pub recording: Recording,
    pub headset: Headset,
    pub dial: Dial,
    pub callbacks: Callbacks,
    pub seats: Seats,
    pub seat: Vec<Seat>,
    pub target: Vec<Target>,
    pub phone_keys: PhoneKeys,
    pub api: Api,
    pub store: Store,
    pub log: Log,
    pub provision: Provision,
}

/// When changed settings are read anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReloadWhen {
    /// Soon after they were saved, and at SIGHUP.
    #[default]
    Saved,
    /// At SIGHUP only.
    Asked,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sip {
    pub listen: SocketAddr,
    #[serde(with = "empty_is_none")]
    pub listen_tcp: Option<SocketAddr>,
    #[serde(with = "empty_is_none")]
    pub listen_tls: Option<SocketAddr>,
    #[serde(with = "empty_is_none")]
    pub public_address: Option<IpAddr>,
    #[serde(with = "empty_is_none")]
    pub stun: Option<StunServer>,
    pub calls_max: u16,
    /// What is said by SIP is kept with each call.
    pub trace: bool,
    pub behind: Behind,
    pub trusted: Vec<Network>,
    #[serde(with = "empty_is_none")]
    pub trunk: Option<HostPort>,
    pub trunk_uri: String,
    /// How long it lets a caller ring; none: nobody has told us.
    #[serde(with = "empty_is_none")]
    pub trunk_rings_for: Option<Wait>,
    /// `media.srtp` where it is not set.
    pub trunk_srtp: Option<Srtp>,
    /// `recording.enabled` where it is not set.
    pub trunk_recording: Option<bool>,
    /// What the rep should know who has its callers.
    pub trunk_skill: Option<String>,
    pub from_user: String,
    pub user_agent: String,
    /// Of our signalling, 0-63 (RFC 2474).
    pub dscp: u8,
    pub tls: Tls,
    pub phones: Phones,
    pub account: Vec<Account>,
    pub peer: Vec<Peer>,
    pub session_expires: Wait,
    pub min_se: Wait,
    pub reliable_ringing: ReliableRinging,
}

impl Default for Sip {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 5060)),
            listen_tcp: None,
            listen_tls: None,
            public_address: None,
            stun: None,
            calls_max: 64,
            trace: true,
            behind: Behind::Queue,
            trusted: Network::loopback().to_vec(),
            trunk: None,
            trunk_uri: "sip:{number}@{host}".to_owned(),
            trunk_rings_for: None,
            trunk_srtp: None,
            trunk_recording: None,
            trunk_skill: None,
            from_user: "thirdring".to_owned(),
            user_agent: "Thirdring".to_owned(),
            // CS3: signalling (RFC 4594 3.2).
            dscp: 24,
            tls: Tls::default(),
            phones: Phones::default(),
            account: Vec::new(),
            peer: Vec::new(),
            session_expires: Wait::new(Duration::from_secs(1800)),
            min_se: Wait::new(Duration::from_secs(90)),
            reliable_ringing: ReliableRinging::Required,
        }
    }
}

/// When our 180 waits for a PRACK (RFC 3262).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReliableRinging {
    Required,
    Supported,
}

/// What a caller meets when no seat is ready (D9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Behind {
    Queue,
    Direct,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Media {
    #[serde(with = "empty_is_none")]
    pub address: Option<IpAddr>,
    pub ports: Ports,
    pub codecs: Vec<Codec>,
    pub srtp: Srtp,
    /// Of our sound, 0-63 (RFC 2474).
    pub dscp: u8,
}

impl Default for Media {
    fn default() -> Self {
        Self {
            address: None,
            ports: Ports::default(),
            codecs: USUAL_CODECS.to_vec(),
            srtp: Srtp::Off,
            // EF: telephony (RFC 4594 4.1).
            dscp: 46,
        }
    }
}

/// What a leg may speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Codec {
    #[serde(rename = "PCMA")]
    Pcma,
    #[serde(rename = "PCMU")]
    Pcmu,
    G722,
    #[serde(rename = "opus")]
    Opus,
}

impl From<Codec> for offer_answer::Codec {
    fn from(codec: Codec) -> Self {
        match codec {
            Codec::Pcma => Self::Pcma,
            Codec::Pcmu => Self::Pcmu,
            Codec::G722 => Self::G722,
            Codec::Opus => Self::Opus,
        }
    }
}

/// Whether sound is protected, with keys that the signalling carries (RFC 4568).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Srtp {
    Off,
    Prefer,
    Require,
}

impl From<Srtp> for SrtpPolicy {
    fn from(srtp: Srtp) -> Self {
        match srtp {
            Srtp::Off => Self::Off,
            Srtp::Prefer => Self::Prefer,
            Srtp::Require => Self::Require,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Line {
    pub watch: Watch,
}

/// `Off` is the signalling profile: a caller without RTP is not a fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Watch {
    #[default]
    On,
    Off,
}

/// A rep's place (D8).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seat {
    pub id: SeatId,
    pub kind: SeatKind,
    pub uri: Option<SipUri>,
    /// Instead of `uri`: by what its phone registers at us.
    pub username: Option<String>,
    pub password: Option<Secret>,
    pub file: Option<PathBuf>,
    /// `media.srtp` where it is not set.
    pub srtp: Option<Srtp>,
    /// What its rep knows; lines may want one.
    #[serde(default)]
    pub skills: Vec<String>,
    /// At the first start; later starts take up what the rep chose last.
    #[serde(default = "ready")]
    pub ready: bool,
    /// The PBX is told how it stands.
    pub pbx: Option<Pbx>,
}

fn ready() -> bool {
    true
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeatKind {
    Phone,
    Headset,
    Echo,
    File,
    Silent,
}

impl Seat {
    /// Whether its phone tells us where it is.
    pub fn registers(&self) -> bool {
        self.kind == SeatKind::Phone && self.username.is_some()
    }
}

impl SeatKind {
    /// Only for tests: nobody sits there.
    pub fn is_test(self) -> bool {
        match self {
            Self::Phone | Self::Headset => false,
            Self::Echo | Self::File | Self::Silent => true,
        }
    }
}

/// Whom a caller may be transferred to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    pub id: String,
    pub uri: SipUri,
    #[serde(default)]
    pub blind: bool,
    #[serde(default)]
    pub handoff: Handoff,
    /// The account, peer or trunk that it is called by; without it straight at its address.
    pub via: Option<String>,
    /// That of its line or `media.srtp` where it is not set.
    pub srtp: Option<Srtp>,
}

/// Who carries a call once caller and target are joined (D22).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Handoff {
    #[default]
    Bridge,
    Refer,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Api {
    pub listen: SocketAddr,
    #[serde(with = "empty_is_none")]
    pub token_file: Option<PathBuf>,
}

impl Default for Api {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            token_file: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    pub format: LogFormat,
    pub level: String,
    pub to: LogTo,
    /// Files instead, one a day.
    #[serde(with = "empty_is_none")]
    pub folder: Option<PathBuf>,
    pub keep_days: u16,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            level: "info".to_owned(),
            to: LogTo::Stderr,
            folder: None,
            keep_days: 14,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogTo {
    Stderr,
    Syslog,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    Text,
    Json,
}
