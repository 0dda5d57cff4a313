//! The network, and who is who on it.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};

use super::*;
use crate::doctor::verdicts::network::{self, Door, Handshake, Pairs, Seen, Stun, Way};

#[test]
fn a_port_is_free_ours_or_somebody_elses() {
    let door = Door {
        key: "sip.listen",
        protocol: "UDP",
        at: "192.0.2.1:5060".parse().unwrap(),
    };
    let judged = |bound: Result<(), ErrorKind>, runs| {
        let bound = bound.map_err(io::Error::from);
        network::door(&door, &bound, runs)
    };
    told(&judged(Ok(()), false), Fine, "ports.free");
    told(&judged(Ok(()), true), Warning, "ports.not-opened");
    told(
        &judged(Err(ErrorKind::AddrInUse), true),
        Skipped,
        "ports.agents",
    );
    told(
        &judged(Err(ErrorKind::AddrInUse), false),
        Fault,
        "ports.taken",
    );
    told(
        &judged(Err(ErrorKind::AddrNotAvailable), false),
        Fault,
        "ports.not-ours",
    );
    told(
        &judged(Err(ErrorKind::PermissionDenied), false),
        Fault,
        "ports.forbidden",
    );
    told(
        &judged(Err(ErrorKind::Unsupported), false),
        Fault,
        "ports.refused",
    );
}

#[test]
fn sound_has_ports_enough() {
    let judged =
        |all, free, runs| network::rtp_ports("10000-10999", Some(Pairs { all, free }), 64, runs);
    told(
        &network::rtp_ports("0", None, 64, false),
        Fine,
        "rtp-ports.any",
    );
    told(&judged(500, 500, false), Fine, "rtp-ports.enough");
    told(&judged(500, 100, false), Warning, "rtp-ports.taken");
    told(&judged(500, 100, true), Fine, "rtp-ports.enough");
    told(&judged(50, 50, false), Warning, "rtp-ports.too-few");
    told(&judged(500, 0, true), Fault, "rtp-ports.none");
}

#[test]
fn names_lead_somewhere_and_so_do_ways() {
    told(
        &network::name("sip.trunk", "pbx", Ok(2)),
        Fine,
        "names.found",
    );
    told(
        &network::name("sip.trunk", "pbx", Err("no")),
        Fault,
        "names.unknown",
    );
    told(&network::no_names(), Skipped, "names.none");
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let way = |begins: Option<&str>, public: Option<&str>| {
        network::way(&Way {
            peer: "sip.trunk".to_owned(),
            to: ip("192.0.2.9"),
            bound: ip("0.0.0.0"),
            begins: begins.map(ip),
            public: public.map(ip),
        })
    };
    told(&way(Some("192.0.2.1"), None), Fine, "address.same");
    told(
        &way(Some("192.0.2.1"), Some("203.0.113.5")),
        Fine,
        "address.public",
    );
    told(&way(None, None), Fault, "address.no-way");
    told(
        &network::not_ours("sip.listen", ip("192.0.2.77")),
        Fault,
        "address.not-ours",
    );
    told(&network::no_way_to_look_at(), Skipped, "address.no-peer");
}

#[test]
fn a_router_shows_us_alike_to_all_or_not() {
    let at = |text: &str| text.parse::<SocketAddr>().unwrap();
    let (local, outside, other) = (
        at("10.0.0.5:4000"),
        at("203.0.113.5:4000"),
        at("203.0.113.5:4001"),
    );
    let seen = |by_registrar, by_stun, is_set| {
        network::nat(&Seen {
            local: Some(local),
            by_registrar,
            by_stun,
            is_set,
        })
    };
    let none = Stun::NotAsked;
    told(&seen(None, none, false), Skipped, "nat.unknown");
    told(&seen(Some(local), none, false), Fine, "nat.none");
    told(&seen(Some(outside), none, true), Fine, "nat.known");
    told(&seen(Some(outside), none, false), Warning, "nat.hidden");
    told(
        &seen(None, Stun::NotFound, true),
        Fault,
        "nat.stun-not-found",
    );
    told(
        &seen(Some(outside), Stun::Silent, true),
        Fault,
        "nat.stun-silent",
    );
    told(
        &seen(Some(outside), Stun::SeenAs(outside), true),
        Fine,
        "nat.known",
    );
    told(
        &seen(Some(other), Stun::SeenAs(outside), true),
        Fault,
        "nat.symmetric",
    );
}

#[test]
fn certificates_are_good_for_a_while() {
    let now: Timestamp = "2030-01-10T00:00:00Z".parse().unwrap();
    let day = |day: i64| now + SignedDuration::from_hours(24 * day);
    let shaken = |shaken: Handshake| network::handshake(("pbx", true), &shaken, now);
    let done = |days| Handshake::Done {
        until: Some(day(days)),
    };
    told(&shaken(done(200)), Fine, "tls.good");
    told(&shaken(done(3)), Warning, "tls.soon");
    told(
        &shaken(Handshake::Done { until: None }),
        Fine,
        "tls.undated",
    );
    told(&shaken(Handshake::Expired), Fault, "tls.expired");
    told(&shaken(Handshake::NotYet), Fault, "tls.not-yet");
    told(&shaken(Handshake::OtherName), Fault, "tls.other-name");
    told(
        &shaken(Handshake::UnknownIssuer),
        Fault,
        "tls.unknown-issuer",
    );
    told(&shaken(Handshake::Failed(why())), Fault, "tls.failed");
    let unchecked = network::handshake(("pbx", false), &done(200), now);
    told(&unchecked, Warning, "tls.unchecked");
    told(&network::no_tls(), Skipped, "tls.none");
    let own = |read: Result<Option<i64>, Sentence>| {
        network::certificate(Some(&read.map(|days| days.map(day))), now)
    };
    told(&own(Ok(Some(200))), Fine, "certificate.good");
    told(&own(Ok(Some(3))), Warning, "certificate.soon");
    told(&own(Ok(Some(-1))), Fault, "certificate.expired");
    told(&own(Ok(None)), Fine, "certificate.undated");
    told(&own(Err(why())), Fault, "certificate.unfit");
    told(
        &network::certificate(None, now),
        Skipped,
        "certificate.none",
    );
}
