//! Sound as a stranger would send it. Nothing here knows tests or files: `fuzz/` uses it as it is.

use std::net::SocketAddr;
use std::time::Duration;

use thirdring::media::rtcp::{self, OurReport};
use thirdring::media::sender::Sent;
use thirdring::media::{
    Channel, Codec, FRAME_TIME, Hears, LegKey, LegSpec, Limits, Order, Report, RtpHeader,
    RtpPacket, Stage, Watch,
};
use thirdring::words::{Entropy, Moment};

const CALLER: LegKey = LegKey::new(1);
const REP: LegKey = LegKey::new(2);
/// In one tick, for each leg: the frame, those that catch up after a stall, and reports.
const SENT_IN_A_TICK: usize = 16;
/// Reports to the desk for one input of the program.
const REPORTS_EACH: usize = 16;

fn remote(leg: LegKey, port: u16) -> SocketAddr {
    ([192, 0, 2, u8::from(leg == REP) + 8], port).into()
}

/// A program of the first byte's kind for each piece of what follows: packets as they come, packets with a header of
/// ours, and time.
struct Studio {
    stage: Stage,
    now: Moment,
    ticks: usize,
    received: usize,
    sent: usize,
    reports: usize,
    keys: usize,
}

impl Studio {
    fn open() -> Self {
        let mut studio = Self {
            stage: Stage::new(Entropy::from_number(1)),
            now: Moment::ZERO + Duration::from_secs(1),
            ticks: 0,
            received: 0,
            sent: 0,
            reports: 0,
            keys: 0,
        };
        for (leg, other) in [(CALLER, REP), (REP, CALLER)] {
            studio.open_leg(leg, other);
        }
        studio
    }

    fn open_leg(&mut self, leg: LegKey, other: LegKey) {
        let spec = LegSpec {
            codec: Codec::Pcma,
            payload_type: Codec::Pcma.payload_type(),
            telephone_event: Some(101),
            comfort_noise: Some(13),
            remote: remote(leg, 4000),
            remote_rtcp: remote(leg, 4001),
            extended_reports: false,
            srtp: None,
            sends: true,
            receives: true,
        };
        let hears = Hears {
            legs: [Some(other), None],
            keys: true,
            ..Hears::default()
        };
        let watch = Watch::On(Limits::default());
        for order in [
            Order::Open { leg, spec },
            Order::Hear { leg, hears },
            Order::Watch { leg, watch },
        ] {
            self.stage.apply(order, self.now);
        }
        self.collect();
    }

    /// What leaves is well-formed, goes to whom it was agreed with, and is little.
    fn collect(&mut self) {
        let sent = &mut self.sent;
        self.stage.drain(|transmit| {
            *sent += 1;
            let port = match transmit.channel {
                Channel::Rtp => 4000,
                Channel::Rtcp => 4001,
            };
            assert_eq!(transmit.to, remote(transmit.leg, port));
            let readable = match transmit.channel {
                Channel::Rtp => RtpPacket::parse(transmit.datagram).is_some(),
                Channel::Rtcp => rtcp::read(transmit.datagram, 0).is_some(),
            };
            assert!(readable, "{}", transmit.datagram.escape_ascii());
        });
        while let Some(report) = self.stage.poll_report() {
            self.reports += 1;
            self.keys += usize::from(matches!(report, Report::Key { .. }));
        }
        let (ticks, received) = (self.ticks, self.received);
        assert!(self.sent <= received + (ticks + 1) * 2 * SENT_IN_A_TICK);
        assert!(self.reports <= (received + ticks + 1) * REPORTS_EACH);
    }

    fn receive(&mut self, channel: Channel, leg: LegKey, datagram: &[u8]) {
        self.received += 1;
        let datagram = &mut datagram.to_vec();
        match channel {
            Channel::Rtp => {
                let from = remote(leg, 4000);
                self.stage.receive_rtp(leg, from, datagram, self.now);
            }
            Channel::Rtcp => {
                let from = remote(leg, 4001);
                self.stage.receive_rtcp(leg, from, datagram, self.now);
            }
        }
        self.collect();
    }

    fn pass(&mut self, frames: u8) {
        for _ in 0..frames {
            self.ticks += 1;
            self.now += FRAME_TIME;
            self.stage.tick(self.now);
            self.collect();
        }
    }
}

/// Whatever comes in for a leg, frames go on, to the right place, and no packet makes many.
pub(crate) fn rtp(bytes: &[u8]) {
    let mut studio = Studio::open();
    let mut rest = bytes;
    while let [kind, size, after @ ..] = rest {
        let (piece, more) = after.split_at(usize::from(*size).min(after.len()));
        rest = more;
        let leg = if kind & 1 == 0 { CALLER } else { REP };
        match kind >> 1 & 3 {
            0 => studio.receive(Channel::Rtp, leg, piece),
            1 => studio.receive(Channel::Rtcp, leg, piece),
            2 => studio.receive(Channel::Rtp, leg, &of_ours(piece)),
            _ => studio.pass(kind >> 3),
        }
    }
    studio.pass(50);
}

/// A packet whose header can be read, with numbers that jump as the piece says.
fn of_ours(piece: &[u8]) -> Vec<u8> {
    let number = |at: usize| piece.get(at).copied().unwrap_or_default();
    let header = RtpHeader {
        payload_type: [8, 0, 101, 13][usize::from(number(0) & 3)],
        marker: number(0) & 4 != 0,
        sequence: u16::from_be_bytes([number(1), number(2)]),
        timestamp: u32::from_be_bytes([number(3), number(4), number(5), number(6)]),
        ssrc: u32::from(number(7) & 3),
    };
    let mut packet = Vec::new();
    header.write(&mut packet);
    packet.extend_from_slice(piece.get(8..).unwrap_or_default());
    packet
}

/// Packets of events, four bytes of header and what follows: an event whose packets
/// follow each other counts once.
pub(crate) fn telephone_event(bytes: &[u8]) {
    let mut studio = Studio::open();
    let mut events = Vec::new();
    for (sequence, piece) in (0..).zip(bytes.chunks(8)) {
        let (head, payload) = piece.split_at(piece.len().min(3));
        let [kind, high, low] = std::array::from_fn(|at| head.get(at).copied().unwrap_or_default());
        let header = RtpHeader {
            payload_type: 101,
            marker: kind & 1 != 0,
            sequence,
            timestamp: u32::from_be_bytes([kind >> 4, high, low, 0]),
            ssrc: 1,
        };
        events.push(header.timestamp);
        let mut packet = Vec::new();
        header.write(&mut packet);
        packet.extend_from_slice(payload);
        studio.receive(Channel::Rtp, CALLER, &packet);
        if kind & 2 != 0 {
            studio.pass(1);
        }
    }
    studio.pass(50);
    // The same event repeated is no key more.
    events.dedup();
    assert!(studio.keys <= events.len());
}

/// A compound is read or not; what is written of it can be read.
pub(crate) fn rtcp(bytes: &[u8]) {
    let Some(heard) = rtcp::read(bytes, 1) else {
        return;
    };
    assert!(heard.highest_of_ours().is_none() || heard.reports);
    assert!(heard.echo.is_none() || heard.block.is_some());
    let mut ours = Vec::new();
    let sent = Sent {
        packets: u32::from_be_bytes(std::array::from_fn(|at| {
            bytes.get(at).copied().unwrap_or_default()
        })),
        octets: heard.ntp.unwrap_or_default(),
    };
    let report = OurReport {
        ssrc: 1,
        sent: Some((sent, heard.highest_of_ours().unwrap_or_default())),
        block: heard.block,
        theirs: None,
        metrics: heard.metrics,
        goodbye: heard.goodbye,
    };
    rtcp::write(&report, &mut ours, Moment::ZERO);
    let again = rtcp::read(&ours, 1).expect("ours is well-formed");
    assert_eq!((again.block, again.metrics), (heard.block, heard.metrics));
    assert_eq!((again.reports, again.goodbye), (true, heard.goodbye));
}
