//! Waiting where there is no epoll: what `mio` makes of the system's own way, and a [`Metronome`]. It is tested on Linux, too.
//!
//! `mio` tells once that something has come, and again only after it was told that all is read: who has more to read is
//! remembered here.

mod metronome;
mod ports;
mod wake;

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use mio::{Interest, Token, Waker};

use super::EVENTS_MAX;
use super::ready::Ready;
use crate::media::{Channel, LegKey};
use crate::words::Moment;

use self::metronome::Metronome;
pub(super) use self::ports::Ports;
pub(super) use self::wake::Wake;

const WAKE: Token = Token(usize::MAX);

/// The system's own way of waiting, with its wake-up and its timer.
pub(super) struct Poll {
    poll: mio::Poll,
    told: mio::Events,
    metronome: Metronome,
    /// Whose ports may have more than was read.
    unread: BTreeSet<Token>,
}

/// What one wait tells.
pub(super) struct Events(Vec<Ready>);

impl Poll {
    /// And what wakes it.
    pub(super) fn open() -> io::Result<(Self, Wake)> {
        let poll = mio::Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let poll = Self {
            poll,
            told: mio::Events::with_capacity(EVENTS_MAX),
            metronome: Metronome::start(Arc::clone(&waker))?,
            unread: BTreeSet::new(),
        };
        Ok((poll, Wake::new(waker)))
    }

    pub(super) fn watch(&self, leg: LegKey, ports: &mut Ports) -> io::Result<()> {
        for channel in [Channel::Rtp, Channel::Rtcp] {
            let socket = ports.socket_mut(channel);
            let registry = self.poll.registry();
            registry.register(socket, token(leg, channel)?, Interest::READABLE)?;
        }
        Ok(())
    }

    /// Waits for a datagram, an order, or the absolute moment `due`.
    pub(super) fn wait(&mut self, due: Option<Moment>, events: &mut Events) -> io::Result<()> {
        self.metronome.set(due);
        let at_most = (!self.unread.is_empty()).then_some(Duration::ZERO);
        events.0.clear();
        match self.poll.poll(&mut self.told, at_most) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            Err(_) | Ok(()) => {}
        }
        for event in &self.told {
            match event.token() {
                WAKE => events.0.push(Ready::Requests),
                token => drop(self.unread.insert(token)),
            }
        }
        if self.metronome.has_struck() {
            events.0.push(Ready::Due);
        }
        events.0.extend(self.unread.iter().map(ports_ready));
        Ok(())
    }

    pub(super) fn clear_timer(&mut self) {
        self.metronome.clear();
    }

    /// All was heard of a leg: it is looked at again when the system tells.
    pub(super) fn heard_all(&mut self, leg: LegKey, channel: Channel) {
        if let Ok(token) = token(leg, channel) {
            self.unread.remove(&token);
        }
    }
}

impl Events {
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(EVENTS_MAX))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Ready> {
        self.0.iter().copied()
    }
}

fn token(leg: LegKey, channel: Channel) -> io::Result<Token> {
    let number = u64::from(leg.number()) << 1 | u64::from(channel == Channel::Rtcp);
    usize::try_from(number).map(Token).map_err(io::Error::other)
}

fn ports_ready(token: &Token) -> Ready {
    let channel = if token.0 & 1 == 1 {
        Channel::Rtcp
    } else {
        Channel::Rtp
    };
    Ready::Ports {
        leg: LegKey::new(u32::try_from(token.0 >> 1).unwrap_or(u32::MAX)),
        channel,
        with_errors: false,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

    use super::*;
    use crate::desk::clock;
    use crate::media::FRAME_TIME;
    use crate::net::{Dscp, PortPool};

    const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const LEG: LegKey = LegKey::new(3);
    const RTP: Ready = Ready::Ports {
        leg: LEG,
        channel: Channel::Rtp,
        with_errors: false,
    };

    fn open() -> (Poll, Wake, Ports, SocketAddr) {
        let (poll, wake) = Poll::open().unwrap();
        let pair = PortPool::new(None, Dscp::default()).bind(LOOPBACK).unwrap();
        let local = pair.rtp.local_addr().unwrap();
        let mut ports = Ports::new(pair);
        poll.watch(LEG, &mut ports).unwrap();
        (poll, wake, ports, local)
    }

    /// What the next wait tells, within 10 s.
    fn next(poll: &mut Poll) -> Vec<Ready> {
        let mut events = Events::new();
        let limit = clock::now() + Duration::from_secs(10);
        poll.wait(Some(limit), &mut events).unwrap();
        events.iter().collect()
    }

    #[test]
    fn of_two_packets_the_second_is_heard_in_the_next_turn() {
        let (mut poll, _wake, ports, local) = open();
        let peer = UdpSocket::bind((LOOPBACK, 0)).unwrap();
        for packet in [b"one", b"two"] {
            peer.send_to(packet, local).unwrap();
        }
        let from = peer.local_addr().unwrap();
        let mut datagram = [0; 16];
        for packet in [b"one", b"two"] {
            assert_eq!(next(&mut poll), [RTP]);
            let heard = ports.hear(Channel::Rtp, false, &mut datagram);
            assert_eq!((heard.datagram, heard.more), (Some((3, from)), true));
            assert_eq!(&datagram[..3], packet);
        }
        assert_eq!(next(&mut poll), [RTP], "nobody said that all is heard");
        let heard = ports.hear(Channel::Rtp, false, &mut datagram);
        assert_eq!((heard.datagram, heard.more), (None, false));
        poll.heard_all(LEG, Channel::Rtp);
        ports.send(Channel::Rtp, b"back", from).unwrap();
        assert_eq!(peer.recv(&mut datagram).unwrap(), 4);
        peer.send_to(b"three", local).unwrap();
        assert_eq!(next(&mut poll), [RTP], "it is told again");
    }

    #[test]
    fn an_order_wakes_once_for_all_that_is_handed_over() {
        let (mut poll, wake, _ports, _) = open();
        for _ in 0..3 {
            wake.ring();
        }
        assert_eq!(next(&mut poll), [Ready::Requests]);
        wake.heard();
        wake.ring();
        assert_eq!(next(&mut poll), [Ready::Requests]);
    }

    #[test]
    fn a_moment_is_told_when_it_has_come_and_not_before() {
        let (mut poll, _wake, _ports, _) = open();
        let mut events = Events::new();
        for _ in 0..3 {
            let due = clock::now() + FRAME_TIME * 2;
            let mut told = Vec::new();
            while !told.contains(&Ready::Due) {
                poll.wait(Some(due), &mut events).unwrap();
                told.extend(events.iter());
            }
            assert!(clock::now() >= due && !events.is_empty());
            poll.clear_timer();
        }
    }
}
