//! Where we are: the addresses peers are told, and when they change.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::net;
use crate::settings::Settings;
use crate::sip::{Hop, Listening};
use crate::words::Moment;

use super::finder::Search;
use super::sound::Ground;
use super::{Desk, clock};

/// How often the system is asked where our way out begins: a change is noticed so soon.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// The boot clock has gone on so much longer than the one that stands still: the PC slept.
const SLEPT: Duration = Duration::from_secs(2);
/// The desk glances at the clock each other second. So long without a glance, and the whole machine stood
/// still: a guest of a virtual machine, say, whose clocks do not tell.
const STOOD_STILL: Duration = Duration::from_secs(10);

/// Where we listen, and who is told of it as what.
#[derive(Debug)]
pub(super) struct Whereabouts {
    bound: Listening,
    /// What peers are told, whatever the system says.
    public: Option<IpAddr>,
    /// As what a STUN server sees us.
    seen: Option<SocketAddr>,
    /// For the server, while its name is not known.
    pub(super) stun_search: Option<Search>,
    /// Where our sound is, where that is set.
    media: Option<IpAddr>,
    /// Our own address, when last looked at.
    here: IpAddr,
    looked: Moment,
    glanced: Glance,
}

/// The two clocks at one time.
#[derive(Clone, Copy, Debug)]
struct Glance {
    at: Moment,
    awake: Duration,
}

impl Glance {
    fn new(now: Moment) -> Self {
        Self {
            at: now,
            awake: clock::awake(),
        }
    }

    /// Whether the PC slept, or stood still, between the two.
    fn slept_until(self, later: Self) -> bool {
        let passed = later.at.since(self.at);
        let awake = later.awake.saturating_sub(self.awake);
        passed.saturating_sub(awake) >= SLEPT || passed >= STOOD_STILL
    }
}

impl Whereabouts {
    pub(super) fn new(bound: Listening, settings: &Settings, now: Moment) -> Self {
        Self {
            bound,
            public: settings.sip.public_address,
            seen: None,
            stun_search: None,
            media: settings.media.address,
            here: own_ip(bound.udp.ip(), None),
            looked: now,
            glanced: Glance::new(now),
        }
    }

    /// A STUN server sees our datagrams come from there; whether that is another address than before.
    pub(super) fn seen_from_outside(&mut self, public: SocketAddr) -> bool {
        self.seen.replace(public) != Some(public)
    }

    /// When the name of the STUN server is to be looked up again.
    pub(super) fn timeout(&self) -> Option<Moment> {
        self.stun_search.as_ref().and_then(Search::timeout)
    }

    /// What peers are told: where we listen, unless we are known by another address outside. Where we
    /// listen is everywhere, it is the address that `towards` sees us come from, or else the one our
    /// way out begins at.
    pub(super) fn told(&self, towards: Option<IpAddr>) -> Listening {
        let at = |bound: SocketAddr| {
            let ip = self.public.unwrap_or_else(|| own_ip(bound.ip(), towards));
            SocketAddr::new(ip, bound.port())
        };
        let listening = Listening {
            udp: at(self.bound.udp),
            tcp: self.bound.tcp.map(at),
            tls: self.bound.tls.map(at),
        };
        match self.seen {
            Some(public) => listening.seen_as(public),
            None => listening,
        }
    }

    /// Where the ports of new legs are opened: behind NAT at our own address, and told as public ones.
    pub(super) fn ground(&self, towards: Option<IpAddr>) -> Ground {
        let own = || own_ip(self.bound_ip(), towards);
        let bound = self.media.unwrap_or_else(own);
        let seen = self.seen.map(|public| public.ip());
        Ground {
            bound,
            told: seen.or(self.public).unwrap_or(bound),
        }
    }

    /// Whether our own address is another than at the last look. None at all is no other one.
    fn has_moved(&mut self, towards: Option<IpAddr>) -> bool {
        let own = own_ip(self.bound_ip(), towards);
        let lost = own.is_loopback() && !self.here.is_loopback();
        !lost && std::mem::replace(&mut self.here, own) != own
    }

    fn is_lost(&self, towards: Option<IpAddr>) -> bool {
        own_ip(self.bound_ip(), towards).is_loopback() && !self.here.is_loopback()
    }

    /// Where our datagrams and connections begin.
    pub(super) fn bound_ip(&self) -> IpAddr {
        self.bound.udp.ip()
    }

    /// Where SIP comes in by UDP, whatever peers are told.
    pub(super) fn bound_udp(&self) -> SocketAddr {
        self.bound.udp
    }

    /// Our end, as a peer is told that the way to begins at `way`.
    pub(super) fn seen_as(&self, told: Hop, way: Option<IpAddr>) -> Hop {
        let is_own = self.public.is_none() && self.seen.is_none();
        let follows = is_own && self.bound_ip().is_unspecified();
        match way.filter(|_| follows) {
            Some(ip) => Hop {
                address: SocketAddr::new(ip, told.address.port()),
                ..told
            },
            None => told,
        }
    }

    /// Whether the PC slept since the last glance.
    fn slept(&mut self, now: Moment) -> bool {
        let glance = Glance::new(now);
        std::mem::replace(&mut self.glanced, glance).slept_until(glance)
    }

    fn is_time(&mut self, now: Moment) -> bool {
        let is_time = now.since(self.looked) >= LOOK_EVERY;
        if is_time {
            self.looked = now;
        }
        is_time
    }
}

impl Desk {
    /// When to look around next; never where all addresses are set and nobody is registered.
    pub(super) fn looks_around_at(&self) -> Option<Moment> {
        let fixed = !self.whereabouts.bound.udp.ip().is_unspecified() && self.accounts.is_empty();
        (!fixed).then(|| self.whereabouts.looked + LOOK_EVERY)
    }

    /// Follows the network, and the PC's sleep.
    pub(super) fn look_around(&mut self, now: Moment) {
        let slept = self.whereabouts.slept(now);
        if self.whereabouts.is_time(now) || slept {
            if slept {
                tracing::info!("the PC has slept");
            }
            if self.whereabouts.has_moved(self.accounts.first_peer()) || slept {
                self.signalling.ask_stun_anew(now);
            }
            self.follow_address();
            self.look_at_ways(slept, now);
        }
    }

    /// New legs are told our new address; those that live keep their sound where it is.
    pub(super) fn follow_address(&mut self) {
        let towards = self.accounts.first_peer();
        if self.whereabouts.is_lost(towards) {
            return;
        }
        self.sound.move_to(self.whereabouts.ground(towards));
        let told = self.whereabouts.told(towards);
        if told.udp != self.house.address {
            tracing::info!(was = %self.house.address, is = %told.udp, "our address is another");
            self.signalling.endpoint.moved(told);
            self.house.address = told.udp;
        }
    }
}

/// Our own address, as a socket bound there has it on the way to a peer, or else on the way out.
fn own_ip(bound: IpAddr, towards: Option<IpAddr>) -> IpAddr {
    if !bound.is_unspecified() {
        return bound;
    }
    let way = towards.and_then(|peer| net::way_to(bound, peer));
    way.unwrap_or_else(|| net::way_out(bound))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn glance(at: u32, awake: u32) -> Glance {
        Glance {
            at: Moment::ZERO + SECOND * at,
            awake: SECOND * awake,
        }
    }

    #[test]
    fn a_sleep_is_told_by_the_clock_that_stood_still_or_by_a_long_silence() {
        let before = glance(100, 50);
        assert!(!before.slept_until(glance(101, 51)));
        assert!(!before.slept_until(glance(105, 55)), "busy, not asleep");
        assert!(before.slept_until(glance(103, 51)));
        assert!(before.slept_until(glance(110, 60)));
    }

    fn whereabouts(listen: &str, public: Option<&str>) -> Whereabouts {
        let mut settings = Settings::default();
        settings.sip.public_address = public.map(|ip| ip.parse().unwrap());
        let bound = Listening::udp_only(listen.parse().unwrap());
        Whereabouts::new(bound, &settings, Moment::ZERO)
    }

    #[test]
    fn peers_are_told_the_address_that_leads_to_them_unless_it_is_set() {
        let loopback: IpAddr = "127.0.0.1".parse().unwrap();
        let told = |listen, public| whereabouts(listen, public).told(Some(loopback)).udp;
        let is = |text: &str| text.parse::<SocketAddr>().unwrap();
        assert_eq!(told("0.0.0.0:5060", None), is("127.0.0.1:5060"));
        assert_eq!(told("192.0.2.7:5060", None), is("192.0.2.7:5060"));
        let public = Some("198.51.100.1");
        assert_eq!(told("0.0.0.0:5060", public), is("198.51.100.1:5060"));
    }

    #[test]
    fn behind_nat_ports_are_opened_here_and_told_as_seen_from_outside() {
        let (here, outside) = ("192.0.2.7:5060", IpAddr::from([198, 51, 100, 1]));
        let ground = |it: &Whereabouts| {
            let ground = it.ground(None);
            (ground.bound.to_string(), ground.told)
        };
        let set = whereabouts(here, Some("198.51.100.1"));
        assert_eq!(ground(&set), ("192.0.2.7".to_owned(), outside));
        let mut asked = whereabouts(here, None);
        assert_eq!(asked.told(None).udp, here.parse().unwrap());
        let public = SocketAddr::new(outside, 40_000);
        assert!(asked.seen_from_outside(public) && !asked.seen_from_outside(public));
        assert_eq!(asked.told(None).udp, SocketAddr::new(outside, 40_000));
        assert_eq!(ground(&asked), ("192.0.2.7".to_owned(), outside));
    }

    #[test]
    fn a_registrar_is_told_the_address_it_sees() {
        let told = Hop::udp("192.0.2.1:5060".parse().unwrap());
        let way = Some("10.0.0.5".parse().unwrap());
        let seen = |listen, public| whereabouts(listen, public).seen_as(told, way).address;
        assert_eq!(seen("0.0.0.0:5060", None), "10.0.0.5:5060".parse().unwrap());
        assert_eq!(seen("192.0.2.1:5060", None), told.address);
        assert_eq!(seen("0.0.0.0:5060", Some("192.0.2.1")), told.address);
    }
}
