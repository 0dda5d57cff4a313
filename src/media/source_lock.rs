use std::net::SocketAddr;

/// Lets one source through: the signalled address, its port learned once per offer/answer (D19).
#[derive(Clone, Copy, Debug)]
pub struct SourceLock {
    signalled: SocketAddr,
    learned: Option<u16>,
    strangers: u64,
}

impl SourceLock {
    pub fn new(signalled: SocketAddr) -> Self {
        Self {
            signalled,
            learned: None,
            strangers: 0,
        }
    }

    /// A new offer/answer: the port is learned again, the count stays.
    pub fn retarget(&mut self, signalled: SocketAddr) {
        *self = Self {
            signalled,
            learned: None,
            strangers: self.strangers,
        };
    }

    /// Whether a packet from `from` may become one of ours once it has been read; a stranger is counted.
    pub fn may_come(&mut self, from: SocketAddr) -> bool {
        let known =
            from.ip() == self.signalled.ip() && self.learned.is_none_or(|port| port == from.port());
        if !known {
            self.strangers = self.strangers.saturating_add(1);
        }
        known
    }

    /// Whether a valid packet from `from` may be heard; a stranger is counted.
    pub fn admits(&mut self, from: SocketAddr) -> bool {
        let known = from.ip() == self.signalled.ip()
            && *self.learned.get_or_insert(from.port()) == from.port();
        if !known {
            self.strangers = self.strangers.saturating_add(1);
        }
        known
    }

    /// Where our packets go: the learned port answers a router on the way, the address never changes.
    pub fn remote(&self) -> SocketAddr {
        SocketAddr::new(
            self.signalled.ip(),
            self.learned.unwrap_or(self.signalled.port()),
        )
    }

    /// Packets discarded because somebody else sent them.
    pub fn strangers(&self) -> u64 {
        self.strangers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_port_is_learned_once_and_strangers_are_counted() {
        let mut lock = SourceLock::new(at("192.0.2.1:4000"));
        assert!(!lock.admits(at("192.0.2.9:4000")));
        assert!(lock.admits(at("192.0.2.1:4010")));
        assert!(!lock.admits(at("192.0.2.1:4000")));
        assert_eq!((lock.strangers(), lock.remote()), (2, at("192.0.2.1:4010")));
    }

    #[test]
    fn a_new_offer_learns_again() {
        let mut lock = SourceLock::new(at("192.0.2.1:4000"));
        assert!(lock.admits(at("192.0.2.1:4010")));
        lock.retarget(at("192.0.2.1:5000"));
        assert_eq!(lock.remote(), at("192.0.2.1:5000"));
        assert!(lock.admits(at("192.0.2.1:5002")));
    }
}
