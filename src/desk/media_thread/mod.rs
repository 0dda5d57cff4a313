//! The one thread that moves sound (D31): this handle, the loop it runs, and what the loop waits on: `linux/`, or on other
//! systems `elsewhere/`, which have one face.

#[cfg(any(not(target_os = "linux"), test))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;
mod media_loop;
mod ready;

#[cfg(not(target_os = "linux"))]
use self::elsewhere as system;
#[cfg(target_os = "linux")]
use self::linux as system;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use tokio::sync::mpsc::Sender;

use self::media_loop::{DATAGRAM_MAX, Ended, MediaLoop};
use self::system::{Poll, Wake};
use super::urgency::run_before_others;
use crate::media::{Bed, Law, LegKey, Order, Report, Stage};
use crate::net::{PortPair, PortPool};
use crate::recordings::store::Frames;
use crate::voices::Voices;
use crate::words::Entropy;

/// Sockets looked at in one turn; with all of them flooded a turn stays within some 2 ms.
const EVENTS_MAX: usize = 64;

/// Orders waiting for the thread, which takes them at once; whoever orders more waits for room.
const ORDERS_MAX: usize = 4_096;

/// The one thread that moves sound: it owns the stage and the sockets of all legs (D31).
///
/// Dropping it says goodbye on every leg and joins the thread.
#[derive(Debug)]
pub(super) struct MediaThread {
    requests: SyncSender<Request>,
    wake: Arc<Wake>,
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
    /// Turns that came a frame or more after their time.
    pub(super) late: AtomicU64,
    /// Datagrams the system did not take.
    pub(super) unsent: AtomicU64,
    /// Sound that nobody could be asked about whether it is a voice.
    pub(super) unasked: AtomicU64,
}

/// Where what the thread hears goes to; it waits for none of them.
pub(super) struct Outlets {
    pub(super) reports: Sender<Report>,
    /// Recorded calls, where calls are recorded.
    pub(super) frames: Option<Frames>,
    /// Who tells human voices, where lines are watched.
    pub(super) voices: Option<Voices>,
}

#[derive(Debug)]
enum Request {
    Ports {
        leg: LegKey,
        pair: PortPair,
    },
    /// A second pair for a leg that has one: both are heard.
    Beside {
        leg: LegKey,
        pair: PortPair,
    },
    /// The second pair is the only one from now on.
    Move(LegKey),
    /// The second pair is given back.
    CloseBeside(LegKey),
    /// The room for all requests is there from the start: so they are small.
    Order(Box<Order>),
    Stop,
}

impl MediaThread {
    /// Starts the thread; a full channel of reports is counted, never waited for.
    pub(super) fn start(entropy: Entropy, ports: PortPool, outlets: Outlets) -> io::Result<Self> {
        let (requests, inbox) = sync_channel(ORDERS_MAX);
        let (poll, wake) = Poll::open()?;
        let wake = Arc::new(wake);
        let counts = Arc::new(MediaCounts::default());
        let mut media_loop = MediaLoop {
            poll,
            wake: Arc::clone(&wake),
            inbox,
            stage: Stage::new(entropy),
            ports: BTreeMap::new(),
            beside: BTreeMap::new(),
            datagram: [0; DATAGRAM_MAX],
            outlets,
            counts: Arc::clone(&counts),
        };
        let thread = std::thread::Builder::new()
            .name("media".to_owned())
            .spawn(move || {
                run_before_others();
                let run = AssertUnwindSafe(|| media_loop.run());
                if !matches!(catch_unwind(run), Ok(Ended::Stopped)) {
                    // Calls without sound are worse than none: a new start phones them back (D29).
                    tracing::error!("the media thread has failed: stop at once");
                    std::process::abort();
                }
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

    /// Opens a second RTP and RTCP port for a leg, heard beside the first; the leg still sends from that.
    pub(super) fn open_beside(&self, leg: LegKey, ip: IpAddr) -> io::Result<SocketAddr> {
        let pair = self.ports.bind(ip)?;
        let local = pair.rtp.local_addr()?;
        self.request(Request::Beside { leg, pair });
        Ok(local)
    }

    /// The leg goes on with its second ports; SSRC, sequence and timestamps run on.
    pub(super) fn move_ports(&self, leg: LegKey) {
        self.request(Request::Move(leg));
    }

    pub(super) fn close_beside(&self, leg: LegKey) {
        self.request(Request::CloseBeside(leg));
    }

    /// Hands an order over; sound it brings along is encoded here, by the caller.
    pub(super) fn order(&self, order: Order) {
        prepare(&order);
        self.request(Request::Order(Box::new(order)));
    }

    pub(super) fn counts(&self) -> &MediaCounts {
        &self.counts
    }

    fn request(&self, request: Request) {
        // It fails only when the thread has been stopped.
        let _ = self.requests.send(request);
        self.wake.ring();
    }
}

impl Drop for MediaThread {
    fn drop(&mut self) {
        self.request(Request::Stop);
        if let Some(thread) = self.thread.take() {
            // Where it panics the process ends.
            let _ = thread.join();
        }
    }
}

fn prepare(order: &Order) {
    let clip = match order {
        Order::Say { clip, .. } => clip,
        Order::Hear { hears, .. } => match &hears.bed {
            Bed::Music(clip, _) => clip,
            Bed::Silence => return,
        },
        Order::Open { .. }
        | Order::Retarget { .. }
        | Order::Cut { .. }
        | Order::SendKeys { .. }
        | Order::Watch { .. }
        | Order::Attend { .. }
        | Order::Record { .. }
        | Order::Human { .. }
        | Order::Close { .. } => return,
    };
    clip.prepare(Law::A);
    clip.prepare(Law::Mu);
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, UdpSocket};
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::sync::mpsc::{Receiver, channel};

    use super::*;
    use crate::media::{Clip, Codec, LegSpec, Limits, RtpHeader, RtpPacket, Verdict, Watch};
    use crate::net::Dscp;
    use crate::words::Moment;

    const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn start() -> (MediaThread, Receiver<Report>) {
        let (reports, inbox) = channel(1_024);
        let entropy = Entropy::from_number(3);
        let outlets = Outlets {
            reports,
            frames: None,
            voices: None,
        };
        (
            MediaThread::start(entropy, PortPool::new(None, Dscp::default()), outlets).unwrap(),
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
            comfort_noise: None,
            remote,
            remote_rtcp: remote,
            extended_reports: false,
            srtp: None,
            sends: true,
            receives: true,
        };
        thread.order(Order::Open { leg, spec });
        (leg, local)
    }

    fn receive(peer: &UdpSocket) -> Option<(RtpHeader, Vec<u8>)> {
        let mut datagram = [0; 1_500];
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
            .filter(|packet| Law::A.decode(packet.1[0]) > 4_000)
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
        let sound = Law::A.encode(9_000);
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
