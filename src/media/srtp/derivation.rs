use aes::Aes128;
use aes::cipher::{BlockEncrypt, KeyInit};
use zeroize::{Zeroize, Zeroizing};

use crate::words::MasterKey;

/// Bytes of an AES-128 key.
pub(super) const KEY: usize = 16;
/// Bytes of a counter mode's salt.
pub(super) const SALT: usize = 14;
/// Bytes of an HMAC-SHA1 key (RFC 3711 8.2).
const AUTH_KEY: usize = 20;
const BLOCK: usize = 16;

/// What a session key is for: the first of three labels (RFC 3711 4.3.1, 4.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Rtp = 0,
    Rtcp = 3,
}

/// The keys of one stream, from the master key and its salt at a key derivation rate of zero.
pub(super) struct SessionKeys {
    pub(super) encryption: Zeroizing<[u8; KEY]>,
    pub(super) authentication: Zeroizing<[u8; AUTH_KEY]>,
    /// A GCM takes the first twelve bytes.
    pub(super) salt: Zeroizing<[u8; SALT]>,
}

impl SessionKeys {
    pub(super) fn derive(master: &MasterKey, stream: Stream) -> Self {
        let (key, theirs) = master.reveal().split_at(KEY);
        // RFC 7714 11: a salt of twelve bytes is filled up with zeros.
        let mut salt = Zeroizing::new([0; SALT]);
        salt.iter_mut()
            .zip(theirs)
            .for_each(|(to, from)| *to = *from);
        let cipher = Aes128::new_from_slice(key).expect("a master key begins with 16 bytes of key");
        let label = stream as u8;
        Self {
            encryption: generate(&cipher, &salt, label),
            authentication: generate(&cipher, &salt, label + 1),
            salt: generate(&cipher, &salt, label + 2),
        }
    }
}

/// RFC 3711 4.3.3: the key stream of AES in counter mode, begun at the salt with the label in its eighth byte.
fn generate<const N: usize>(cipher: &Aes128, salt: &[u8; SALT], label: u8) -> Zeroizing<[u8; N]> {
    let mut key = Zeroizing::new([0; N]);
    for (number, piece) in (0u16..).zip(key.chunks_mut(BLOCK)) {
        let mut block = [0; BLOCK];
        let (start, counter) = block.split_at_mut(SALT);
        start.copy_from_slice(salt);
        start[7] ^= label;
        counter.copy_from_slice(&number.to_be_bytes());
        let mut block = block.into();
        cipher.encrypt_block(&mut block);
        piece
            .iter_mut()
            .zip(&block)
            .for_each(|(to, from)| *to = *from);
        block.zeroize();
    }
    key
}

#[cfg(test)]
mod tests {
    use super::super::hex;
    use super::*;
    use crate::words::SrtpProfile;

    /// RFC 3711 B.3.
    #[test]
    fn session_keys_are_those_of_the_rfc() {
        let master = hex("E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6");
        let master = MasterKey::new(SrtpProfile::AesCm128HmacSha1_80, &master).unwrap();
        let keys = SessionKeys::derive(&master, Stream::Rtp);
        assert_eq!(
            keys.encryption.to_vec(),
            hex("C61E7A93744F39EE10734AFE3FF7A087")
        );
        assert_eq!(keys.salt.to_vec(), hex("30CBBC08863D8C85D49DB34A9AE1"));
        let auth = hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4");
        assert_eq!(keys.authentication.to_vec(), auth);
    }
}
