//! By which line a request comes: who may call us, and on what terms. Pure.
//!
//! Whoever fits none is a stranger. An address can be forged over UDP, a certificate cannot; what a
//! line's settings name must all fit.

use std::net::IpAddr;

use crate::call::Behind;
use crate::dialling::Trust;
use crate::settings::{self, Account, Network, Peer, Settings, Sip, TRUNK};
use crate::sip::offer_answer::SrtpPolicy;
use crate::sip::{FlowId, Hop, Sender, Standing, Transport};

/// The terms of those who may call us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// An account, a peer, or one of the names below.
    pub(super) name: String,
    pub(super) behind: Behind,
    /// A PBX or trunk: whoever calls by it is a customer, though a rep's phone registers through it.
    pub(super) outside: bool,
    /// Whether its word about who calls counts (D34).
    pub(super) trusted: bool,
    /// Whether its headers make us answer.
    pub(super) auto_answer: bool,
    /// Whether it is reached where its messages come from only.
    pub(super) nat: bool,
    /// Whether its sound is protected.
    pub(super) srtp: SrtpPolicy,
    /// Whether its callers hear the notice and are recorded (D32).
    pub(super) records: bool,
    /// What the rep should know who has its callers.
    pub(super) skill: Option<String>,
}

impl Line {
    pub(super) fn trust(&self) -> Trust {
        match self.trusted {
            true => Trust::Yes,
            false => Trust::No,
        }
    }

    /// Where the sound of who signals from `source` comes from, where that is not what he says.
    pub(super) fn seen_at(&self, source: IpAddr) -> Option<IpAddr> {
        self.nat.then_some(source)
    }
}

/// Seats and targets whose address is in the settings.
const HOUSE: &str = "house";
/// A rep's phone that has registered.
const PHONE: &str = "phone";
/// `sip.trusted`.
const TRUSTED: &str = "trusted";

/// Every line there is; of those that fit, the first counts.
#[derive(Debug)]
pub(super) struct Lines {
    known: Vec<Known>,
    trusted: Vec<Network>,
    phones: Line,
}

/// A line and its marks.
#[derive(Debug)]
struct Known {
    line: Line,
    /// Where its requests come from; empty: a certificate tells.
    networks: Vec<Network>,
    tls_name: Option<String>,
    /// Where we reach it by TLS, it reaches us so, too.
    only_tls: bool,
    /// Whom its requests are for, where several lines share an address.
    user: Option<String>,
    /// The connection an account is registered over: whatever comes by it is the account's.
    over: Option<FlowId>,
}

impl Lines {
    /// `own` are the seats and targets, `trunk` is where `sip.trunk` is; where accounts are is learnt.
    pub(super) fn new(
        settings: &Settings,
        own: impl Iterator<Item = Hop>,
        trunk: impl Iterator<Item = Hop>,
    ) -> Self {
        let sip = &settings.sip;
        let accounts = sip.account.iter();
        let accounts = accounts.map(|account| of_account(account, settings));
        let (named, others): (Vec<_>, Vec<_>) =
            sip.peer.iter().partition(|peer| peer.tls_name.is_some());
        let peers = named.into_iter().chain(others);
        let rest = [
            Known::new(of_trunk(settings), networks(trunk)),
            Known::new(usual(HOUSE, settings), networks(own)),
            Known::new(usual(TRUSTED, settings), sip.trusted.clone()),
        ];
        let peers = peers.map(|peer| of_peer(peer, settings));
        Self {
            known: peers.chain(accounts).chain(rest).collect(),
            trusted: sip.trusted.clone(),
            phones: usual(PHONE, settings),
        }
    }

    /// Who sent a message; `proves` tells whether its connection has shown a certificate for a name.
    pub(super) fn sender(&self, hop: Hop, proves: impl Fn(&str) -> bool) -> Sender {
        let known = self.known.iter().find(|known| known.fits(hop, &proves));
        Sender {
            hop,
            standing: match known {
                Some(_) => Standing::Known,
                None => Standing::Stranger,
            },
            symmetric: known.is_some_and(|known| known.line.nat),
        }
    }

    /// The line of this name, by which we call.
    pub(super) fn named(&self, name: &str) -> Option<&Line> {
        let mut known = self.known.iter().map(|known| &known.line);
        known.find(|line| line.name == name)
    }

    /// Where the servers of an account are by now, and the connection it is registered over.
    pub(super) fn account_at(
        &mut self,
        name: &str,
        servers: impl Iterator<Item = Hop>,
        over: Option<FlowId>,
    ) {
        let is_it = |known: &&mut Known| known.user.is_some() && known.line.name == name;
        if let Some(account) = self.known.iter_mut().find(is_it) {
            account.networks = networks(servers);
            account.over = over;
        }
    }

    /// The line a call comes by; `called` is the user it is for.
    pub(super) fn of(
        &self,
        from: Hop,
        called: Option<&str>,
        proves: impl Fn(&str) -> bool,
    ) -> Option<Line> {
        let fitting = || self.known.iter().filter(|known| known.fits(from, &proves));
        let named = fitting().find(|known| known.user.is_some() && known.user.as_deref() == called);
        let over = || fitting().find(|known| known.is_over(from));
        let known = named.or_else(over).or_else(|| fitting().next())?;
        Some(self.believed(&known.line, from.address.ip()))
    }

    /// The line of a rep's phone that has registered.
    pub(super) fn of_phone(&self, from: Hop) -> Line {
        self.believed(&self.phones, from.address.ip())
    }

    fn believed(&self, line: &Line, from: IpAddr) -> Line {
        let is_listed = self.trusted.iter().any(|network| network.contains(from));
        Line {
            trusted: line.trusted || is_listed,
            ..line.clone()
        }
    }
}

impl Known {
    fn new(line: Line, networks: Vec<Network>) -> Self {
        Self {
            line,
            networks,
            tls_name: None,
            only_tls: false,
            user: None,
            over: None,
        }
    }

    fn is_over(&self, from: Hop) -> bool {
        self.over.is_some() && self.over == from.flow
    }

    fn fits(&self, from: Hop, proves: impl Fn(&str) -> bool) -> bool {
        let is_there = || {
            let address = from.address.ip();
            let mut networks = self.networks.iter();
            networks.any(|network| network.contains(address))
        };
        let is_safe = !self.only_tls || from.transport == Transport::Tls;
        self.is_over(from)
            || is_safe
                && match &self.tls_name {
                    Some(name) => (self.networks.is_empty() || is_there()) && proves(name),
                    None => is_there(),
                }
    }
}

fn networks(hops: impl Iterator<Item = Hop>) -> Vec<Network> {
    hops.map(|hop| Network::of(hop.address.ip())).collect()
}

fn usual(name: &str, settings: &Settings) -> Line {
    Line {
        name: name.to_owned(),
        behind: behind(None, &settings.sip),
        outside: false,
        trusted: false,
        auto_answer: false,
        nat: false,
        srtp: settings.media.srtp.into(),
        records: settings.recording.enabled,
        skill: None,
    }
}

fn of_trunk(settings: &Settings) -> Line {
    let (sip, usual) = (&settings.sip, usual(TRUNK, settings));
    Line {
        outside: true,
        srtp: sip.trunk_srtp.map_or(usual.srtp, Into::into),
        records: sip.trunk_recording.unwrap_or(usual.records),
        skill: sip.trunk_skill.clone(),
        ..usual
    }
}

fn of_account(account: &Account, settings: &Settings) -> Known {
    let user = account.contact_user.as_ref().unwrap_or(&account.username);
    let usual = usual(&account.name, settings);
    let line = Line {
        behind: behind(account.behind, &settings.sip),
        outside: true,
        nat: account.nat,
        srtp: account.srtp.map_or(usual.srtp, Into::into),
        records: account.recording.unwrap_or(usual.records),
        skill: account.skill.clone(),
        ..usual
    };
    Known {
        only_tls: account.transport == settings::Transport::Tls,
        user: Some(user.clone()),
        ..Known::new(line, Vec::new())
    }
}

fn of_peer(peer: &Peer, settings: &Settings) -> Known {
    let usual = usual(&peer.name, settings);
    let line = Line {
        behind: behind(peer.behind, &settings.sip),
        outside: true,
        trusted: peer.trusted,
        auto_answer: peer.auto_answer,
        nat: peer.nat,
        srtp: peer.srtp.map_or(usual.srtp, Into::into),
        records: peer.recording.unwrap_or(usual.records),
        skill: peer.skill.clone(),
        ..usual
    };
    Known {
        tls_name: peer.tls_name.as_ref().map(ToString::to_string),
        only_tls: peer.transport == settings::Transport::Tls,
        ..Known::new(line, peer.address.clone())
    }
}

fn behind(own: Option<settings::Behind>, sip: &Sip) -> Behind {
    match own.unwrap_or(sip.behind) {
        settings::Behind::Queue => Behind::Queue,
        settings::Behind::Direct => Behind::Direct,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    const SETTINGS: [&str; 6] = [
        "sip.behind=direct",
        "sip.trusted=[\"127.0.0.1/8\", \"192.0.2.0/24\"]",
        "sip.trunk=203.0.113.1",
        "test=true",
        "sip.account=[\
            { name = \"one\", username = \"8001\", domain = \"pbx\" },\
            { name = \"two\", username = \"8002\", domain = \"pbx\", behind = \"queue\" },\
            { name = \"safe\", username = \"8003\", domain = \"sips\", transport = \"tls\" }]",
        "sip.peer=[\
            { name = \"wide\", address = [\"198.51.100.0/24\"], trusted = false },\
            { name = \"proxied\", address = [\"198.18.0.4\"], host = \"198.18.0.5\", may_dial = true },\
            { name = \"named\", tls_name = \"pbx.example\", transport = \"tls\" },\
            { name = \"both\", address = [\"192.0.2.7\"], tls_name = \"b.example\", transport = \"tls\" }]",
    ];

    fn hop(transport: Transport, ip: &str) -> Hop {
        Hop {
            flow: (transport != Transport::Udp).then_some(FlowId(1)),
            ..Hop::to(transport, format!("{ip}:5060").parse().unwrap())
        }
    }

    fn lines() -> Lines {
        let settings = Settings::of_sets(&SETTINGS.map(str::to_owned)).unwrap();
        let seat = hop(Transport::Udp, "10.0.0.20");
        let at = |ip| std::iter::once(hop(Transport::Udp, ip));
        let mut lines = Lines::new(&settings, std::iter::once(seat), at("203.0.113.1"));
        for (name, ip) in [
            ("one", "10.0.0.1"),
            ("two", "10.0.0.1"),
            ("safe", "10.0.0.2"),
        ] {
            lines.account_at(name, at(ip), None);
        }
        lines
    }

    /// The line of a call to 8002, and whether its word counts.
    fn line(transport: Transport, ip: &str, shown: &str) -> Option<(String, bool)> {
        let (lines, from) = (lines(), hop(transport, ip));
        let line = lines.of(from, Some("8002"), |name| name == shown);
        let sender = lines.sender(from, |name| name == shown);
        assert_eq!(line.is_some(), sender.standing == Standing::Known);
        line.map(|line| (line.name, line.trusted))
    }

    #[test]
    fn each_caller_comes_by_his_line() {
        use Transport::{Tcp, Tls, Udp};
        for (transport, ip, shown, expected) in [
            // Whoever registered at one server for two extensions is called for the one that is meant.
            (Udp, "10.0.0.1", "", Some(("two", false))),
            (Tcp, "10.0.0.1", "", Some(("two", false))),
            // An address is no proof where the line is by TLS.
            (Udp, "10.0.0.2", "", None),
            (Tls, "10.0.0.2", "", Some(("safe", false))),
            (Udp, "203.0.113.1", "", Some((TRUNK, false))),
            (Udp, "10.0.0.20", "", Some((HOUSE, false))),
            (Udp, "127.0.0.1", "", Some((TRUSTED, true))),
            (Udp, "198.51.100.9", "", Some(("wide", false))),
            // It calls from its address; where it is dialled is no sign of it.
            (Udp, "198.18.0.4", "", Some(("proxied", true))),
            (Udp, "198.18.0.5", "", None),
            // A certificate alone, from wherever; its name, or nobody.
            (Tls, "203.0.113.99", "pbx.example", Some(("named", true))),
            (Tls, "203.0.113.99", "other.example", None),
            // Both are asked for; else it is what its address is.
            (Tls, "192.0.2.7", "b.example", Some(("both", true))),
            (Tls, "192.0.2.7", "", Some((TRUSTED, true))),
            (Tls, "203.0.113.99", "b.example", None),
            // Nobody.
            (Udp, "203.0.113.99", "", None),
            (Tcp, "2001:db8::1", "", None),
        ] {
            let ip = if ip.contains(':') {
                format!("[{ip}]")
            } else {
                ip.to_owned()
            };
            let found = line(transport, &ip, shown);
            let found = found
                .as_ref()
                .map(|(name, trusted)| (name.as_str(), *trusted));
            assert_eq!(found, expected, "{transport} {ip} {shown}");
        }
    }

    #[test]
    fn an_account_is_known_where_its_registrar_is_by_now_and_by_its_connection() {
        let mut lines = lines();
        let moved = hop(Transport::Udp, "10.0.0.9");
        let over = Hop {
            flow: Some(FlowId(7)),
            ..hop(Transport::Tcp, "10.0.0.77")
        };
        let line = |lines: &Lines, from| lines.of(from, None, |_| false).map(|line| line.name);
        let knows = |lines: &Lines, from| lines.sender(from, |_| false).standing == Standing::Known;
        assert!(!knows(&lines, moved) && !knows(&lines, over));
        lines.account_at("two", std::iter::once(moved), over.flow);
        for from in [moved, over] {
            assert!(knows(&lines, from));
            assert_eq!(line(&lines, from).as_deref(), Some("two"));
        }
        // Where it was nobody but the other account is.
        let before = hop(Transport::Udp, "10.0.0.1");
        assert_eq!(line(&lines, before).as_deref(), Some("one"));
        lines.account_at("two", std::iter::empty(), None);
        assert!(!knows(&lines, over));
    }

    /// Whether each line's calls are recorded, and its sound protected.
    fn guarded(sets: &[&str]) -> Vec<(String, bool, SrtpPolicy)> {
        let sets: Vec<String> = SETTINGS
            .iter()
            .chain(sets)
            .map(|it| (*it).to_owned())
            .collect();
        let settings = Settings::of_sets(&sets).unwrap();
        let none = || std::iter::empty();
        let lines = Lines::new(&settings, none(), none());
        let of = |name: &&str| {
            let line = lines.named(name).unwrap();
            (line.name.clone(), line.records, line.srtp)
        };
        ["a", "b", TRUNK, HOUSE].iter().map(of).collect()
    }

    #[test]
    fn each_line_is_recorded_and_protected_as_it_says_or_as_the_house() {
        use SrtpPolicy::{Off, Prefer, Require};
        let of = |name: &str, records, srtp| (name.to_owned(), records, srtp);
        let peers = "sip.peer=[\
            { name = \"a\", address = [\"192.0.2.1\"], recording = true, srtp = \"require\" },\
            { name = \"b\", address = [\"192.0.2.2\"] }]";
        let as_the_house = [of("a", true, Require), of("b", false, Off)];
        let rest = [of(TRUNK, false, Off), of(HOUSE, false, Off)];
        assert_eq!(guarded(&[peers]), [as_the_house, rest].concat());
        let all = ["recording.enabled=true", "media.srtp=prefer"];
        let trunk = ["sip.trunk_recording=false", "sip.trunk_srtp=off"];
        let peers = peers.replace("recording = true", "recording = false");
        let sets = [&[peers.as_str()], &all[..], &trunk[..]].concat();
        let otherwise = [of("a", false, Require), of("b", true, Prefer)];
        let rest = [of(TRUNK, false, Off), of(HOUSE, true, Prefer)];
        assert_eq!(guarded(&sets), [otherwise, rest].concat());
    }

    #[test]
    fn a_line_keeps_its_own_terms_and_the_others_have_the_houses() {
        let lines = lines();
        let behind = |ip, called| {
            let from = hop(Transport::Udp, ip);
            lines.of(from, Some(called), |_| false).unwrap().behind
        };
        assert_eq!(behind("10.0.0.1", "8001"), Behind::Direct);
        assert_eq!(behind("10.0.0.1", "8002"), Behind::Queue);
        assert_eq!(behind("10.0.0.1", "nobody"), Behind::Direct);
        assert_eq!(behind("127.0.0.1", "8002"), Behind::Direct);
    }
}
