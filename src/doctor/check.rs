//! What is looked at, in the order in which one thing rests on another.

use std::fmt;
use std::str::FromStr;

use crate::words::Sentence;

/// One check. Its name for people is `doctor.check.<word>` of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    Settings,
    OtherAgent,
    Agent,
    Folders,
    Secrets,
    Disk,
    DiskSpeed,
    Store,
    Server,
    Prompts,
    PromptLevel,
    OpenFiles,
    Pacing,
    TimeZone,
    SipPorts,
    RtpPorts,
    ApiPort,
    Names,
    Address,
    Certificate,
    Tls,
    Registration,
    Clock,
    Nat,
    Devices,
    Microphone,
    Playback,
    Buttons,
}

impl Check {
    pub const ALL: [Self; 28] = [
        Self::Settings,
        Self::OtherAgent,
        Self::Agent,
        Self::Folders,
        Self::Secrets,
        Self::Disk,
        Self::DiskSpeed,
        Self::Store,
        Self::Server,
        Self::Prompts,
        Self::PromptLevel,
        Self::OpenFiles,
        Self::Pacing,
        Self::TimeZone,
        Self::SipPorts,
        Self::RtpPorts,
        Self::ApiPort,
        Self::Names,
        Self::Address,
        Self::Certificate,
        Self::Tls,
        Self::Registration,
        Self::Clock,
        Self::Nat,
        Self::Devices,
        Self::Microphone,
        Self::Playback,
        Self::Buttons,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::OtherAgent => "other-agent",
            Self::Agent => "agent",
            Self::Folders => "folders",
            Self::Secrets => "secrets",
            Self::Disk => "disk",
            Self::DiskSpeed => "disk-speed",
            Self::Store => "store",
            Self::Server => "server",
            Self::Prompts => "prompts",
            Self::PromptLevel => "prompt-level",
            Self::OpenFiles => "open-files",
            Self::Pacing => "pacing",
            Self::TimeZone => "time-zone",
            Self::SipPorts => "sip-ports",
            Self::RtpPorts => "rtp-ports",
            Self::ApiPort => "api-port",
            Self::Names => "names",
            Self::Address => "address",
            Self::Certificate => "certificate",
            Self::Tls => "tls",
            Self::Registration => "registration",
            Self::Clock => "clock",
            Self::Nat => "nat",
            Self::Devices => "devices",
            Self::Microphone => "microphone",
            Self::Playback => "playback",
            Self::Buttons => "buttons",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Check {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let found = Self::ALL.into_iter().find(|check| check.as_str() == text);
        found.ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|check| check.as_str()).collect();
            Sentence::of("value.word").with("known", known.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Catalogue;

    #[test]
    fn each_is_found_by_its_word_and_has_a_name() {
        let texts = Catalogue::shipped();
        let keys: Vec<&str> = texts.keys().collect();
        for check in Check::ALL {
            assert_eq!(check.as_str().parse(), Ok(check));
            let name = format!("doctor.check.{check}");
            assert!(keys.contains(&name.as_str()), "{name}");
        }
        assert!("heart".parse::<Check>().is_err());
    }
}
