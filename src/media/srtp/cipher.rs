use std::fmt;

use super::counter_mode::{self, CounterMode};
use super::derivation::{SessionKeys, Stream};
use super::gcm::Gcm;
use super::packet::Position;
use crate::words::{MasterKey, SrtpProfile};

/// Encrypts and signs one stream of one direction, in place.
pub(super) enum Cipher {
    CounterMode(Box<CounterMode>),
    Gcm(Box<Gcm>),
}

impl Cipher {
    pub(super) fn new(profile: SrtpProfile, master: &MasterKey, stream: Stream) -> Self {
        let keys = SessionKeys::derive(master, stream);
        let tag = match (profile, stream) {
            (SrtpProfile::AeadAes128Gcm, _) => return Self::Gcm(Box::new(Gcm::new(&keys))),
            (SrtpProfile::AesCm128HmacSha1_32, Stream::Rtp) => counter_mode::SHORT_TAG,
            (SrtpProfile::AesCm128HmacSha1_32 | SrtpProfile::AesCm128HmacSha1_80, _) => {
                counter_mode::TAG
            }
        };
        Self::CounterMode(Box::new(CounterMode::new(&keys, tag)))
    }

    /// Encrypts the packet at `start` from its `body` on, and appends its tag.
    pub(super) fn seal_rtp(
        &self,
        packet: &mut Vec<u8>,
        start: usize,
        body: usize,
        at: Position,
    ) -> Option<()> {
        match self {
            Self::CounterMode(cipher) => cipher.seal_rtp(packet, start, body, at),
            Self::Gcm(cipher) => cipher.seal_rtp(packet, start, body, at),
        }
    }

    /// Decrypts a genuine packet: its length without the tag.
    pub(super) fn open_rtp(&self, datagram: &mut [u8], body: usize, at: Position) -> Option<usize> {
        match self {
            Self::CounterMode(cipher) => cipher.open_rtp(datagram, body, at),
            Self::Gcm(cipher) => cipher.open_rtp(datagram, body, at),
        }
    }

    /// Encrypts the compound at `start`, and appends its tag and `word`.
    pub(super) fn seal_rtcp(
        &self,
        packet: &mut Vec<u8>,
        start: usize,
        at: Position,
        word: u32,
    ) -> Option<()> {
        match self {
            Self::CounterMode(cipher) => cipher.seal_rtcp(packet, start, at, word),
            Self::Gcm(cipher) => cipher.seal_rtcp(packet, start, at, word),
        }
    }

    /// Decrypts a genuine compound: its length without tag and word.
    pub(super) fn open_rtcp(&self, datagram: &mut [u8], at: Position) -> Option<usize> {
        match self {
            Self::CounterMode(cipher) => cipher.open_rtcp(datagram, at),
            Self::Gcm(cipher) => cipher.open_rtcp(datagram, at),
        }
    }

    /// The E flag and the index of a compound.
    pub(super) fn word(&self, datagram: &[u8]) -> Option<u32> {
        match self {
            Self::CounterMode(cipher) => cipher.word(datagram),
            Self::Gcm(cipher) => cipher.word(datagram),
        }
    }
}

/// It holds keys.
impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
