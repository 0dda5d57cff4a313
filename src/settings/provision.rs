use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Settings;
use super::check::{Fault, fault};
use super::places::Step;
use super::values::empty_is_none;
use crate::provision::store::{Copies, Copy, this_pc};
use crate::provision::{FilePath, INDEX, Pc, PublicKey, Refusal};
use crate::words::{Sentence, Wait, read_from_text};

/// Where an admin keeps settings for many PCs; only what this PC itself says of it counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Provision {
    #[serde(with = "empty_is_none")]
    pub url: Option<ProvisionUrl>,
    /// PEM: who may have signed the server's certificate, and nobody else.
    #[serde(with = "empty_is_none")]
    pub ca: Option<PathBuf>,
    #[serde(with = "empty_is_none")]
    pub key: Option<PublicKey>,
    pub every: Wait,
    /// Not set: what the PC calls itself.
    #[serde(with = "empty_is_none")]
    pub host: Option<String>,
    /// Not set: who runs the agent.
    #[serde(with = "empty_is_none")]
    pub user: Option<String>,
}

impl Default for Provision {
    fn default() -> Self {
        Self {
            url: None,
            ca: None,
            key: None,
            every: Wait::new(Duration::from_secs(15 * 60)),
            host: None,
            user: None,
        }
    }
}

/// What is needed to ask.
#[derive(Clone, Debug)]
pub struct ProvisionServer {
    pub url: ProvisionUrl,
    pub ca: Option<PathBuf>,
    pub key: PublicKey,
    pub pc: Pc,
}

impl Provision {
    /// None where nothing is provisioned.
    pub fn server(&self) -> Option<ProvisionServer> {
        Some(ProvisionServer {
            url: self.url.clone()?,
            ca: self.ca.clone(),
            key: self.key?,
            pc: self.pc(),
        })
    }

    pub fn pc(&self) -> Pc {
        this_pc(self.host.as_deref(), self.user.as_deref())
    }
}

impl ProvisionServer {
    /// What counts of what was taken; none where nothing was.
    pub fn copy(&self, state: &Path) -> Result<Option<Copy>, Refusal> {
        Copies::of(state).current(&self.key, &self.pc)
    }
}

/// `https://conf.example/thirdring`, without a slash at the end. By `http:` only this PC is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProvisionUrl(String);

impl ProvisionUrl {
    pub fn of(&self, path: &FilePath) -> String {
        format!("{self}/{}", path.in_url())
    }

    pub fn join(&self, name: &str) -> String {
        format!("{self}/{name}")
    }

    /// What a person calls the index.
    pub fn index(&self) -> String {
        self.join(INDEX)
    }
}

impl FromStr for ProvisionUrl {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let wrong = || Sentence::of("value.provision-url").with("found", text);
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let host = rest.split('/').next().unwrap_or_default();
        let plain = |c: char| c.is_ascii_graphic() && !"?#@\\".contains(c);
        let is_right = match scheme {
            "https" => true,
            "http" => is_loopback(host),
            _ => false,
        };
        match is_right && !host.is_empty() && rest.chars().all(plain) {
            true => Ok(Self(text.trim_end_matches('/').to_owned())),
            false => Err(wrong()),
        }
    }
}

/// What anybody on the way could change comes from nowhere but here.
fn is_loopback(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        Some(_) | None => (host, "80"),
    };
    let ip: Result<IpAddr, _> = name.trim_matches(['[', ']']).parse();
    port.parse::<u16>().is_ok() && (name == "localhost" || ip.is_ok_and(|ip| ip.is_loopback()))
}

read_from_text!(ProvisionUrl);

impl fmt::Display for ProvisionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Oftener costs the server, seldomer is no provisioning.
const EVERY: [Wait; 2] = [
    Wait::new(Duration::from_secs(1)),
    Wait::new(Duration::from_secs(24 * 60 * 60)),
];

pub(super) fn faults(settings: &Settings) -> Vec<Fault> {
    let provision = &settings.provision;
    let at = |key| [Step::Key("provision"), Step::Key(key)];
    let unsigned = (provision.url.is_some() && provision.key.is_none()).then(|| {
        fault(
            &at("url"),
            Sentence::of("settings.provision-without-key"),
            Sentence::of("settings.right.provision-without-key"),
        )
        .leaning_on(&["provision"])
    });
    let [least, most] = EVERY;
    let wrong_pace = (!(least..=most).contains(&provision.every)).then(|| {
        fault(
            &at("every"),
            Sentence::of("settings.provision-every").with("every", provision.every),
            Sentence::of("settings.right.provision-every")
                .with("least", least)
                .with("most", most),
        )
    });
    unsigned.into_iter().chain(wrong_pace).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_on_the_way_can_change_what_is_provisioned() {
        for right in [
            "https://conf.example/thirdring/",
            "https://192.0.2.1:8443",
            "http://127.0.0.1:8000/a",
            "http://[::1]:8000",
            "http://localhost",
        ] {
            let url: ProvisionUrl = right.parse().unwrap();
            assert_eq!(url.to_string(), right.trim_end_matches('/'));
        }
        for wrong in [
            "conf.example",
            "http://conf.example",
            "http://127.0.0.1.example/",
            "http://127.0.0.1@conf.example/",
            "http://127.0.0.1:80@conf.example/",
            "https://",
            "https:///a",
            "https://conf.example/?a",
            "ftp://conf.example",
            "https://rep:sesame@conf.example",
        ] {
            assert!(wrong.parse::<ProvisionUrl>().is_err(), "{wrong}");
        }
    }
}
