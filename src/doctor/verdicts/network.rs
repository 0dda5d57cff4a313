//! Where others reach us, and where we reach them.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};

use jiff::{SignedDuration, Timestamp};

use crate::doctor::Finding;
use crate::words::Sentence;

/// RTP and RTCP of caller, rep and target.
const PAIRS_OF_A_CALL: u32 = 3;

/// Whoever signs certificates needs his days, and so do admins.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A port that the settings name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::doctor) struct Door {
    pub(in crate::doctor) key: &'static str,
    pub(in crate::doctor) protocol: &'static str,
    pub(in crate::doctor) at: SocketAddr,
}

/// Whether it could be bound; the agent that runs has its own.
pub(in crate::doctor) fn door(door: &Door, bound: &io::Result<()>, agent_runs: bool) -> Finding {
    let of = |key: &str| {
        Sentence::of(key)
            .with("key", door.key)
            .with("protocol", door.protocol)
            .with("at", door.at)
    };
    match bound {
        Ok(()) if agent_runs => Finding::warning(of("doctor.ports.not-opened")),
        Ok(()) => Finding::ok(of("doctor.ports.free")),
        Err(why) if why.kind() == ErrorKind::AddrInUse && agent_runs => {
            Finding::skipped(of("doctor.ports.agents"))
        }
        Err(why) if why.kind() == ErrorKind::AddrInUse => Finding::fault(of("doctor.ports.taken")),
        Err(why) if why.kind() == ErrorKind::AddrNotAvailable => {
            Finding::fault(of("doctor.ports.not-ours"))
        }
        Err(why) if why.kind() == ErrorKind::PermissionDenied => {
            Finding::fault(of("doctor.ports.forbidden"))
        }
        Err(why) => Finding::fault(of("doctor.ports.refused").with("why", Sentence::of_io(why))),
    }
}

/// Pairs of ports for sound, where the settings name a range: how many there are, and how many are free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::doctor) struct Pairs {
    pub(in crate::doctor) all: u32,
    pub(in crate::doctor) free: u32,
}

pub(in crate::doctor) fn rtp_ports(
    range: &str,
    pairs: Option<Pairs>,
    calls_max: u16,
    agent_runs: bool,
) -> Finding {
    let Some(Pairs { all, free }) = pairs else {
        return Finding::ok(Sentence::of("doctor.rtp-ports.any"));
    };
    let needed = u32::from(calls_max) * PAIRS_OF_A_CALL;
    let said = |key: &str| {
        Sentence::of(key)
            .with("range", range)
            .with("all", all)
            .with("free", free)
            .with("needed", needed)
            .with("calls", calls_max)
    };
    if free == 0 {
        Finding::fault(said("doctor.rtp-ports.none"))
    } else if all < needed {
        Finding::warning(said("doctor.rtp-ports.too-few"))
    } else if free < needed && !agent_runs {
        Finding::warning(said("doctor.rtp-ports.taken"))
    } else {
        Finding::ok(said("doctor.rtp-ports.enough"))
    }
}

/// A name of the settings, and how many places it leads to, or why to none.
pub(in crate::doctor) fn name(key: &str, host: &str, found: Result<usize, &str>) -> Finding {
    let of = |text: &str| Sentence::of(text).with("key", key).with("host", host);
    match found {
        Ok(places) => Finding::ok(of("doctor.names.found").with("places", places)),
        Err(why) => Finding::fault(of("doctor.names.unknown").with("why", why)),
    }
}

pub(in crate::doctor) fn no_names() -> Finding {
    Finding::skipped(Sentence::of("doctor.names.none"))
}

/// The way to one peer, and the address that our session descriptions will name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::doctor) struct Way {
    pub(in crate::doctor) peer: String,
    pub(in crate::doctor) to: IpAddr,
    /// Where our sound is bound.
    pub(in crate::doctor) bound: IpAddr,
    /// The address of this PC at which the way begins; none where there is no way.
    pub(in crate::doctor) begins: Option<IpAddr>,
    /// What the settings say that peers are told.
    pub(in crate::doctor) public: Option<IpAddr>,
}

pub(in crate::doctor) fn way(way: &Way) -> Finding {
    let of = |key: &str| {
        Sentence::of(key)
            .with("peer", &way.peer)
            .with("to", way.to)
            .with("bound", way.bound)
    };
    let Some(begins) = way.begins else {
        return Finding::fault(of("doctor.address.no-way"));
    };
    match way.public {
        Some(public) if public != begins => Finding::ok(
            of("doctor.address.public")
                .with("public", public)
                .with("begins", begins),
        ),
        Some(_) | None => Finding::ok(of("doctor.address.same").with("begins", begins)),
    }
}

/// An address of the settings that is none of this PC's.
pub(in crate::doctor) fn not_ours(key: &str, address: IpAddr) -> Finding {
    Finding::fault(
        Sentence::of("doctor.address.not-ours")
            .with("key", key)
            .with("address", address),
    )
}

pub(in crate::doctor) fn no_way_to_look_at() -> Finding {
    Finding::skipped(Sentence::of("doctor.address.no-peer"))
}

/// As whom others see our SIP port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::doctor) struct Seen {
    /// Where our datagrams leave this PC.
    pub(in crate::doctor) local: Option<SocketAddr>,
    pub(in crate::doctor) by_registrar: Option<SocketAddr>,
    pub(in crate::doctor) by_stun: Stun,
    /// The settings say what peers are to be told, or who tells it.
    pub(in crate::doctor) is_set: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::doctor) enum Stun {
    #[default]
    NotAsked,
    NotFound,
    Silent,
    SeenAs(SocketAddr),
}

pub(in crate::doctor) fn nat(seen: &Seen) -> Finding {
    let of = Sentence::of;
    match (seen.by_stun, seen.by_registrar) {
        (Stun::NotFound, _) => return Finding::fault(of("doctor.nat.stun-not-found")),
        (Stun::Silent, _) => return Finding::fault(of("doctor.nat.stun-silent")),
        (Stun::SeenAs(stun), Some(registrar)) if stun != registrar => {
            return Finding::fault(
                of("doctor.nat.symmetric")
                    .with("stun", stun)
                    .with("registrar", registrar),
            );
        }
        (Stun::NotAsked | Stun::SeenAs(_), _) => {}
    }
    let outside = match seen.by_stun {
        Stun::SeenAs(stun) => Some(stun),
        Stun::NotAsked | Stun::NotFound | Stun::Silent => seen.by_registrar,
    };
    let (Some(local), Some(outside)) = (seen.local, outside) else {
        return Finding::skipped(of("doctor.nat.unknown"));
    };
    let said = |key: &str| of(key).with("local", local).with("outside", outside);
    match (local == outside, seen.is_set) {
        (true, _) => Finding::ok(said("doctor.nat.none")),
        (false, true) => Finding::ok(said("doctor.nat.known")),
        (false, false) => Finding::warning(said("doctor.nat.hidden")),
    }
}

/// What came of a handshake; the sentence of `Failed` says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::doctor) enum Handshake {
    Done { until: Option<Timestamp> },
    Expired,
    NotYet,
    OtherName,
    UnknownIssuer,
    Failed(Sentence),
}

pub(in crate::doctor) fn handshake(
    (peer, verifies): (&str, bool),
    shaken: &Handshake,
    now: Timestamp,
) -> Finding {
    let of = |key: &str| Sentence::of(key).with("peer", peer);
    match shaken {
        Handshake::Expired => Finding::fault(of("doctor.tls.expired")),
        Handshake::NotYet => Finding::fault(of("doctor.tls.not-yet")),
        Handshake::OtherName => Finding::fault(of("doctor.tls.other-name")),
        Handshake::UnknownIssuer => Finding::fault(of("doctor.tls.unknown-issuer")),
        Handshake::Failed(why) => Finding::fault(of("doctor.tls.failed").with("why", why)),
        Handshake::Done { .. } if !verifies => Finding::warning(of("doctor.tls.unchecked")),
        Handshake::Done { until } => match until.map(|until| (until, left(until, now))) {
            Some((until, left)) if left < SOON => {
                Finding::warning(of("doctor.tls.soon").with("until", day(until)))
            }
            Some((until, _)) => Finding::ok(of("doctor.tls.good").with("until", day(until))),
            None => Finding::ok(of("doctor.tls.undated")),
        },
    }
}

pub(in crate::doctor) fn no_tls() -> Finding {
    Finding::skipped(Sentence::of("doctor.tls.none"))
}

/// Our own certificate: until when it is good, or why TLS cannot be had; none where there is none.
pub(in crate::doctor) fn certificate(
    read: Option<&Result<Option<Timestamp>, Sentence>>,
    now: Timestamp,
) -> Finding {
    let of = |key: &str, until: Timestamp| Sentence::of(key).with("until", day(until));
    match read {
        None => Finding::skipped(Sentence::of("doctor.certificate.none")),
        Some(Err(why)) => Finding::fault(Sentence::of("doctor.certificate.unfit").with("why", why)),
        Some(Ok(None)) => Finding::ok(Sentence::of("doctor.certificate.undated")),
        Some(Ok(Some(until))) => match left(*until, now) {
            left if left <= SignedDuration::ZERO => {
                Finding::fault(of("doctor.certificate.expired", *until))
            }
            left if left < SOON => Finding::warning(of("doctor.certificate.soon", *until)),
            _ => Finding::ok(of("doctor.certificate.good", *until)),
        },
    }
}

fn left(until: Timestamp, now: Timestamp) -> SignedDuration {
    until.duration_since(now)
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}
