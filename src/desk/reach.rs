//! Where our sound may go: what a peer's session description says is a stranger's word.

use std::net::{IpAddr, SocketAddr};

use crate::sip::offer_answer::Negotiated;

use super::Desk;

impl Desk {
    /// Whether their RTP and RTCP addresses can be sent to from ours, and are not ours: sound sent to
    /// a port of our own would come back as somebody else's.
    pub(super) fn may_send_to(&self, agreed: &Negotiated) -> bool {
        let ours = self.sound.address();
        [agreed.remote, agreed.remote_rtcp]
            .into_iter()
            .all(|theirs| can_reach(ours, theirs.ip()) && !self.listens_at(theirs))
    }

    fn listens_at(&self, address: SocketAddr) -> bool {
        address == self.house.address
            || address.ip() == self.sound.address() && self.calls.listen_at(address.port())
    }
}

/// One family; and a loopback address means us, whoever wrote it, unless all of us is on loopback.
fn can_reach(ours: IpAddr, theirs: IpAddr) -> bool {
    let same_family = ours.is_ipv4() == theirs.is_ipv4();
    theirs.is_unspecified()
        || same_family && (ours.is_loopback() || !theirs.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_reached_from_loopback_only_and_each_family_from_its_own() {
        let reach =
            |ours: &str, theirs: &str| can_reach(ours.parse().unwrap(), theirs.parse().unwrap());
        assert!(reach("127.0.0.1", "127.0.0.1") && reach("192.0.2.1", "198.51.100.1"));
        assert!(!reach("192.0.2.1", "127.0.0.1") && !reach("2001:db8::1", "::1"));
        assert!(!reach("192.0.2.1", "2001:db8::1") && !reach("2001:db8::1", "::ffff:127.0.0.1"));
        assert!(reach("192.0.2.1", "0.0.0.0"));
    }
}
