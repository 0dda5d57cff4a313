use std::net::SocketAddr;

/// Lets one source through: the signalled address, its port learned once per offer/answer (D19). Who sends from the
/// signalled port itself is believed before any other: nobody can take his place by being first.
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
        let port = from.port();
        let is_port = self
            .learned
            .is_none_or(|learned| learned == port || self.signalled.port() == port);
        let known = from.ip() == self.signalled.ip() && is_port;
        if !known {
            self.strangers = self.strangers.saturating_add(1);
        }
        known
    }

    /// Whether a valid packet from `from` may be heard; a stranger is counted. A protected one is valid once it is
    /// known to be genuine, so that only the party itself teaches us its port.
    pub fn admits(&mut self, from: SocketAddr) -> bool {
        let known = from.ip() == self.signalled.ip() && self.learn(from.port());
        if !known {
            self.strangers = self.strangers.saturating_add(1);
        }
        known
    }

    fn learn(&mut self, port: u16) -> bool {
        if port == self.signalled.port() {
            self.learned = Some(port);
        }
        *self.learned.get_or_insert(port) == port
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
        assert!(!lock.admits(at("192.0.2.1:4012")));
        assert_eq!((lock.strangers(), lock.remote()), (2, at("192.0.2.1:4010")));
    }

    #[test]
    fn the_signalled_port_throws_out_whoever_was_first() {
        let mut lock = SourceLock::new(at("192.0.2.1:4000"));
        assert!(lock.admits(at("192.0.2.1:4010")));
        assert!(lock.may_come(at("192.0.2.1:4000")));
        assert!(lock.admits(at("192.0.2.1:4000")));
        assert!(!lock.admits(at("192.0.2.1:4010")));
        assert_eq!(lock.remote(), at("192.0.2.1:4000"));
        assert!(!lock.may_come(at("192.0.2.9:4000")));
        assert_eq!(lock.strangers(), 2);
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
