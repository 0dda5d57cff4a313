//! Where our sound may go: what a peer's session description says is a stranger's word.

use std::net::{IpAddr, SocketAddr};

use crate::sip::offer_answer::Negotiated;
use crate::words::{CallId, Party};

use super::Desk;

/// Where a party is who tells us an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whence {
    /// On this machine, or where the settings say: its loopback address is ours.
    Here,
    /// Anywhere else: a loopback address is no way to reach it.
    Afar,
}

impl Desk {
    pub(super) fn whence(&self, source: IpAddr) -> Whence {
        if source.to_canonical().is_loopback() || source == self.house.address.ip() {
            Whence::Here
        } else {
            Whence::Afar
        }
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
        let ours = self.sound.address();
        [agreed.remote, agreed.remote_rtcp]
            .into_iter()
            .all(|theirs| can_reach(ours, theirs.ip(), they_are) && !self.listens_at(theirs))
    }

    fn listens_at(&self, address: SocketAddr) -> bool {
        address == self.house.address
            || self.sound.is_at(address.ip()) && self.calls.listen_at(address.port())
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
}
