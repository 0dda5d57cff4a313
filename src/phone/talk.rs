use std::net::SocketAddr;

use tokio::net::UdpSocket;

use super::incoming::Incoming;
use super::mouth::Mouth;
use super::reports::Reports;
use super::settings::PhoneSettings;
use super::tongue::Tongue;
use crate::media::{FRAME_SAMPLES, RtpPacket};
use crate::sip::LegId;
use crate::sip::offer_answer::{Direction, Negotiated};
use crate::words::{Key, Moment};

/// The sound of a call.
pub(super) struct Talk {
    pub(super) leg: LegId,
    pub(super) mouth: Mouth,
    pub(super) incoming: Incoming,
    reports: Reports,
    peer: Negotiated,
    /// Whether sound goes where theirs comes from.
    is_behind_relay: bool,
    packet: Vec<u8>,
}

impl Talk {
    pub(super) fn new(
        leg: LegId,
        peer: Negotiated,
        settings: &mut PhoneSettings,
        now: Moment,
    ) -> Self {
        let sends = settings.sends.clone();
        let tongue = Tongue::of(&peer);
        Self {
            leg,
            mouth: Mouth::new(tongue, sends, &mut settings.entropy),
            incoming: Incoming::new(tongue),
            reports: Reports::new(settings.rtcp, tongue.codec, now),
            peer,
            is_behind_relay: settings.at.behind.is_some(),
            packet: Vec::new(),
        }
    }

    /// A new offer and answer: SSRC and timestamps run on.
    pub(super) fn retarget(&mut self, peer: Negotiated) {
        let tongue = Tongue::of(&peer);
        self.mouth.talk_as(tongue);
        self.incoming.listen_as(tongue);
        self.peer = peer;
    }

    /// Sends what is due in these 20 ms; returns how it sounds.
    pub(super) fn send_frame(&mut self, rtp: &UdpSocket) -> [i16; FRAME_SAMPLES] {
        let samples = self.mouth.frame(&mut self.packet);
        let may_send = matches!(
            self.peer.direction,
            Direction::SendRecv | Direction::SendOnly
        );
        if may_send && !self.packet.is_empty() && !self.peer.remote.ip().is_unspecified() {
            // A packet that finds no room now is lost, as on any line.
            let _ = rtp.try_send_to(&self.packet, self.peer.remote);
        }
        samples
    }

    pub(super) fn send_report(&mut self, rtcp: &UdpSocket, now: Moment) {
        if let Some(report) = self.reports.poll(&self.mouth, now) {
            let _ = rtcp.try_send_to(&report, self.peer.remote_rtcp);
        }
    }

    /// Takes a packet of our peer; returns a key that began with it.
    pub(super) fn take(
        &mut self,
        packet: &RtpPacket,
        from: SocketAddr,
        now: Moment,
    ) -> Option<Key> {
        if self.is_behind_relay {
            self.peer.remote = from;
        }
        if from.ip() != self.peer.remote.ip() {
            return None;
        }
        self.reports.count(&packet.header, now);
        self.incoming.take(packet, now)
    }
}
