//! Two that listen at one port: the second would not be opened.

use std::net::{IpAddr, SocketAddr};

use super::check::{Fault, fault};
use super::places::Step;
use super::{Ports, Settings};
use crate::words::Sentence;

/// Where something listens, and the section and key that say so.
#[derive(Clone, Copy)]
struct Door {
    at: SocketAddr,
    section: &'static str,
    key: &'static str,
}

pub(super) fn faults(settings: &Settings) -> Vec<Fault> {
    let doors = connections(settings);
    let pairs = doors.iter().enumerate().filter_map(|(n, door)| {
        let earlier = doors.iter().take(n).find(|other| other.clashes(door))?;
        Some(clash(door.section, door.key, earlier))
    });
    pairs.chain(sound(settings)).collect()
}

/// Who can be connected to, by TCP.
fn connections(settings: &Settings) -> Vec<Door> {
    let sip = &settings.sip;
    let door = |section, key, at| Door { at, section, key };
    let api = door("api", "listen", settings.api.listen);
    let tcp = sip.listen_tcp.map(|at| door("sip", "listen_tcp", at));
    let tls = sip.listen_tls.map(|at| door("sip", "listen_tls", at));
    tcp.into_iter().chain(tls).chain([api]).collect()
}

/// Datagrams: sound where signalling is.
fn sound(settings: &Settings) -> Option<Fault> {
    let listen = settings.sip.listen;
    let Ports::Between(ports) = &settings.media.ports else {
        return None;
    };
    let address = settings.media.address.unwrap_or(listen.ip());
    let door = Door {
        at: listen,
        section: "sip",
        key: "listen",
    };
    let is_in = ports.contains(&listen.port()) && share(address, listen.ip());
    is_in.then(|| clash("media", "ports", &door))
}

fn clash(section: &'static str, key: &'static str, earlier: &Door) -> Fault {
    fault(
        &[Step::Key(section), Step::Key(key)],
        Sentence::of("settings.port-twice")
            .with("key", format!("{section}.{key}"))
            .with("other", format!("{}.{}", earlier.section, earlier.key))
            .with("port", earlier.at.port()),
        Sentence::of("settings.right.port-twice"),
    )
    .leaning_on(&[
        "sip.listen",
        "sip.listen_tcp",
        "sip.listen_tls",
        "media",
        "api",
    ])
}

impl Door {
    /// Port 0 is another each time.
    fn clashes(&self, other: &Self) -> bool {
        let port = self.at.port();
        port != 0 && port == other.at.port() && share(self.at.ip(), other.at.ip())
    }
}

/// Whether one address is the other, or all of this machine.
fn share(one: IpAddr, other: IpAddr) -> bool {
    one == other || one.is_unspecified() || other.is_unspecified()
}
