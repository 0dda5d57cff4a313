use aes::Aes128;
use aes::cipher::{InnerIvInit, KeyInit, StreamCipher};
use ctr::{Ctr128BE, CtrCore};
use hmac::{Hmac, Mac};
use sha1::Sha1;
use zeroize::Zeroizing;

use super::derivation::{SALT, SessionKeys};
use super::packet::{Position, RTCP_HEADER, WORD};

/// The tag of SRTCP (RFC 4568 6.2.2), and of SRTP but for the short profile.
pub(super) const TAG: usize = 10;
/// The tag of SRTP with AES_CM_128_HMAC_SHA1_32.
pub(super) const SHORT_TAG: usize = 4;
/// What SHA-1 makes, before it is cut.
const SHA1: usize = 20;

/// AES in counter mode with HMAC-SHA1, for one stream of one direction (RFC 3711 4.1.1, 4.2.1).
pub(super) struct CounterMode {
    cipher: Aes128,
    salt: Zeroizing<[u8; SALT]>,
    mac: Hmac<Sha1>,
    /// Bytes of the tag: 10 or 4.
    tag: usize,
}

impl CounterMode {
    pub(super) fn new(keys: &SessionKeys, tag: usize) -> Self {
        Self {
            cipher: Aes128::new((&*keys.encryption).into()),
            salt: keys.salt.clone(),
            mac: <Hmac<Sha1> as Mac>::new_from_slice(&*keys.authentication)
                .expect("HMAC takes keys of any length"),
            tag,
        }
    }

    /// Encrypts the packet at `start` from its `body` on, and appends its tag.
    pub(super) fn seal_rtp(
        &self,
        packet: &mut Vec<u8>,
        start: usize,
        body: usize,
        at: Position,
    ) -> Option<()> {
        let text = packet.get_mut(start..)?;
        self.apply_keystream(text.get_mut(body..)?, at);
        let tag = self.tag_of(text, &rollover(at));
        packet.extend_from_slice(tag.get(..self.tag)?);
        Some(())
    }

    /// Decrypts a genuine packet: its length without the tag.
    pub(super) fn open_rtp(&self, datagram: &mut [u8], body: usize, at: Position) -> Option<usize> {
        let length = datagram.len().checked_sub(self.tag)?;
        let (packet, tag) = datagram.split_at_mut_checked(length)?;
        self.verify(packet, &rollover(at), tag)?;
        self.apply_keystream(packet.get_mut(body..)?, at);
        Some(length)
    }

    /// Encrypts the compound at `start`, and appends `word` and its tag.
    pub(super) fn seal_rtcp(
        &self,
        packet: &mut Vec<u8>,
        start: usize,
        at: Position,
        word: u32,
    ) -> Option<()> {
        let text = packet.get_mut(start..)?;
        self.apply_keystream(text.get_mut(RTCP_HEADER..)?, at);
        packet.extend_from_slice(&word.to_be_bytes());
        let tag = self.tag_of(packet.get(start..)?, &[]);
        packet.extend_from_slice(tag.get(..self.tag)?);
        Some(())
    }

    /// Decrypts a genuine compound: its length without word and tag.
    pub(super) fn open_rtcp(&self, datagram: &mut [u8], at: Position) -> Option<usize> {
        let signed = datagram.len().checked_sub(self.tag)?;
        let length = signed.checked_sub(WORD)?;
        let (packet, tag) = datagram.split_at_mut_checked(signed)?;
        self.verify(packet, &[], tag)?;
        self.apply_keystream(packet.get_mut(RTCP_HEADER..length)?, at);
        Some(length)
    }

    /// The E flag and the index, which stand before the tag.
    pub(super) fn word(&self, datagram: &[u8]) -> Option<u32> {
        let signed = datagram.get(..datagram.len().checked_sub(self.tag)?)?;
        Some(u32::from_be_bytes(*signed.last_chunk()?))
    }

    /// RFC 3711 4.1.1: the last two bytes of where the key stream begins count its blocks.
    fn apply_keystream(&self, text: &mut [u8], at: Position) {
        let start = at.salted(&*self.salt) << 16;
        let start = start.to_be_bytes().into();
        let core = CtrCore::inner_iv_init(&self.cipher, &start);
        Ctr128BE::from_core(core).apply_keystream(text);
    }

    fn tag_of(&self, text: &[u8], rollover: &[u8]) -> [u8; SHA1] {
        let mac = self.mac.clone().chain_update(text).chain_update(rollover);
        mac.finalize().into_bytes().into()
    }

    /// In a time that does not tell how much of the tag is right.
    fn verify(&self, text: &[u8], rollover: &[u8], tag: &[u8]) -> Option<()> {
        let mac = self.mac.clone().chain_update(text).chain_update(rollover);
        mac.verify_truncated_left(tag).ok()
    }
}

/// The roll-over counter: signed after the packet, but not sent (RFC 3711 4.2).
fn rollover(at: Position) -> [u8; 4] {
    ((at.index >> 16) as u32).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3711 B.2.
    #[test]
    fn the_key_stream_is_that_of_the_rfc() {
        let keys = SessionKeys {
            encryption: Zeroizing::new(
                0x2b7e_1516_28ae_d2a6_abf7_1588_09cf_4f3c_u128.to_be_bytes(),
            ),
            authentication: Zeroizing::new([0; 20]),
            salt: Zeroizing::new(std::array::from_fn(|at| 0xf0 + at as u8)),
        };
        let mut text = [0; 16];
        let at = Position { ssrc: 0, index: 0 };
        CounterMode::new(&keys, TAG).apply_keystream(&mut text, at);
        let expected = 0xe03e_ad09_35c9_5e80_e166_b16d_d92b_4eb4_u128;
        assert_eq!(u128::from_be_bytes(text), expected);
    }
}
