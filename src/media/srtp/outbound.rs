use super::cipher::Cipher;
use super::derivation::Stream;
use super::packet::{Head, Position, RTCP_INDEX_MAX, ssrc_of_rtcp};
use super::sources::Sources;
use crate::words::{MasterKey, SrtpProfile};

/// RFC 3711 3.4: the compound is encrypted.
const ENCRYPTED: u32 = 1 << 31;

/// What we send under one key.
#[derive(Debug)]
pub(super) struct Outbound {
    rtp: Cipher,
    rtcp: Cipher,
    sources: Sources,
    next_rtcp: u32,
}

impl Outbound {
    pub(super) fn new(profile: SrtpProfile, key: &MasterKey) -> Self {
        Self {
            rtp: Cipher::new(profile, key, Stream::Rtp),
            rtcp: Cipher::new(profile, key, Stream::Rtcp),
            sources: Sources::new(),
            next_rtcp: 0,
        }
    }

    /// None when it is no RTP, or its index was used or passed: the same key stream twice would bare both packets.
    pub(super) fn protect_rtp(&mut self, packet: &mut Vec<u8>, start: usize) -> Option<()> {
        let head = Head::of_rtp(packet.get(start..)?)?;
        let window = self.sources.window(head.ssrc);
        let index = window.index_of(head.sequence)?;
        if !window.is_ahead(index) {
            return None;
        }
        let ssrc = head.ssrc;
        self.sources.note(ssrc, index);
        self.rtp
            .seal_rtp(packet, start, head.length, Position { ssrc, index })
    }

    pub(super) fn protect_rtcp(&mut self, packet: &mut Vec<u8>, start: usize) -> Option<()> {
        let ssrc = ssrc_of_rtcp(packet.get(start..)?)?;
        let index = self.next_rtcp;
        if index > RTCP_INDEX_MAX {
            return None;
        }
        self.next_rtcp += 1;
        let at = Position {
            ssrc,
            index: index.into(),
        };
        self.rtcp.seal_rtcp(packet, start, at, ENCRYPTED | index)
    }
}
