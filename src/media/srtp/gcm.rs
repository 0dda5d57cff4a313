use aes_gcm::aead::AeadInPlace;
use aes_gcm::{Aes128Gcm, KeyInit};
use zeroize::Zeroizing;

use super::derivation::{SALT, SessionKeys};
use super::packet::{Position, RTCP_HEADER, WORD};

/// Bytes of the tag (RFC 7714 14.2).
const TAG: usize = 16;
/// Bytes of salt and nonce.
const NONCE: usize = 12;

/// AES-128 in Galois/counter mode, for one stream of one direction (RFC 7714).
pub(super) struct Gcm {
    cipher: Aes128Gcm,
    salt: Zeroizing<[u8; SALT]>,
}

impl Gcm {
    pub(super) fn new(keys: &SessionKeys) -> Self {
        Self {
            cipher: Aes128Gcm::new((&*keys.encryption).into()),
            salt: keys.salt.clone(),
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
        let (head, text) = packet.get_mut(start..)?.split_at_mut_checked(body)?;
        let tag = self.encrypt(at, head, text)?;
        packet.extend_from_slice(&tag);
        Some(())
    }

    /// Decrypts a genuine packet: its length without the tag.
    pub(super) fn open_rtp(&self, datagram: &mut [u8], body: usize, at: Position) -> Option<usize> {
        let length = datagram.len().checked_sub(TAG)?;
        let (packet, tag) = datagram.split_at_mut_checked(length)?;
        let (head, text) = packet.split_at_mut_checked(body)?;
        self.decrypt(at, head, text, tag)?;
        Some(length)
    }

    /// Encrypts the compound at `start`, and appends its tag and `word`.
    pub(super) fn seal_rtcp(
        &self,
        packet: &mut Vec<u8>,
        start: usize,
        at: Position,
        word: u32,
    ) -> Option<()> {
        let (head, text) = packet.get_mut(start..)?.split_at_mut_checked(RTCP_HEADER)?;
        let tag = self.encrypt(at, &signed(head, word)?, text)?;
        packet.extend_from_slice(&tag);
        packet.extend_from_slice(&word.to_be_bytes());
        Some(())
    }

    /// Decrypts a genuine compound: its length without tag and word.
    pub(super) fn open_rtcp(&self, datagram: &mut [u8], at: Position) -> Option<usize> {
        let word = self.word(datagram)?;
        let length = datagram.len().checked_sub(TAG + WORD)?;
        let (packet, trailer) = datagram.split_at_mut_checked(length)?;
        let (head, text) = packet.split_at_mut_checked(RTCP_HEADER)?;
        self.decrypt(at, &signed(head, word)?, text, trailer.get(..TAG)?)?;
        Some(length)
    }

    /// The E flag and the index, which stand at the end.
    pub(super) fn word(&self, datagram: &[u8]) -> Option<u32> {
        Some(u32::from_be_bytes(*datagram.last_chunk()?))
    }

    fn encrypt(&self, at: Position, signed: &[u8], text: &mut [u8]) -> Option<[u8; TAG]> {
        let nonce = self.nonce(at).into();
        let tag = self.cipher.encrypt_in_place_detached(&nonce, signed, text);
        tag.ok().map(Into::into)
    }

    fn decrypt(&self, at: Position, signed: &[u8], text: &mut [u8], tag: &[u8]) -> Option<()> {
        let nonce = self.nonce(at).into();
        let tag: &[u8; TAG] = tag.first_chunk()?;
        self.cipher
            .decrypt_in_place_detached(&nonce, signed, text, tag.into())
            .ok()
    }

    /// RFC 7714 8.1, 9.1: of twelve bytes, as is its salt.
    fn nonce(&self, at: Position) -> [u8; NONCE] {
        let (salt, _) = self.salt.split_at(NONCE);
        let [_, _, _, _, nonce @ ..] = at.salted(salt).to_be_bytes();
        nonce
    }
}

/// What of a compound is signed without being encrypted (RFC 7714 9.2).
fn signed(head: &[u8], word: u32) -> Option<[u8; RTCP_HEADER + WORD]> {
    let [a, b, c, d, e, f, g, h] = *head.first_chunk::<RTCP_HEADER>()?;
    let [i, j, k, l] = word.to_be_bytes();
    Some([a, b, c, d, e, f, g, h, i, j, k, l])
}

#[cfg(test)]
mod tests {
    use super::super::hex;
    use super::*;

    /// The keys of RFC 7714 16 and 17.
    fn cipher() -> Gcm {
        let mut salt = Zeroizing::new([0; SALT]);
        salt[..NONCE].copy_from_slice(b"Quid pro quo");
        Gcm::new(&SessionKeys {
            encryption: Zeroizing::new(std::array::from_fn(|at| at as u8)),
            authentication: Zeroizing::new([0; 20]),
            salt,
        })
    }

    /// RFC 7714 16.1.1, 16.1.2.
    #[test]
    fn packets_are_those_of_the_rfc() {
        let plain = hex(
            "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e6973206469766973\
                         6120696e207061727465732074726573",
        );
        let at = Position {
            ssrc: 0x5501_a0b2,
            index: 0xf17b,
        };
        let mut packet = plain.clone();
        cipher().seal_rtp(&mut packet, 0, 12, at).unwrap();
        let expected = "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f\
                        42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce";
        assert_eq!(packet, hex(expected));
        let length = cipher().open_rtp(&mut packet, 12, at).unwrap();
        assert_eq!(packet[..length], plain);
    }

    /// RFC 7714 17.1, 17.2.
    #[test]
    fn compounds_are_those_of_the_rfc() {
        let plain = hex(
            "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeef\
                         deadbeefdeadbeefdeadbeefdeadbeef",
        );
        let at = Position {
            ssrc: 0x4d61_7273,
            index: 0x5d4,
        };
        let mut packet = plain.clone();
        cipher().seal_rtcp(&mut packet, 0, at, 0x8000_05d4).unwrap();
        let expected = "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1\
                        730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4";
        assert_eq!(packet, hex(expected));
        let length = cipher().open_rtcp(&mut packet, at).unwrap();
        assert_eq!(packet[..length], plain);
    }
}
