use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

use super::ready::Ready;
use super::system::{Events, Poll, Ports, Wake};
use super::{MediaCounts, Outlets, Request};
use crate::desk::clock;
use crate::media::{Channel, FRAME_TIME, LegKey, Order, Stage, Transmit};
use crate::net::PortPair;
use crate::voices::Likely;
use crate::words::Moment;

/// An RTP packet of 60 ms has 492 bytes; what is longer than an Ethernet frame is none of ours.
pub(super) const DATAGRAM_MAX: usize = 1_500;

/// What the thread owns.
pub(super) struct MediaLoop {
    pub(super) poll: Poll,
    pub(super) wake: Arc<Wake>,
    pub(super) inbox: Receiver<Request>,
    pub(super) stage: Stage,
    pub(super) ports: BTreeMap<LegKey, Ports>,
    /// Second ports, until their leg moves there or stays.
    pub(super) beside: BTreeMap<LegKey, Ports>,
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
        let mut events = Events::new();
        let mut next = Next::GoOn;
        while next == Next::GoOn {
            if let Err(error) = self.poll.wait(self.stage.due(), &mut events) {
                tracing::error!(%error, "wait for media");
                return Ended::Deaf;
            }
            if events.is_empty() {
                // The process was stopped and goes on: what came meanwhile is heard before any
                // line is judged silent.
                continue;
            }
            for ready in events.iter() {
                if self.serve(ready) == Next::Stop {
                    next = Next::Stop;
                }
            }
            self.tick();
        }
        for (leg, ports) in std::mem::take(&mut self.ports) {
            self.close(leg, Some(ports));
        }
        Ended::Stopped
    }

    fn serve(&mut self, ready: Ready) -> Next {
        match ready {
            Ready::Requests => return self.take_requests(),
            // The tick after each turn does what the timer is for.
            Ready::Due => self.poll.clear_timer(),
            Ready::Ports {
                leg,
                channel,
                with_errors,
            } => self.receive(leg, channel, with_errors),
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
                    if let Some(ports) = self.beside.remove(&leg) {
                        self.ports.insert(leg, ports);
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
            let ports = self.ports.remove(&leg);
            self.close(leg, ports);
        } else {
            self.stage.apply(order, clock::now());
        }
    }

    fn add(&mut self, leg: LegKey, pair: PortPair) {
        let ports = self.watched(leg, pair);
        self.ports.insert(leg, ports);
    }

    fn add_beside(&mut self, leg: LegKey, pair: PortPair) {
        let ports = self.watched(leg, pair);
        self.beside.insert(leg, ports);
    }

    fn watched(&mut self, leg: LegKey, pair: PortPair) -> Ports {
        let mut ports = Ports::new(pair);
        if let Err(error) = self.poll.watch(leg, &mut ports) {
            tracing::error!(%error, "watch media ports");
        }
        ports
    }

    /// The goodbye leaves before the sockets go.
    fn close(&mut self, leg: LegKey, ports: Option<Ports>) {
        if let Some(ports) = ports {
            self.ports.insert(leg, ports);
        }
        self.stage.apply(Order::Close { leg }, clock::now());
        self.flush();
        if let Some(voices) = &self.outlets.voices {
            voices.close(leg);
        }
        self.ports.remove(&leg);
        self.beside.remove(&leg);
    }

    fn receive(&mut self, leg: LegKey, channel: Channel, with_errors: bool) {
        let mut more = false;
        let both = [self.ports.get(&leg), self.beside.get(&leg)];
        for ports in both.into_iter().flatten() {
            // One a turn: a flood on one leg cannot starve the others, and whoever sends in time is not asked in vain.
            let heard = ports.hear(channel, with_errors, &mut self.datagram);
            more |= heard.more;
            for _ in 0..heard.unreachable {
                self.stage.unreachable(leg, clock::now());
            }
            let Some((length, from)) = heard.datagram else {
                continue;
            };
            let bytes = self.datagram.get_mut(..length).unwrap_or_default();
            match channel {
                Channel::Rtp => self.stage.receive_rtp(leg, from, bytes, clock::now()),
                Channel::Rtcp => self.stage.receive_rtcp(leg, from, bytes, clock::now()),
            }
        }
        if !more {
            self.poll.heard_all(leg, channel);
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
            ports,
            counts,
            outlets,
            ..
        } = self;
        stage.drain(|transmit| {
            let sent = ports
                .get(&transmit.leg)
                .is_some_and(|ports| send(ports, &transmit));
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
fn send(ports: &Ports, transmit: &Transmit<'_>) -> bool {
    let Transmit { channel, to, .. } = *transmit;
    let mut attempts = (0..2).map(|_| ports.send(channel, transmit.datagram, to));
    attempts.any(|sent| sent.is_ok())
}
