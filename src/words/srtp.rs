use std::fmt;

use zeroize::Zeroize;

use super::Entropy;

/// The longest master key with its salt: 16 and 14 bytes (RFC 4568 6.2).
const KEYING_MAX: usize = 30;

/// How RTP and RTCP are protected: the crypto-suites we speak (RFC 4568 6.2, RFC 7714 14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SrtpProfile {
    AeadAes128Gcm,
    AesCm128HmacSha1_80,
    /// RTP with a tag of four bytes; RTCP keeps one of ten.
    AesCm128HmacSha1_32,
}

impl SrtpProfile {
    /// The name in an `a=crypto` line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Self::AesCm128HmacSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128HmacSha1_32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }

    /// Bytes of the master key and its salt together.
    pub const fn keying_length(self) -> usize {
        match self {
            Self::AeadAes128Gcm => 28,
            Self::AesCm128HmacSha1_80 | Self::AesCm128HmacSha1_32 => KEYING_MAX,
        }
    }
}

/// A master key followed by its salt, of one direction. It is wiped when dropped, and does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey {
    bytes: [u8; KEYING_MAX],
    length: usize,
}

impl MasterKey {
    /// None when `bytes` is not as long as the profile wants it.
    pub fn new(profile: SrtpProfile, bytes: &[u8]) -> Option<Self> {
        let mut key = Self {
            bytes: [0; KEYING_MAX],
            length: profile.keying_length(),
        };
        if bytes.len() != key.length {
            return None;
        }
        key.bytes.get_mut(..key.length)?.copy_from_slice(bytes);
        Some(key)
    }

    /// A key of ours that nobody can guess.
    pub fn random(profile: SrtpProfile, entropy: &mut Entropy) -> Self {
        Self {
            bytes: entropy.bytes(),
            length: profile.keying_length(),
        }
    }

    /// Key and salt, for the wire and the ciphers.
    pub fn reveal(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Drop for MasterKey {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What both sides agreed on: we send with our key, they with theirs (RFC 4568 5.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SrtpKeys {
    pub profile: SrtpProfile,
    pub ours: MasterKey,
    pub theirs: MasterKey,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_the_length_of_its_profile_and_is_not_printed() {
        let mut entropy = Entropy::from_number(1);
        let key = MasterKey::random(SrtpProfile::AeadAes128Gcm, &mut entropy);
        assert_eq!(key.reveal().len(), 28);
        assert_eq!(format!("{key:?}"), "[redacted]");
        let again = MasterKey::new(SrtpProfile::AeadAes128Gcm, key.reveal());
        assert!(again.is_some_and(|again| again.reveal() == key.reveal()));
        assert_eq!(
            MasterKey::new(SrtpProfile::AesCm128HmacSha1_80, key.reveal()),
            None
        );
    }
}
