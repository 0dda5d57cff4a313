use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

use jiff::Timestamp;

use super::outside::Outside;
use crate::desk;
use crate::doctor::round::Progress;
use crate::doctor::verdicts::network::{Door, Handshake, Pairs, Seen, Stun, Way};
use crate::net::{NoHandshake, Tls, TlsSettings, Verify, Wanted, good_until, way_to};
use crate::settings::{HostPort, Ports, Settings};
use crate::sip::{Transport, Uri};
use crate::words::Sentence;

/// For the connection and for the handshake, each.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(4);

/// A peer of the settings: the key that names it, what people call it, where it is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::doctor) struct Peer {
    pub(in crate::doctor) key: String,
    pub(in crate::doctor) wanted: Wanted,
}

/// Everybody that the settings name by host: accounts, trunk, peers, STUN server, phones and targets.
pub(in crate::doctor) fn peers(settings: &Settings) -> Vec<Peer> {
    let sip = &settings.sip;
    let accounts = sip.account.iter().map(|account| Peer {
        key: format!("sip.account {}", account.name),
        wanted: desk::registrar_of(account),
    });
    let trunk = sip.trunk.iter().map(|trunk| Peer {
        key: "sip.trunk".to_owned(),
        wanted: at(trunk, Transport::Udp),
    });
    let peers = sip.peer.iter().filter_map(|peer| {
        Some(Peer {
            key: format!("sip.peer {}", peer.name),
            wanted: at(peer.host.as_ref()?, peer.transport.into()),
        })
    });
    let seats = settings.seat.iter().filter_map(|seat| {
        let uri: Uri = seat.uri.as_ref()?.as_str().parse().ok()?;
        let key = format!("seat {}", seat.id);
        Some(Peer {
            key,
            wanted: Wanted::of(&uri),
        })
    });
    let targets = settings.target.iter().filter_map(|target| {
        let uri: Uri = target.uri.as_str().parse().ok()?;
        let key = format!("target {}", target.id);
        Some(Peer {
            key,
            wanted: Wanted::of(&uri),
        })
    });
    let all = accounts.chain(trunk).chain(peers).chain(stun(settings));
    all.chain(seats).chain(targets).collect()
}

fn stun(settings: &Settings) -> Option<Peer> {
    let server = settings.sip.stun.as_ref()?.host_port();
    Some(Peer {
        key: "sip.stun".to_owned(),
        wanted: at(server, Transport::Udp),
    })
}

fn at(place: &HostPort, transport: Transport) -> Wanted {
    Wanted {
        host: place.host.trim_matches(['[', ']']).to_owned(),
        port: Some(place.port),
        transport: Some(transport),
        secure: false,
    }
}

/// Names that lead somewhere or nowhere: the key, the name, how many places, or why none. Addresses are no names.
pub(in crate::doctor) async fn find_names(
    outside: &mut Outside,
    peers: Vec<Peer>,
    progress: &mut Progress<'_>,
) -> Vec<(Peer, Result<usize, String>)> {
    let named: Vec<Peer> = peers
        .into_iter()
        .filter(|it| it.wanted.literal().is_none())
        .collect();
    let all = named.len();
    let mut found = Vec::new();
    for (n, peer) in named.into_iter().enumerate() {
        progress.at(n, all);
        let places = outside.find(&peer.wanted).await;
        let places = places.map(|places| places.len()).map_err(|why| why.why);
        found.push((peer, places));
    }
    found
}

/// The ways to all peers that are found.
pub(in crate::doctor) async fn ways(
    outside: &mut Outside,
    settings: &Settings,
    peers: Vec<Peer>,
) -> Vec<Way> {
    let sip = &settings.sip;
    let mut ways = Vec::new();
    for peer in peers {
        let Ok(places) = outside.find(&peer.wanted).await else {
            continue; // another check tells
        };
        let Some(place) = places.first() else {
            continue;
        };
        let to = place.hop.address.ip();
        let bound = settings.media.address.unwrap_or(sip.listen.ip());
        ways.push(Way {
            peer: peer.key,
            to,
            bound,
            begins: way_to(bound, to).filter(|begins| reaches(*begins, to)),
            public: sip.public_address,
        });
    }
    ways
}

/// Linux has a way from 127.0.0.1 to anybody, which no answer takes.
fn reaches(begins: IpAddr, to: IpAddr) -> bool {
    !begins.is_loopback() || to.is_loopback()
}

/// Addresses of the settings that no socket of this PC can be bound to.
pub(in crate::doctor) fn not_ours(settings: &Settings) -> Vec<(&'static str, IpAddr)> {
    let listens = [
        ("sip.listen", Some(settings.sip.listen.ip())),
        ("media.address", settings.media.address),
    ];
    let is_not_ours = |ip: IpAddr| {
        let bound = UdpSocket::bind((ip, 0));
        bound.is_err_and(|why| why.kind() == io::ErrorKind::AddrNotAvailable)
    };
    let set = listens.into_iter().filter_map(|(key, ip)| Some((key, ip?)));
    set.filter(|(_, ip)| is_not_ours(*ip)).collect()
}

/// SIP's ports; one that the system chooses is always free.
pub(in crate::doctor) fn sip_doors(settings: &Settings) -> Vec<Door> {
    let sip = &settings.sip;
    let doors = [
        ("sip.listen", "UDP", Some(sip.listen)),
        ("sip.listen_tcp", "TCP", sip.listen_tcp),
        ("sip.listen_tls", "TCP", sip.listen_tls),
    ];
    let set = doors.into_iter().filter_map(|(key, protocol, at)| {
        let at = at?;
        Some(Door { key, protocol, at })
    });
    set.collect()
}

pub(in crate::doctor) fn api_door(settings: &Settings) -> Door {
    Door {
        key: "api.listen",
        protocol: "TCP",
        at: settings.api.listen,
    }
}

/// Takes the port, and gives it back at once.
pub(in crate::doctor) fn bind(door: &Door) -> io::Result<()> {
    match door.protocol {
        "UDP" => UdpSocket::bind(door.at).map(drop),
        _ => TcpListener::bind(door.at).map(drop),
    }
}

/// Even ports of the range with the odd ones above them; none where the system chooses.
pub(in crate::doctor) fn rtp_pairs(
    settings: &Settings,
    progress: &mut Progress<'_>,
) -> Option<Pairs> {
    let Ports::Between(range) = &settings.media.ports else {
        return None;
    };
    let ip = settings.media.address.unwrap_or(settings.sip.listen.ip());
    let is_free = |port: u16| UdpSocket::bind((ip, port)).is_ok();
    let first = u32::from(range.start().next_multiple_of(2));
    let all = (u32::from(*range.end()) + 1).saturating_sub(first) / 2;
    let mut free = 0;
    for n in 0..all {
        progress.at(n as usize, all as usize);
        let port = u16::try_from(first + 2 * n).expect("it is in the range");
        free += u32::from(is_free(port) && is_free(port + 1));
    }
    Some(Pairs { all, free })
}

/// As whom others see us: the STUN server is asked by the same port as the registrars were, whose word is `before`.
pub(in crate::doctor) async fn seen(
    outside: &mut Outside,
    settings: &Settings,
    before: Option<(SocketAddr, SocketAddr)>,
) -> Seen {
    let sip = &settings.sip;
    let accounts_know = !sip.account.is_empty() && sip.account.iter().all(|account| account.nat);
    let (local, by_registrar) = before.unzip();
    let mut seen = Seen {
        local,
        by_registrar,
        by_stun: Stun::NotAsked,
        is_set: sip.public_address.is_some() || sip.stun.is_some() || accounts_know,
    };
    let Some(server) = stun(settings) else {
        return seen;
    };
    let places = outside.find(&server.wanted).await.unwrap_or_default();
    let Some(place) = places.first() else {
        seen.by_stun = Stun::NotFound;
        return seen;
    };
    let address = place.hop.address;
    let told = outside.seen_by(address).await;
    seen.by_stun = told.map_or(Stun::Silent, Stun::SeenAs);
    seen.local = local.or(Some(outside.local_towards(address.ip())));
    seen
}

/// Where a handshake is tried: who it is, by which name, at which address.
#[derive(Clone, Debug)]
pub(in crate::doctor) struct TlsPeer {
    pub(in crate::doctor) peer: String,
    name: String,
    at: SocketAddr,
}

/// Those that the settings reach by TLS.
pub(in crate::doctor) async fn tls_peers(outside: &mut Outside, peers: Vec<Peer>) -> Vec<TlsPeer> {
    let by_tls = |peer: &Peer| peer.wanted.secure || peer.wanted.transport == Some(Transport::Tls);
    let mut found = Vec::new();
    for peer in peers.into_iter().filter(by_tls) {
        let places = outside.find(&peer.wanted).await.unwrap_or_default();
        // A name that leads nowhere is another check's.
        found.extend(places.first().map(|place| TlsPeer {
            peer: peer.key,
            name: place.name.clone(),
            at: place.hop.address,
        }));
    }
    found
}

/// Connects and shakes hands as the agent would.
pub(in crate::doctor) async fn shake_hands(files: &TlsSettings, peer: &TlsPeer) -> Handshake {
    let tls = match Tls::open(files) {
        Ok(tls) => tls,
        Err(why) => return Handshake::Failed(why.sentence()),
    };
    match tls
        .try_out(Some(&peer.name), peer.at, HANDSHAKE_WITHIN)
        .await
    {
        Ok(shown) => Handshake::Done { until: shown.until },
        Err(NoHandshake::Expired) => Handshake::Expired,
        Err(NoHandshake::NotYet) => Handshake::NotYet,
        Err(NoHandshake::OtherName) => Handshake::OtherName,
        Err(NoHandshake::UnknownIssuer) => Handshake::UnknownIssuer,
        Err(NoHandshake::Unreached(why)) => Handshake::Failed(
            Sentence::of("doctor.tls.unreached")
                .with("at", peer.at)
                .with("why", Sentence::of_io(&why)),
        ),
        Err(NoHandshake::Other(why)) => {
            Handshake::Failed(Sentence::of("io.other").with("why", why))
        }
    }
}

pub(in crate::doctor) fn verifies(files: &TlsSettings) -> bool {
    files.verify == Verify::Yes
}

/// Until when our own certificate is good, or why there can be no TLS; none where there is none.
pub(in crate::doctor) fn own_certificate(
    settings: &Settings,
) -> Option<Result<Option<Timestamp>, Sentence>> {
    let files = desk::tls_files(settings)?;
    let opened = Tls::open(&files).map_err(|why| why.sentence());
    let Some(identity) = files.identity else {
        return opened.err().map(Err);
    };
    let until = || good_until(&identity.certificate).map_err(|why| why.sentence());
    Some(opened.and_then(|_| until()))
}
