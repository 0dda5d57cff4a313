use std::collections::BTreeMap;
use std::io::IoSliceMut;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

use super::poll::{Poll, TIMER, WAKE, from_token};
use super::wake::Wake;
use super::{MediaCounts, Outlets, Request};
use crate::desk::clock;
use crate::media::{Channel, FRAME_TIME, LegKey, Order, Stage, Transmit};
use crate::net::PortPair;
use crate::voices::Likely;
use crate::words::Moment;
use nix::sys::epoll::{EpollEvent, EpollFlags};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg};

/// Sockets looked at in one turn; with all of them flooded a turn stays within some 2 ms.
const EVENTS_MAX: usize = 64;

/// Errors taken from one socket in one turn.
const ERRORS_A_TURN: usize = 8;

/// An RTP packet of 60 ms has 492 bytes; what is longer than an Ethernet frame is none of ours.
pub(super) const DATAGRAM_MAX: usize = 1_500;

/// SO_EE_ORIGIN_ICMP and SO_EE_ORIGIN_ICMP6 of linux/errqueue.h.
const ORIGIN_ICMP: [u8; 2] = [2, 3];

/// What the thread owns.
pub(super) struct MediaLoop {
    pub(super) poll: Poll,
    pub(super) wake: Arc<Wake>,
    pub(super) inbox: Receiver<Request>,
    pub(super) stage: Stage,
    pub(super) sockets: BTreeMap<LegKey, PortPair>,
    /// Second ports, until their leg moves there or stays.
    pub(super) beside: BTreeMap<LegKey, PortPair>,
    /// Room for what is received.
    pub(super) datagram: [u8; DATAGRAM_MAX],
    pub(super) outlets: Outlets,
    pub(super) counts: Arc<MediaCounts>,
}

#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    Stop,
}

/// Why the loop is no more.
#[derive(Debug)]
pub(super) enum Ended {
    Stopped,
    /// The system does not tell any more what has come.
    Deaf,
}

/// What is handed over is taken in such portions; frames that are due come between.
const REQUESTS_A_TURN: usize = 64;

impl MediaLoop {
    pub(super) fn run(&mut self) -> Ended {
        let mut events = [EpollEvent::empty(); EVENTS_MAX];
        let mut next = Next::GoOn;
        while next == Next::GoOn {
            let ready = match self.poll.wait(self.stage.due(), &mut events) {
                Ok(ready) => ready,
                Err(error) => {
                    tracing::error!(%error, "wait for media");
                    return Ended::Deaf;
                }
            };
            if ready == 0 {
                // The process was stopped and goes on: what came meanwhile is heard before any
                // line is judged silent.
                continue;
            }
            for event in events.iter().take(ready) {
                if self.serve(event) == Next::Stop {
                    next = Next::Stop;
                }
            }
            self.tick();
        }
        for (leg, pair) in std::mem::take(&mut self.sockets) {
            self.close(leg, Some(pair));
        }
        Ended::Stopped
    }

    fn serve(&mut self, event: &EpollEvent) -> Next {
        match event.data() {
            WAKE => return self.take_requests(),
            // The tick after each turn does what the timer is for.
            TIMER => self.poll.clear_timer(),
            token => self.receive(token, event.events()),
        }
        Next::GoOn
    }

    fn take_requests(&mut self) -> Next {
        self.wake.heard();
        for _ in 0..REQUESTS_A_TURN {
            let Ok(request) = self.inbox.try_recv() else {
                self.flush();
                return Next::GoOn;
            };
            match request {
                Request::Stop => return Next::Stop,
                Request::Ports { leg, pair } => self.add(leg, pair),
                Request::Beside { leg, pair } => self.add_beside(leg, pair),
                Request::Move(leg) => {
                    if let Some(pair) = self.beside.remove(&leg) {
                        self.sockets.insert(leg, pair);
                    }
                }
                Request::CloseBeside(leg) => drop(self.beside.remove(&leg)),
                Request::Order(order) => self.obey(*order),
            }
        }
        // There may be more.
        self.wake.ring();
        self.flush();
        Next::GoOn
    }

    fn obey(&mut self, order: Order) {
        if let Order::Close { leg } = order {
            let pair = self.sockets.remove(&leg);
            self.close(leg, pair);
        } else {
            self.stage.apply(order, clock::now());
        }
    }

    fn add(&mut self, leg: LegKey, pair: PortPair) {
        if let Err(error) = self.poll.watch(leg, &pair) {
            tracing::error!(%error, "watch media ports");
        }
        self.sockets.insert(leg, pair);
    }

    fn add_beside(&mut self, leg: LegKey, pair: PortPair) {
        if let Err(error) = self.poll.watch(leg, &pair) {
            tracing::error!(%error, "watch second media ports");
        }
        self.beside.insert(leg, pair);
    }

    /// The goodbye leaves before the sockets go.
    fn close(&mut self, leg: LegKey, pair: Option<PortPair>) {
        if let Some(pair) = pair {
            self.sockets.insert(leg, pair);
        }
        self.stage.apply(Order::Close { leg }, clock::now());
        self.flush();
        if let Some(voices) = &self.outlets.voices {
            voices.close(leg);
        }
        self.sockets.remove(&leg);
        self.beside.remove(&leg);
    }

    fn receive(&mut self, token: u64, ready: EpollFlags) {
        let (leg, channel) = from_token(token);
        let pairs = [self.sockets.get(&leg), self.beside.get(&leg)];
        for pair in pairs.into_iter().flatten() {
            if channel == Channel::Rtp && ready.contains(EpollFlags::EPOLLERR) {
                let now = clock::now();
                for _ in 0..take_icmp_errors(&pair.rtp) {
                    self.stage.unreachable(leg, now);
                }
            }
            let socket = match channel {
                Channel::Rtp => &pair.rtp,
                Channel::Rtcp => &pair.rtcp,
            };
            // One a turn: a flood on one leg cannot starve the others, and whoever sends in time is not asked in vain.
            let Ok((length, from)) = socket.recv_from(&mut self.datagram) else {
                continue;
            };
            let bytes = self.datagram.get_mut(..length).unwrap_or_default();
            match channel {
                Channel::Rtp => self.stage.receive_rtp(leg, from, bytes, clock::now()),
                Channel::Rtcp => self.stage.receive_rtcp(leg, from, bytes, clock::now()),
            }
        }
        self.flush();
    }

    fn tick(&mut self) {
        let now = clock::now();
        if let Some(due) = self.stage.due().filter(|due| *due <= now) {
            if now.since(due) >= FRAME_TIME {
                self.counts.late.fetch_add(1, Ordering::Relaxed);
            }
            self.take_answers(now);
            self.stage.tick(now);
            self.flush();
        }
    }

    /// What was found to be a voice, or none.
    fn take_answers(&mut self, now: Moment) {
        let Some(voices) = &self.outlets.voices else {
            return;
        };
        while let Some(Likely { leg, voice }) = voices.answer() {
            let probability = voice;
            self.stage.apply(Order::Human { leg, probability }, now);
        }
    }

    fn flush(&mut self) {
        let Self {
            stage,
            sockets,
            counts,
            outlets,
            ..
        } = self;
        stage.drain(|transmit| {
            let sent = sockets
                .get(&transmit.leg)
                .is_some_and(|pair| send(pair, &transmit));
            if !sent {
                counts.unsent.fetch_add(1, Ordering::Relaxed);
            }
        });
        while let Some(report) = stage.poll_report() {
            if outlets.reports.try_send(report).is_err() {
                counts.reports_lost.fetch_add(1, Ordering::Relaxed);
            }
        }
        stage.drain_recorded(|frame| {
            if let Some(frames) = &outlets.frames {
                frames.offer(frame);
            }
        });
        while let Some((leg, block)) = stage.poll_question() {
            if let Some(voices) = &outlets.voices
                && !voices.ask(leg, block)
            {
                counts.unasked.fetch_add(1, Ordering::Relaxed);
                stage.refuse_question(leg);
            }
        }
    }
}

/// A pending ICMP error fails one call and is cleared by it: the second attempt is the datagram's own.
fn send(pair: &PortPair, transmit: &Transmit<'_>) -> bool {
    let socket = match transmit.channel {
        Channel::Rtp => &pair.rtp,
        Channel::Rtcp => &pair.rtcp,
    };
    let mut attempts = (0..2).map(|_| socket.send_to(transmit.datagram, transmit.to));
    attempts.any(|sent| sent.is_ok())
}

/// How many ICMP errors wait in the socket's error queue; they are taken from it.
fn take_icmp_errors(socket: &UdpSocket) -> usize {
    (0..ERRORS_A_TURN)
        .map_while(|_| take_error(socket))
        .filter(|is_icmp| *is_icmp)
        .count()
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "non-exhaustive, and of 20 kinds two are errors"
)]
/// One entry of the error queue: whether it came by ICMP; none when the queue is empty.
fn take_error(socket: &UdpSocket) -> Option<bool> {
    let (mut payload, mut control) = ([0; 64], [0; 256]);
    let mut parts = [IoSliceMut::new(&mut payload)];
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message =
        recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags)
            .ok()?;
    let is_icmp = message.cmsgs().ok()?.any(|part| match part {
        ControlMessageOwned::Ipv4RecvErr(error, _) => ORIGIN_ICMP.contains(&error.ee_origin),
        ControlMessageOwned::Ipv6RecvErr(error, _) => ORIGIN_ICMP.contains(&error.ee_origin),
        // Only the error queue is read here; what else a kernel may attach is no error.
        _ => false,
    });
    Some(is_icmp)
}
