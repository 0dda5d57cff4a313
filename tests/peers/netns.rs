//! Two hosts on one machine, joined by a cable; either can be made deaf to RTP while SIP goes on.

use std::fs::File;
use std::net::IpAddr;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use nix::sched::{CloneFlags, setns};

/// The two hosts; the addresses are of RFC 2544's range for tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    Agent,
    Peer,
}

/// Ports below carry SIP and the API, above RTP: the tests' peers are told so.
const SIP_PORTS_BELOW: u16 = 10_000;

/// Both hosts; they vanish with their owner.
pub(crate) struct Lab {
    id: String,
}

impl Lab {
    pub(crate) fn build() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let id = format!("{:x}-{count}", std::process::id());
        let lab = Self { id };
        for host in [Host::Agent, Host::Peer] {
            run("ip", &["netns", "add", &lab.name(host)]);
        }
        let (agent, peer) = (lab.name(Host::Agent), lab.name(Host::Peer));
        let (one, other) = (format!("tra{}", lab.id), format!("trp{}", lab.id));
        run(
            "ip",
            &[
                "link", "add", &one, "netns", &agent, "type", "veth", "peer", "name", &other,
                "netns", &peer,
            ],
        );
        for (host, link) in [(Host::Agent, &one), (Host::Peer, &other)] {
            let address = format!("{}/24", host.address());
            lab.inside(host, &["ip", "addr", "add", &address, "dev", link]);
            lab.inside(host, &["ip", "link", "set", link, "up"]);
            lab.inside(host, &["ip", "link", "set", "lo", "up"]);
        }
        lab
    }

    fn name(&self, host: Host) -> String {
        format!("thirdring-{host:?}-{}", self.id).to_lowercase()
    }

    /// The cable's end at this host.
    pub(crate) fn link(&self, host: Host) -> String {
        let side = match host {
            Host::Agent => "a",
            Host::Peer => "p",
        };
        format!("tr{side}{}", self.id)
    }

    fn inside(&self, host: Host, command: &[&str]) {
        let name = self.name(host);
        let arguments: Vec<&str> = ["netns", "exec", &name]
            .into_iter()
            .chain(command.iter().copied())
            .collect();
        run("ip", &arguments);
    }

    /// The host loses its address and gets another, as from another network.
    pub(crate) fn readdress(&self, host: Host, to: IpAddr) {
        let link = self.link(host);
        let old = format!("{}/24", host.address());
        self.inside(host, &["ip", "addr", "del", &old, "dev", &link]);
        self.add_address(host, &link, &format!("{to}/24"));
    }

    /// One more address on the cable.
    pub(crate) fn address_too(&self, host: Host, address: IpAddr) {
        self.add_address(host, &self.link(host), &format!("{address}/24"));
    }

    /// What the host would send there stays on it.
    pub(crate) fn stand_in_for(&self, host: Host, address: IpAddr) {
        self.add_address(host, "lo", &address.to_string());
    }

    fn add_address(&self, host: Host, link: &str, address: &str) {
        self.inside(host, &["ip", "addr", "add", address, "dev", link]);
    }

    /// From now on no RTP or RTCP reaches this host: it was sent, and is lost on the way.
    pub(crate) fn deafen(&self, host: Host) {
        self.build_entry(host);
        let rtp = format!("{SIP_PORTS_BELOW}-65535");
        self.at_entry(host, &["udp", "dport", &rtp, "counter", "drop"]);
    }

    /// From now on nothing reaches this TCP port of the host; whoever is connected is not told.
    #[cfg(feature = "postgres")]
    pub(crate) fn cut(&self, host: Host, port: u16) {
        self.build_entry(host);
        self.at_entry(
            host,
            &["tcp", "dport", &port.to_string(), "counter", "drop"],
        );
    }

    /// What was cut or made deaf reaches the host again.
    #[cfg(feature = "postgres")]
    pub(crate) fn mend(&self, host: Host) {
        self.inside(host, &["nft", "flush", "chain", "inet", "fault", "entry"]);
    }

    /// From now on the host's router remembers the RTP that comes in, by its pair of ports.
    pub(crate) fn remember_rtp(&self, host: Host) {
        self.build_entry(host);
        let pairs = "{ type inet_service . inet_service ; flags dynamic ; }";
        self.inside(
            host,
            &["nft", "add", "set", "inet", "fault", "known", pairs],
        );
        let rtp = format!("{SIP_PORTS_BELOW}-65535");
        let remember = ["udp", "dport", &rtp, "add", "@known"];
        self.at_entry(
            host,
            &[&remember[..], &["{ udp sport . udp dport }"]].concat(),
        );
    }

    /// The router has lost what it remembered: from between these ports nothing comes in any more.
    pub(crate) fn lose_remembered_rtp(&self, host: Host) {
        self.inside(host, &["nft", "flush", "chain", "inet", "fault", "entry"]);
        let lost = ["udp", "sport", ".", "udp", "dport", "@known", "drop"];
        self.at_entry(host, &lost);
    }

    fn build_entry(&self, host: Host) {
        self.inside(host, &["nft", "add", "table", "inet", "fault"]);
        let chain = "{ type filter hook prerouting priority 0 ; policy accept ; }";
        self.inside(
            host,
            &["nft", "add", "chain", "inet", "fault", "entry", chain],
        );
    }

    fn at_entry(&self, host: Host, rule: &[&str]) {
        let add = ["nft", "add", "rule", "inet", "fault", "entry"];
        self.inside(host, &[&add[..], rule].concat());
    }

    /// From now on the agent's host hides `inside`: a router that forwards SIP, and RTP below 11,000.
    pub(crate) fn hide(&self, inside: IpAddr) {
        let (host, outside) = (Host::Agent, Host::Agent.address().to_string());
        let hidden = inside.to_string();
        self.inside(host, &["ip", "addr", "add", &hidden, "dev", "lo"]);
        self.inside(host, &["nft", "add", "table", "ip", "router"]);
        let inwards = "{ type nat hook prerouting priority -100 ; }";
        let outwards = "{ type nat hook postrouting priority 100 ; }";
        for (chain, hook) in [("inwards", inwards), ("outwards", outwards)] {
            self.inside(host, &["nft", "add", "chain", "ip", "router", chain, hook]);
        }
        let ports = "{ 5060, 10000-10999 }";
        let forward = ["udp", "dport", ports, "dnat", "to", &hidden];
        let rewrite = ["ip", "saddr", &hidden, "snat", "to", &outside];
        for (chain, rule) in [("inwards", forward), ("outwards", rewrite)] {
            let rule = ["nft", "add", "rule", "ip", "router", chain]
                .into_iter()
                .chain(rule);
            self.inside(host, &rule.collect::<Vec<_>>());
        }
    }

    /// Runs this at the host: its sockets, threads and processes live there.
    pub(crate) fn at<T: Send>(&self, host: Host, what: impl FnOnce() -> T + Send) -> T {
        let path = format!("/run/netns/{}", self.name(host));
        let entered = thread::scope(|scope| {
            let there = scope.spawn(|| {
                let namespace = File::open(&path).expect("the host was built");
                setns(namespace, CloneFlags::CLONE_NEWNET).expect("root may enter it");
                what()
            });
            there.join()
        });
        entered.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Host {
    pub(crate) fn address(self) -> IpAddr {
        match self {
            Self::Agent => IpAddr::from([198, 18, 7, 1]),
            Self::Peer => IpAddr::from([198, 18, 7, 2]),
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for host in [Host::Agent, Host::Peer] {
            let name = self.name(host);
            // It may not have been built.
            let _ = Command::new("ip").args(["netns", "del", &name]).status();
        }
    }
}

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "{program} {arguments:?}"
    );
}
