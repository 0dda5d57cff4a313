//! Where our sound may go: what a peer's session description says is a stranger's word.

use std::net::{IpAddr, SocketAddr};

use crate::sip::offer_answer::Negotiated;
use crate::words::{CallId, Party};

use super::Desk;
use super::sound::Ground;

/// Where a party is who tells us an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whence {
    /// On this machine, or where the settings say: its loopback address is ours.
    Here,
    /// Anywhere else: a loopback address is no way to reach it.
    Afar,
}

/// Where we are ourselves.
#[derive(Clone, Copy, Debug)]
struct Ourselves {
    /// Where SIP comes in by UDP, and as what peers are told it.
    sip: SocketAddr,
    told: SocketAddr,
    /// Our sound.
    ground: Ground,
}

impl Ourselves {
    /// Who comes from our public address may be anybody behind the same router.
    fn whence(&self, source: IpAddr) -> Whence {
        let source = source.to_canonical();
        if source.is_loopback() || source == self.sip.ip() || source == self.ground.bound {
            Whence::Here
        } else {
            Whence::Afar
        }
    }

    /// Whether a peer that names this address may mean us.
    fn are_at(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        let ours = [
            self.sip.ip(),
            self.told.ip(),
            self.ground.bound,
            self.ground.told,
        ];
        ours.contains(&ip) || ip.is_loopback() && self.sip.ip().is_unspecified()
    }

    /// A router may lead its own outside back to our port.
    fn take_sip_at(&self, address: SocketAddr) -> bool {
        let is_port = [self.sip.port(), self.told.port()].contains(&address.port());
        is_port && self.are_at(address.ip())
    }
}

impl Desk {
    fn ourselves(&self) -> Ourselves {
        Ourselves {
            sip: self.whereabouts.bound_udp(),
            told: self.house.address,
            ground: self.sound.ground(),
        }
    }

    pub(super) fn whence(&self, source: IpAddr) -> Whence {
        self.ourselves().whence(source)
    }

    /// Seats and targets are where the settings say; a caller is where his INVITE came from, a
    /// registered phone where its REGISTER did.
    pub(super) fn whence_of(&self, id: CallId, party: Party) -> Whence {
        match (party, self.calls.get(id)) {
            (Party::Caller, Some(call)) => call.facts.caller_is,
            (Party::Rep, Some(call)) => call.facts.rep_is,
            (Party::Target, Some(_)) | (_, None) => Whence::Here,
        }
    }

    /// Whether their RTP and RTCP addresses can be sent to from ours, and are not ours: sound sent to
    /// a port of our own would come back as somebody else's.
    pub(super) fn may_send_to(&self, agreed: &Negotiated, they_are: Whence) -> bool {
        let ours = self.ourselves();
        [agreed.remote, agreed.remote_rtcp]
            .into_iter()
            .all(|theirs| {
                can_reach(ours.ground.bound, theirs.ip(), they_are)
                    && !self.listens_at(ours, theirs)
            })
    }

    fn listens_at(&self, ours: Ourselves, address: SocketAddr) -> bool {
        ours.take_sip_at(address) || ours.are_at(address.ip()) && self.listens_by(address.port())
    }

    fn listens_by(&self, port: u16) -> bool {
        self.calls.listen_at(port) || self.pbx.listens_at(port)
    }
}

fn can_reach(ours: IpAddr, theirs: IpAddr, they_are: Whence) -> bool {
    let same_family = ours.is_ipv4() == theirs.is_ipv4();
    let is_loopback = theirs.to_canonical().is_loopback();
    theirs.is_unspecified() || same_family && (they_are == Whence::Here || !is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(ours: &str, theirs: &str, they_are: Whence) -> bool {
        can_reach(ours.parse().unwrap(), theirs.parse().unwrap(), they_are)
    }

    #[test]
    fn loopback_is_reached_by_those_on_this_machine_only() {
        assert!(reach("192.0.2.1", "127.0.0.1", Whence::Here));
        assert!(!reach("192.0.2.1", "127.0.0.1", Whence::Afar));
        assert!(!reach("2001:db8::1", "::ffff:127.0.0.1", Whence::Afar));
        assert!(reach("192.0.2.1", "198.51.100.1", Whence::Afar));
    }

    #[test]
    fn each_family_reaches_its_own_and_nobody_is_no_matter() {
        assert!(!reach("192.0.2.1", "2001:db8::1", Whence::Here));
        assert!(!reach("2001:db8::1", "192.0.2.1", Whence::Here));
        assert!(reach("2001:db8::1", "0.0.0.0", Whence::Afar));
    }

    /// Behind a router, which shows us as 203.0.113.5:4444.
    fn behind_a_router(bound: &str) -> Ourselves {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        Ourselves {
            sip: bound.parse().unwrap(),
            told: "203.0.113.5:4444".parse().unwrap(),
            ground: Ground {
                bound: ip("10.0.0.5"),
                told: ip("203.0.113.5"),
            },
        }
    }

    #[test]
    fn our_own_sip_port_takes_no_sound_under_any_of_its_names() {
        let ours = behind_a_router("0.0.0.0:5060");
        let takes = |address: &str| ours.take_sip_at(address.parse().unwrap());
        for port in [5060, 4444] {
            for host in ["10.0.0.5", "203.0.113.5", "127.0.0.1"] {
                assert!(takes(&format!("{host}:{port}")), "{host}:{port}");
            }
        }
        assert!(!takes("203.0.113.5:4000") && !takes("198.51.100.1:5060"));
        let fixed = behind_a_router("10.0.0.5:5060");
        assert!(fixed.take_sip_at("10.0.0.5:5060".parse().unwrap()));
        assert!(!fixed.take_sip_at("127.0.0.1:5060".parse().unwrap()));
    }

    #[test]
    fn who_comes_from_our_public_address_is_not_on_this_machine() {
        let ours = behind_a_router("0.0.0.0:5060");
        let whence = |source: &str| ours.whence(source.parse().unwrap());
        assert_eq!(whence("203.0.113.5"), Whence::Afar);
        for here in ["127.0.0.1", "::ffff:127.0.0.1", "10.0.0.5"] {
            assert_eq!(whence(here), Whence::Here, "{here}");
        }
    }
}
