use std::collections::BTreeMap;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg};
use nix::sys::timerfd::{ClockId, TimerFd, TimerFlags};
use nix::sys::timerfd::{Expiration, TimerSetTimeFlags};
use tokio::sync::mpsc::Sender;

use super::clock;
use super::urgency::run_before_others;
use crate::media::{Bed, Channel, Codec, LegKey, Order, Report, Stage, Transmit};
use crate::net::{PortPair, PortPool};
use crate::words::{Entropy, Moment};

/// Orders waiting for the thread, which takes them at once; whoever orders more waits for room.
const ORDERS_MAX: usize = 4_096;

/// Sockets looked at in one turn; with all of them flooded a turn stays within some 2 ms.
const EVENTS_MAX: usize = 64;

/// Datagrams or errors taken from one socket in one turn, so that a flood on one leg cannot starve the others.
const DATAGRAMS_A_TURN: usize = 8;

/// An RTP packet of 60 ms has 492 bytes; what is longer than an Ethernet frame is none of ours.
const DATAGRAM_MAX: usize = 1_500;

const WAKE: u64 = u64::MAX;
const TIMER: u64 = u64::MAX - 1;

/// SO_EE_ORIGIN_ICMP and SO_EE_ORIGIN_ICMP6 of linux/errqueue.h.
const ORIGIN_ICMP: [u8; 2] = [2, 3];

/// The one thread that moves sound: it owns the stage and the sockets of all legs (D31).
///
/// Dropping it says goodbye on every leg and joins the thread.
#[derive(Debug)]
pub(super) struct MediaThread {
    requests: SyncSender<Request>,
    wake: Arc<EventFd>,
    counts: Arc<MediaCounts>,
    ports: PortPool,
    opened: AtomicU32,
    thread: Option<JoinHandle<()>>,
}

/// What went wrong on the thread, as counters that only grow.
#[derive(Debug, Default)]
pub(super) struct MediaCounts {
    /// Reports the desk had no room for.
    pub(super) reports_lost: AtomicU64,
    /// Datagrams the system did not take.
    pub(super) unsent: AtomicU64,
}

#[derive(Debug)]
enum Request {
    Ports { leg: LegKey, pair: PortPair },
    Order(Order),
    Stop,
}

impl MediaThread {
    /// Starts the thread; a full `reports` channel is counted, never waited for.
    pub(super) fn start(
        entropy: Entropy,
        ports: PortPool,
        reports: Sender<Report>,
    ) -> io::Result<Self> {
        let (requests, inbox) = sync_channel(ORDERS_MAX);
        let wake = Arc::new(EventFd::from_flags(
            EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC,
        )?);
        let counts = Arc::new(MediaCounts::default());
        let mut media_loop = MediaLoop {
            poll: Poll::new(&wake)?,
            wake: Arc::clone(&wake),
            inbox,
            stage: Stage::new(entropy),
            sockets: BTreeMap::new(),
            reports,
            counts: Arc::clone(&counts),
        };
        let thread = std::thread::Builder::new()
            .name("media".to_owned())
            .spawn(move || {
                run_before_others();
                media_loop.run();
            })?;
        let opened = AtomicU32::new(0);
        Ok(Self {
            requests,
            wake,
            counts,
            ports,
            opened,
            thread: Some(thread),
        })
    }

    /// Opens an RTP and an RTCP port at `ip` for a new leg; `Order::Close` gives them back.
    pub(super) fn open_port(&self, ip: IpAddr) -> io::Result<(LegKey, SocketAddr)> {
        let pair = self.ports.bind(ip)?;
        let local = pair.rtp.local_addr()?;
        let leg = LegKey::new(self.opened.fetch_add(1, Ordering::Relaxed));
        self.request(Request::Ports { leg, pair });
        Ok((leg, local))
    }

    /// Hands an order over; sound it brings along is encoded here, by the caller.
    pub(super) fn order(&self, order: Order) {
        prepare(&order);
        self.request(Request::Order(order));
    }

    pub(super) fn counts(&self) -> &MediaCounts {
        &self.counts
    }

    fn request(&self, request: Request) {
        // Both fail only when the thread has ended, which its join reports.
        let _ = self.requests.send(request);
        let _ = self.wake.write(1);
    }
}

impl Drop for MediaThread {
    fn drop(&mut self) {
        self.request(Request::Stop);
        if self
            .thread
            .take()
            .is_some_and(|thread| thread.join().is_err())
        {
            tracing::error!("the media thread panicked");
        }
    }
}

fn prepare(order: &Order) {
    let clip = match order {
        Order::Say { clip, .. } => clip,
        Order::Hear { hears, .. } => match &hears.bed {
            Bed::Music(clip) => clip,
            Bed::Silence => return,
        },
        Order::Open { .. }
        | Order::Retarget { .. }
        | Order::Cut { .. }
        | Order::SendKeys { .. }
        | Order::Watch { .. }
        | Order::Close { .. } => return,
    };
    clip.prepare(Codec::Pcma);
    clip.prepare(Codec::Pcmu);
}

/// What the thread owns.
struct MediaLoop {
    poll: Poll,
    wake: Arc<EventFd>,
    inbox: Receiver<Request>,
    stage: Stage,
    sockets: BTreeMap<LegKey, PortPair>,
    reports: Sender<Report>,
    counts: Arc<MediaCounts>,
}

#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    Stop,
}

impl MediaLoop {
    fn run(&mut self) {
        let mut events = [EpollEvent::empty(); EVENTS_MAX];
        let mut next = Next::GoOn;
        while next == Next::GoOn {
            let ready = match self.poll.wait(self.stage.due(), &mut events) {
                Ok(ready) => ready,
                Err(error) => {
                    tracing::error!(%error, "wait for media");
                    return;
                }
            };
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
        // An eventfd that cannot be read is at zero already.
        let _ = self.wake.read();
        while let Ok(request) = self.inbox.try_recv() {
            match request {
                Request::Stop => return Next::Stop,
                Request::Ports { leg, pair } => self.add(leg, pair),
                Request::Order(Order::Close { leg }) => {
                    let pair = self.sockets.remove(&leg);
                    self.close(leg, pair);
                }
                Request::Order(order) => self.stage.apply(order, clock::now()),
            }
        }
        self.flush();
        Next::GoOn
    }

    fn add(&mut self, leg: LegKey, pair: PortPair) {
        if let Err(error) = self.poll.watch(leg, &pair) {
            tracing::error!(%error, "watch media ports");
        }
        self.sockets.insert(leg, pair);
    }

    /// The goodbye leaves before the sockets go.
    fn close(&mut self, leg: LegKey, pair: Option<PortPair>) {
        if let Some(pair) = pair {
            self.sockets.insert(leg, pair);
        }
        self.stage.apply(Order::Close { leg }, clock::now());
        self.flush();
        self.sockets.remove(&leg);
    }

    fn receive(&mut self, token: u64, ready: EpollFlags) {
        let (leg, channel) = from_token(token);
        let Some(pair) = self.sockets.get(&leg) else {
            return;
        };
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
        let mut datagram = [0; DATAGRAM_MAX];
        for _ in 0..DATAGRAMS_A_TURN {
            let Ok((length, from)) = socket.recv_from(&mut datagram) else {
                break;
            };
            let bytes = datagram.get(..length).unwrap_or_default();
            match channel {
                Channel::Rtp => self.stage.receive_rtp(leg, from, bytes, clock::now()),
                Channel::Rtcp => self.stage.receive_rtcp(leg, from, bytes, clock::now()),
            }
        }
        self.flush();
    }

    fn tick(&mut self) {
        let now = clock::now();
        if self.stage.due().is_some_and(|due| due <= now) {
            self.stage.tick(now);
            self.flush();
        }
    }

    fn flush(&mut self) {
        let Self {
            stage,
            sockets,
            counts,
            reports,
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
            if reports.try_send(report).is_err() {
                counts.reports_lost.fetch_add(1, Ordering::Relaxed);
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
    (0..DATAGRAMS_A_TURN)
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

/// The epoll instance with its wake-up and its timer.
struct Poll {
    epoll: Epoll,
    timer: TimerFd,
    armed: Option<Moment>,
}

impl Poll {
    fn new(wake: &EventFd) -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_BOOTTIME, flags)?;
        epoll.add(wake, EpollEvent::new(EpollFlags::EPOLLIN, WAKE))?;
        epoll.add(timer.as_fd(), EpollEvent::new(EpollFlags::EPOLLIN, TIMER))?;
        Ok(Self {
            epoll,
            timer,
            armed: None,
        })
    }

    fn watch(&self, leg: LegKey, pair: &PortPair) -> io::Result<()> {
        for (socket, channel) in [(&pair.rtp, Channel::Rtp), (&pair.rtcp, Channel::Rtcp)] {
            self.epoll.add(
                socket,
                EpollEvent::new(EpollFlags::EPOLLIN, token(leg, channel)),
            )?;
        }
        Ok(())
    }

    /// Waits for a datagram, an order, or the absolute moment `due`.
    fn wait(&mut self, due: Option<Moment>, events: &mut [EpollEvent]) -> io::Result<usize> {
        self.arm(due)?;
        match self.epoll.wait(events, EpollTimeout::NONE) {
            Ok(ready) => Ok(ready),
            Err(nix::errno::Errno::EINTR) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    fn arm(&mut self, due: Option<Moment>) -> io::Result<()> {
        if self.armed == due {
            return Ok(());
        }
        self.armed = due;
        let Some(due) = due else {
            return Ok(self.timer.unset()?);
        };
        // Zero would disarm the timer.
        let since_boot = due.since(Moment::ZERO).max(Duration::from_nanos(1));
        let at = Expiration::OneShot(since_boot.into());
        Ok(self.timer.set(at, TimerSetTimeFlags::TFD_TIMER_ABSTIME)?)
    }

    fn clear_timer(&mut self) {
        self.armed = None;
        // A timer that was set again meanwhile has nothing to read.
        let _ = self.timer.wait();
    }
}

fn token(leg: LegKey, channel: Channel) -> u64 {
    u64::from(leg.number()) << 1 | u64::from(channel == Channel::Rtcp)
}

fn from_token(token: u64) -> (LegKey, Channel) {
    let channel = if token & 1 == 1 {
        Channel::Rtcp
    } else {
        Channel::Rtp
    };
    (LegKey::new((token >> 1) as u32), channel)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::sync::Arc;

    use tokio::sync::mpsc::{Receiver, channel};

    use super::*;
    use crate::media::{Clip, LegSpec, Limits, RtpHeader, RtpPacket, Verdict, Watch};

    const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn start() -> (MediaThread, Receiver<Report>) {
        let (reports, inbox) = channel(1_024);
        let entropy = Entropy::from_number(3);
        (
            MediaThread::start(entropy, PortPool::new(None), reports).unwrap(),
            inbox,
        )
    }

    /// A peer's socket that gives up after 2 s.
    fn peer() -> UdpSocket {
        let socket = UdpSocket::bind((LOOPBACK, 0)).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(2)))
            .unwrap();
        socket
    }

    fn open(thread: &MediaThread, peer: &UdpSocket) -> (LegKey, SocketAddr) {
        let (leg, local) = thread.open_port(LOOPBACK).unwrap();
        let remote = peer.local_addr().unwrap();
        let spec = LegSpec {
            codec: Codec::Pcma,
            payload_type: 8,
            telephone_event: None,
            remote,
            remote_rtcp: remote,
            sends: true,
            receives: true,
        };
        thread.order(Order::Open { leg, spec });
        (leg, local)
    }

    fn receive(peer: &UdpSocket) -> Option<(RtpHeader, Vec<u8>)> {
        let mut datagram = [0; DATAGRAM_MAX];
        let length = peer.recv(&mut datagram).unwrap();
        let packet = RtpPacket::parse(&datagram[..length])?;
        Some((packet.header, packet.payload.to_vec()))
    }

    #[test]
    fn fifty_frames_of_a_phrase_arrive_in_a_row() {
        let (thread, mut reports) = start();
        let peer = peer();
        let (leg, local) = open(&thread, &peer);
        let clip = Arc::new(Clip::from_samples(vec![5_000; 50 * 160]));
        thread.order(Order::Say {
            leg,
            utterance: 1,
            clip,
            not_before: Moment::ZERO,
        });
        let packets: Vec<_> = std::iter::repeat_with(|| receive(&peer))
            .flatten()
            .take(60)
            .collect();
        // A machine that stalls us for 100 ms makes the timestamp jump by whole frames, and loses no packet.
        let steps = |pair: &[(RtpHeader, Vec<u8>)]| {
            let (before, after) = (pair[0].0, pair[1].0);
            let ticks = after.timestamp.wrapping_sub(before.timestamp);
            after.sequence.wrapping_sub(before.sequence) == 1 && ticks.is_multiple_of(160)
        };
        assert!(packets.windows(2).all(steps));
        let loud = packets
            .iter()
            .filter(|packet| Codec::Pcma.decode(packet.1[0]) > 4_000)
            .count();
        assert_eq!(loud, 50);
        assert_eq!(local.port() % 2, 0);
        drop(thread);
        let told: Vec<Report> = std::iter::from_fn(|| reports.try_recv().ok()).collect();
        assert!(
            told.iter()
                .any(|r| matches!(r, Report::Started { utterance: 1, .. }))
        );
        assert!(told.iter().any(|r| matches!(
            r,
            Report::Ended {
                utterance: 1,
                whole: true,
                ..
            }
        )));
        assert!(told.iter().any(|r| matches!(r, Report::Closed { .. })));
    }

    #[test]
    fn a_packet_of_one_leg_reaches_the_other() {
        let (thread, _reports) = start();
        let (caller, rep) = (peer(), peer());
        let (caller_leg, to_us) = open(&thread, &caller);
        let (rep_leg, _) = open(&thread, &rep);
        let hears = crate::media::Hears {
            legs: [Some(caller_leg), None],
            ..Default::default()
        };
        thread.order(Order::Hear {
            leg: rep_leg,
            hears,
        });
        let sound = Codec::Pcma.encode(9_000);
        let heard = (0..200_u16).any(|n| {
            let mut datagram = Vec::new();
            let timestamp = u32::from(n) * 160;
            RtpHeader {
                payload_type: 8,
                marker: false,
                sequence: n,
                timestamp,
                ssrc: 4,
            }
            .write(&mut datagram);
            datagram.extend_from_slice(&[sound; 160]);
            caller.send_to(&datagram, to_us).unwrap();
            receive(&rep).is_some_and(|(_, payload)| payload == [sound; 160])
        });
        assert!(heard);
    }

    #[tokio::test]
    async fn a_port_where_nobody_listens_is_told() {
        let (thread, mut reports) = start();
        let gone = peer();
        let (leg, _) = open(&thread, &gone);
        drop(gone);
        let limits = Limits {
            no_media: Duration::from_secs(60),
            ..Limits::default()
        };
        thread.order(Order::Watch {
            leg,
            watch: Watch::On(limits),
        });
        let unreachable = async {
            while let Some(report) = reports.recv().await {
                if let Report::Line {
                    verdict: Verdict::TheyDoNotReceive(evidence),
                    ..
                } = report
                {
                    return Some(evidence);
                }
            }
            None
        };
        let evidence = tokio::time::timeout(Duration::from_secs(10), unreachable).await;
        assert_eq!(evidence, Ok(Some(crate::media::Evidence::Unreachable)));
    }
}
