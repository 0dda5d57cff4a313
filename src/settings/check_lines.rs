//! What accounts, peers and dial rules say of each other.

use std::time::Duration;

use super::check::{Fault, fault};
use super::dial::TRUNK;
use super::places::Step;
use super::{Account, Peer, Secret, Settings, Target, Transport};
use crate::dialling::Rule;
use crate::words::Sentence;

/// A day: longer, and a registrar that forgot us is noticed too late.
const EXPIRES_MAX: Duration = Duration::from_secs(86_400);

/// RFC 3261 10.3 lets a registrar refuse less than an hour; many take a minute, none takes less.
const EXPIRES_MIN: Duration = Duration::from_secs(60);

/// More often would be a burden, more seldom of no use: RFC 4787 REQ-5 asks two minutes of a NAT.
const KEEP_ALIVE_MIN: Duration = Duration::from_secs(10);
const KEEP_ALIVE_MAX: Duration = Duration::from_secs(600);

/// RFC 2474: six bits.
const DSCP_MAX: u8 = 63;

/// What a line is known by.
pub(super) const LINES: &[&str] = &["sip.trunk", "sip.account", "sip.peer"];

pub(super) fn faults(settings: &Settings) -> Vec<Fault> {
    let sip = &settings.sip;
    let accounts = || sip.account.iter().enumerate();
    let peers = || sip.peer.iter().enumerate();
    let rules = || settings.dial.rule.iter().enumerate();
    let targets = || settings.target.iter().enumerate();
    let mut faults = dscp(settings);
    faults.extend(terms_of_no_trunk(settings));
    faults.extend(two_addresses(settings));
    faults.extend(tls(settings));
    faults.extend(names(settings));
    faults.extend(accounts().flat_map(|(n, it)| account(settings, n, it)));
    faults.extend(accounts().filter_map(|(n, it)| half_behind_nat(settings, n, it)));
    faults.extend(peers().filter_map(|(n, it)| peer(n, it)));
    faults.extend(rules().filter_map(|(n, it)| rule(settings, n, it)));
    faults.extend(targets().filter_map(|(n, it)| target(settings, n, it)));
    faults
}

fn dscp(settings: &Settings) -> Vec<Fault> {
    let all = [("sip", settings.sip.dscp), ("media", settings.media.dscp)];
    let wrong = all.into_iter().filter(|(_, dscp)| *dscp > DSCP_MAX);
    let fault = |(section, dscp)| {
        fault(
            &[Step::Key(section), Step::Key("dscp")],
            Sentence::of("settings.dscp").with("dscp", dscp),
            Sentence::of("settings.right.dscp").with("most", DSCP_MAX),
        )
    };
    wrong.map(fault).collect()
}

/// What is set need not be asked for.
fn two_addresses(settings: &Settings) -> Option<Fault> {
    let sip = &settings.sip;
    (sip.stun.is_some() && sip.public_address.is_some()).then(|| {
        fault(
            &[Step::Key("sip"), Step::Key("stun")],
            Sentence::of("settings.two-addresses"),
            Sentence::of("settings.right.two-addresses"),
        )
    })
}

/// A certificate and its key go together; who listens needs both.
fn tls(settings: &Settings) -> Option<Fault> {
    let tls = &settings.sip.tls;
    let whole = tls.certificate.is_some() && tls.key.is_some();
    let part = tls.certificate.is_some() || tls.key.is_some();
    let place = match settings.sip.listen_tls {
        Some(_) if !whole => vec![Step::Key("sip"), Step::Key("listen_tls")],
        None if part && !whole => vec![Step::Key("sip"), Step::Key("tls")],
        Some(_) | None => return None,
    };
    let fault = fault(
        &place,
        Sentence::of("settings.tls-without-certificate"),
        Sentence::of("settings.right.tls-without-certificate"),
    );
    Some(fault.leaning_on(&["sip.tls", "sip.listen_tls"]))
}

/// Rules and callers find a line by its name: no two have the same.
fn names(settings: &Settings) -> Vec<Fault> {
    let named = all_names(settings);
    let of_line = |(at, (list, n, name)): (usize, &(&'static str, usize, &str))| {
        let earlier = named.iter().take(at).any(|(.., other)| other == name);
        (earlier || name.is_empty() || *name == TRUNK).then(|| {
            fault(
                &entry("sip", list, *n, "name"),
                Sentence::of("settings.line-name").with("name", name),
                Sentence::of("settings.right.line-name").with("trunk", TRUNK),
            )
        })
    };
    named.iter().enumerate().filter_map(of_line).collect()
}

/// The list it stands in, the entry, the name.
fn all_names(settings: &Settings) -> Vec<(&'static str, usize, &str)> {
    let accounts = settings.sip.account.iter().enumerate();
    let peers = settings.sip.peer.iter().enumerate();
    let accounts = accounts.map(|(n, it)| ("account", n, it.name.as_str()));
    let peers = peers.map(|(n, it)| ("peer", n, it.name.as_str()));
    accounts.chain(peers).collect()
}

fn account(settings: &Settings, n: usize, account: &Account) -> impl Iterator<Item = Fault> {
    let is_open = matches!(account.password, Some(Secret::Literal(_))) && !settings.test;
    let keep_alive = account.keep_alive.get();
    let keeps = keep_alive.is_zero() || (KEEP_ALIVE_MIN..=KEEP_ALIVE_MAX).contains(&keep_alive);
    let expires = (EXPIRES_MIN..=EXPIRES_MAX).contains(&account.expires.get());
    let wrong = [
        (is_open, "password", "open-password"),
        (!keeps, "keep_alive", "keep-alive"),
        (!expires, "expires", "expires"),
    ];
    let wrong = wrong.into_iter().filter(|(is_wrong, ..)| *is_wrong);
    wrong.map(move |(_, key, what)| {
        fault(
            &entry("sip", "account", n, key),
            Sentence::of(&format!("settings.{what}")).with("name", &account.name),
            Sentence::of(&format!("settings.right.{what}")),
        )
    })
}

/// What is said of a trunk that is not there was meant for another line.
fn terms_of_no_trunk(settings: &Settings) -> Option<Fault> {
    let sip = &settings.sip;
    let key = match (&sip.trunk, sip.trunk_recording, sip.trunk_srtp) {
        (None, Some(_), _) => "trunk_recording",
        (None, None, Some(_)) => "trunk_srtp",
        (Some(_), ..) | (None, None, None) => return None,
    };
    let fault = fault(
        &[Step::Key("sip"), Step::Key(key)],
        Sentence::of("settings.no-trunk").with("key", key),
        Sentence::of("settings.right.no-trunk"),
    );
    Some(fault.leaning_on(&["sip.trunk"]))
}

/// A message is answered before it is known which account of a server it is for.
fn half_behind_nat(settings: &Settings, n: usize, behind: &Account) -> Option<Fault> {
    let mut accounts = settings.sip.account.iter();
    let other = accounts.find(|it| !it.nat && behind.nat && server(it) == server(behind))?;
    Some(fault(
        &entry("sip", "account", n, "nat"),
        Sentence::of("settings.half-behind-nat")
            .with("name", &behind.name)
            .with("other", &other.name),
        Sentence::of("settings.right.half-behind-nat").with("other", &other.name),
    ))
}

/// The host its requests go to.
fn server(account: &Account) -> String {
    match &account.outbound_proxy {
        Some(proxy) => proxy.host.clone(),
        None => account.domain.to_string(),
    }
}

fn peer(n: usize, peer: &Peer) -> Option<Fault> {
    let at = |key| entry("sip", "peer", n, key);
    let (key, wrong, right) = if peer.address.is_empty() && peer.tls_name.is_none() {
        (
            "name",
            "settings.peer-without-address",
            "settings.right.peer-without-address",
        )
    } else if peer.tls_name.is_some() && peer.transport != Transport::Tls {
        (
            "tls_name",
            "settings.peer-name-without-tls",
            "settings.right.peer-name-without-tls",
        )
    } else if peer.may_dial && peer.host.is_none() {
        (
            "may_dial",
            "settings.peer-without-host",
            "settings.right.peer-without-host",
        )
    } else {
        return None;
    };
    let wrong = Sentence::of(wrong).with("name", &peer.name);
    Some(fault(&at(key), wrong, Sentence::of(right)))
}

fn rule(settings: &Settings, n: usize, rule: &Rule) -> Option<Fault> {
    let at = |key| entry("dial", "rule", n, key);
    if let Some(replace) = &rule.replace
        && replace.highest() > rule.pattern.groups()
    {
        return Some(fault(
            &at("replace"),
            Sentence::of("settings.rule-part")
                .with("part", format!("${}", replace.highest()))
                .with("match", &rule.pattern),
            Sentence::of("settings.right.rule-part"),
        ));
    }
    line_of(settings, rule.via.as_deref()?, &at("via"))
}

fn target(settings: &Settings, n: usize, target: &Target) -> Option<Fault> {
    let place = [Step::Key("target"), Step::Nth(n), Step::Key("via")];
    line_of(settings, target.via.as_deref()?, &place)
}

/// Where a rule or a target names a line, it is one that may dial.
fn line_of(settings: &Settings, via: &str, place: &[Step]) -> Option<Fault> {
    let dials = dialling_lines(settings);
    (!dials.contains(&via)).then(|| {
        fault(
            place,
            Sentence::of("settings.rule-line").with("via", via),
            Sentence::of("settings.right.rule-line").with("names", dials.join(", ")),
        )
        .leaning_on(LINES)
    })
}

/// The names a rule may send numbers to.
pub(super) fn dialling_lines(settings: &Settings) -> Vec<&str> {
    let sip = &settings.sip;
    let trunk = sip.trunk.iter().map(|_| TRUNK);
    let accounts = sip.account.iter().map(|it| it.name.as_str());
    let peers = sip.peer.iter().filter(|peer| peer.may_dial);
    trunk
        .chain(accounts)
        .chain(peers.map(|it| it.name.as_str()))
        .collect()
}

/// A key of the n-th `[[section.list]]`.
fn entry(section: &'static str, list: &'static str, n: usize, key: &'static str) -> [Step; 4] {
    [
        Step::Key(section),
        Step::Key(list),
        Step::Nth(n),
        Step::Key(key),
    ]
}
