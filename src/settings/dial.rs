use serde::{Deserialize, Serialize};

use super::values::empty_is_none;
use super::{Account, HostPort, Peer, Settings};
use crate::dialling::{Allow, Caps, Class, DialRules, Line, LineKind, Numbering, Prefix, Rule};

/// `[dial]`: how numbers are written here, and which may be dialled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dial {
    #[serde(with = "empty_is_none")]
    pub outside_prefix: Option<Prefix>,
    #[serde(with = "empty_is_none")]
    pub area_code: Option<Prefix>,
    pub allow: Vec<Allow>,
    /// Calls a day by class; a class that is not named has no cap.
    pub daily_cap: Caps,
    pub rule: Vec<Rule>,
}

impl Default for Dial {
    fn default() -> Self {
        Self {
            outside_prefix: None,
            area_code: None,
            allow: Class::ORDINARY.map(Allow::Class).to_vec(),
            daily_cap: Caps::from([(Class::Premium, 10), (Class::International, 50)]),
            rule: Vec::new(),
        }
    }
}

/// What `sip.trunk` is called among the lines: a peer without a name.
pub const TRUNK: &str = "trunk";

impl Settings {
    /// How numbers are written where the hotline is.
    pub fn numbering(&self) -> Numbering {
        let (outside, area) = (&self.dial.outside_prefix, &self.dial.area_code);
        Numbering::new(self.country, outside.clone(), area.clone())
    }

    /// What becomes of a number that is to be dialled.
    pub fn dial_rules(&self) -> DialRules {
        DialRules {
            numbering: self.numbering(),
            rules: self.dial.rule.clone(),
            allow: self.dial.allow.clone(),
            lines: self.lines(),
            uri: self.sip.trunk_uri.clone(),
        }
    }

    /// `sip.trunk`, the accounts, the peers: the first that may dial is the usual one.
    fn lines(&self) -> Vec<Line> {
        let trunk = self.sip.trunk.iter().map(trunk);
        let accounts = self.sip.account.iter().map(account);
        let peers = self.sip.peer.iter().map(peer);
        trunk.chain(accounts).chain(peers).collect()
    }
}

fn trunk(at: &HostPort) -> Line {
    Line {
        kind: LineKind::Trunk,
        name: TRUNK.to_owned(),
        host: at.to_string(),
        may_dial: true,
    }
}

fn account(account: &Account) -> Line {
    Line {
        kind: LineKind::Account,
        name: account.name.clone(),
        host: account.domain.to_string(),
        may_dial: true,
    }
}

fn peer(peer: &Peer) -> Line {
    Line {
        kind: LineKind::Peer,
        name: peer.name.clone(),
        host: peer
            .host
            .as_ref()
            .map(HostPort::to_string)
            .unwrap_or_default(),
        may_dial: peer.may_dial,
    }
}
