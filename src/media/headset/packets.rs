use std::time::Duration;

use super::Leg;
use crate::media::codec::{Encoder, PACKET_BYTES_MAX};
use crate::media::rtp::RtpHeader;
use crate::media::sender::FRAME_TIME;
use crate::words::Entropy;

/// An RTP header's.
const HEADER_BYTES: usize = 12;

/// Makes RTP packets of what was captured, one of each 20 ms.
#[derive(Debug)]
pub(super) struct Packets {
    encoder: Encoder,
    /// Of the next packet.
    header: RtpHeader,
    frame_ticks: u32,
    packet: Vec<u8>,
}

impl Packets {
    pub(super) fn new(leg: Leg, entropy: &mut Entropy) -> Self {
        Self {
            encoder: Encoder::new(leg.codec),
            header: RtpHeader {
                payload_type: leg.payload_type,
                marker: true,
                sequence: entropy.u16(),
                timestamp: entropy.u32(),
                ssrc: entropy.u32(),
            },
            frame_ticks: leg.codec.frame_ticks(),
            packet: Vec::with_capacity(HEADER_BYTES + PACKET_BYTES_MAX),
        }
    }

    /// The packet of a frame at the codec's rate.
    pub(super) fn make(&mut self, frame: &[i16]) -> &[u8] {
        self.packet.clear();
        self.header.write(&mut self.packet);
        self.packet.resize(HEADER_BYTES + PACKET_BYTES_MAX, 0);
        let (_, payload) = self.packet.split_at_mut(HEADER_BYTES);
        let bytes = self.encoder.encode(frame, payload);
        self.packet.truncate(HEADER_BYTES + bytes);
        self.header.marker = false;
        self.header.sequence = self.header.sequence.wrapping_add(1);
        self.header.timestamp = self.header.timestamp.wrapping_add(self.frame_ticks);
        &self.packet
    }

    /// Nothing was captured for so long: the timestamp goes on by the whole frames of it.
    pub(super) fn skip(&mut self, gap: Duration) {
        let frames = gap.as_nanos() / FRAME_TIME.as_nanos();
        // The clock wraps; so may the number of frames.
        let ticks = (frames as u32).wrapping_mul(self.frame_ticks);
        self.header.timestamp = self.header.timestamp.wrapping_add(ticks);
        self.header.marker = true;
    }
}
