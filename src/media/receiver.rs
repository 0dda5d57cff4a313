use std::net::SocketAddr;
use std::time::Duration;

use super::codec::Codec;
use super::order::LegSpec;
use super::reception::Reception;
use super::rtcp::{self, Block, Heard, TheirReport};
use super::rtp::{RtpHeader, RtpPacket};
use super::source_lock::SourceLock;
use super::telephone_event::KeysHeard;
use crate::words::{Key, Moment};

/// Takes in what a leg's party sends: who may, what it is, and how much of it came.
#[derive(Debug)]
pub(super) struct Receiver {
    lock: SourceLock,
    reception: Option<Reception>,
    keys: KeysHeard,
    theirs: Option<TheirReport>,
    received: u32,
    /// Lost in streams of an earlier SSRC.
    lost_before: u32,
    discarded: u64,
}

/// A packet that was let in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival<'a> {
    pub(super) header: RtpHeader,
    pub(super) payload: &'a [u8],
    pub(super) kind: Kind,
    /// Ticks a second of its timestamp.
    pub(super) clock_hz: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Sound(Codec),
    ComfortNoise,
    /// A telephone-event; the key, where this packet is its first.
    Event(Option<Key>),
}

impl Receiver {
    pub(super) fn new(spec: &LegSpec) -> Self {
        Self {
            lock: SourceLock::new(spec.remote),
            reception: None,
            keys: KeysHeard::default(),
            theirs: None,
            received: 0,
            lost_before: 0,
            discarded: 0,
        }
    }

    pub(super) fn retarget(&mut self, spec: &LegSpec) {
        self.lock.retarget(spec.remote);
    }

    /// Where our RTP goes.
    pub(super) fn remote(&self) -> SocketAddr {
        self.lock.remote()
    }

    /// Whether a datagram from there may be the party's: a stranger is counted, before anything of it is read.
    pub(super) fn may_come(&mut self, from: SocketAddr) -> bool {
        self.lock.may_come(from)
    }

    /// Lets a datagram in; none when it is a stranger's, no RTP, or nothing we agreed on.
    pub(super) fn admit<'a>(
        &mut self,
        spec: &LegSpec,
        from: SocketAddr,
        datagram: &'a [u8],
        now: Moment,
    ) -> Option<Arrival<'a>> {
        let packet = RtpPacket::parse(datagram);
        let kind = packet.and_then(|packet| kind_of(spec, &packet));
        let (Some(RtpPacket { header, payload }), Some(kind)) = (packet, kind) else {
            self.discarded = self.discarded.saturating_add(1);
            return None;
        };
        if !self.lock.admits(from) {
            return None;
        }
        let clock_hz = spec.codec.clock_hz();
        self.count(&header, clock_hz, now);
        let kind = match kind {
            Kind::Event(_) => Kind::Event(self.keys.receive(header.timestamp, clock_hz, payload)),
            Kind::Sound(_) | Kind::ComfortNoise => kind,
        };
        Some(Arrival {
            header,
            payload,
            kind,
            clock_hz,
        })
    }

    fn count(&mut self, header: &RtpHeader, clock_hz: u32, now: Moment) {
        self.received = self.received.saturating_add(1);
        match &mut self.reception {
            Some(reception) if reception.is_of(header.ssrc, clock_hz) => {
                reception.count(header, now)
            }
            before => {
                let lost = before.as_ref().map_or(0, Reception::lost);
                self.lost_before = self.lost_before.saturating_add(lost);
                self.keys = KeysHeard::default();
                *before = Some(Reception::new(header, clock_hz, now));
            }
        }
    }

    /// Reads their RTCP; none when it is a stranger's or none at all.
    pub(super) fn admit_rtcp(
        &mut self,
        datagram: &[u8],
        our_ssrc: u32,
        now: Moment,
    ) -> Option<Heard> {
        let heard = rtcp::read(datagram, our_ssrc)?;
        if let Some(ntp) = heard.ntp {
            self.theirs = Some(TheirReport { ntp, at: now });
        }
        Some(heard)
    }

    pub(super) fn block(&mut self) -> Option<Block> {
        self.reception.as_mut().map(Reception::block)
    }

    pub(super) fn their_report(&self) -> Option<TheirReport> {
        self.theirs
    }

    /// Whose packets come now.
    pub(super) fn ssrc(&self) -> Option<u32> {
        Some(self.reception.as_ref()?.ssrc())
    }

    pub(super) fn received(&self) -> u32 {
        self.received
    }

    pub(super) fn lost(&self) -> u32 {
        self.reception
            .as_ref()
            .map_or(0, Reception::lost)
            .saturating_add(self.lost_before)
    }

    pub(super) fn jitter(&self) -> Duration {
        self.reception
            .as_ref()
            .map_or(Duration::ZERO, Reception::jitter)
    }

    pub(super) fn strangers(&self) -> u64 {
        self.lock.strangers()
    }

    pub(super) fn discarded(&self) -> u64 {
        self.discarded
    }
}

/// Where one law of G.711 is spoken, the other is let in at any time: their static types leave no doubt.
fn kind_of(spec: &LegSpec, packet: &RtpPacket<'_>) -> Option<Kind> {
    let payload_type = packet.header.payload_type;
    if packet.payload.is_empty() {
        return None;
    }
    if Some(payload_type) == spec.telephone_event {
        return Some(Kind::Event(None));
    }
    if payload_type == spec.payload_type {
        return Some(Kind::Sound(spec.codec));
    }
    if Some(payload_type) == spec.comfort_noise {
        return Some(Kind::ComfortNoise);
    }
    let other = Codec::of_payload_type(payload_type);
    other
        .filter(|other| other.rate() == spec.codec.rate())
        .map(Kind::Sound)
}
