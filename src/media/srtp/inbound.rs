use super::cipher::Cipher;
use super::derivation::Stream;
use super::packet::{Head, Position, RTCP_INDEX_MAX, ssrc_of_rtcp};
use super::sources::Sources;
use crate::words::{MasterKey, SrtpProfile};

/// What they send under one key.
#[derive(Debug)]
pub(super) struct Inbound {
    rtp: Cipher,
    rtcp: Cipher,
    rtp_sources: Sources,
    rtcp_sources: Sources,
    refused: u64,
}

impl Inbound {
    pub(super) fn new(profile: SrtpProfile, key: &MasterKey) -> Self {
        Self {
            rtp: Cipher::new(profile, key, Stream::Rtp),
            rtcp: Cipher::new(profile, key, Stream::Rtcp),
            rtp_sources: Sources::new(),
            rtcp_sources: Sources::new(),
            refused: 0,
        }
    }

    /// All starts anew but the count.
    pub(super) fn replace_key(&mut self, profile: SrtpProfile, key: &MasterKey) {
        let refused = self.refused;
        *self = Self {
            refused,
            ..Self::new(profile, key)
        };
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    pub(super) fn unprotect_rtp(&mut self, datagram: &mut [u8]) -> Option<usize> {
        let opened = self.open_rtp(datagram);
        self.count(opened)
    }

    pub(super) fn unprotect_rtcp(&mut self, datagram: &mut [u8]) -> Option<usize> {
        let opened = self.open_rtcp(datagram);
        self.count(opened)
    }

    fn count(&mut self, opened: Option<usize>) -> Option<usize> {
        if opened.is_none() {
            self.refused = self.refused.saturating_add(1);
        }
        opened
    }

    fn open_rtp(&mut self, datagram: &mut [u8]) -> Option<usize> {
        let head = Head::of_rtp(datagram)?;
        let ssrc = head.ssrc;
        let window = self.rtp_sources.window(ssrc);
        let index = window.index_of(head.sequence)?;
        if !window.is_fresh(index) {
            return None;
        }
        let at = Position { ssrc, index };
        let length = self.rtp.open_rtp(datagram, head.length, at)?;
        self.rtp_sources.note(ssrc, index);
        Some(length)
    }

    /// RTCP that is only signed (E flag 0) was never agreed on.
    fn open_rtcp(&mut self, datagram: &mut [u8]) -> Option<usize> {
        let ssrc = ssrc_of_rtcp(datagram)?;
        let word = self.rtcp.word(datagram)?;
        let is_encrypted = word > RTCP_INDEX_MAX;
        let index = u64::from(word & RTCP_INDEX_MAX);
        if !is_encrypted || !self.rtcp_sources.window(ssrc).is_fresh(index) {
            return None;
        }
        let length = self.rtcp.open_rtcp(datagram, Position { ssrc, index })?;
        self.rtcp_sources.note(ssrc, index);
        Some(length)
    }
}
