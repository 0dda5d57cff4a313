use std::fmt;

use md5::Digest;

use crate::sip::wire::to_wire;
use crate::words::hex;

/// The hash functions of RFC 8760, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hash {
    Md5,
    Sha256,
    Sha512_256,
}

/// How a digest is computed: `MD5`, `SHA-256-sess` ...
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Algorithm {
    pub hash: Hash,
    /// Whether the secret is hashed once with the first nonces of both sides (`-sess`).
    pub session: bool,
}

const NAMES: [(&str, Hash); 3] = [
    ("MD5", Hash::Md5),
    ("SHA-256", Hash::Sha256),
    ("SHA-512-256", Hash::Sha512_256),
];

impl Algorithm {
    pub const fn plain(hash: Hash) -> Self {
        Self {
            hash,
            session: false,
        }
    }

    /// Reads the parameter `algorithm`: without it MD5 is meant; none when nobody here knows it.
    pub(super) fn read(name: Option<&str>) -> Option<Self> {
        let Some(name) = name else {
            return Some(Self::plain(Hash::Md5));
        };
        let name = name.to_ascii_uppercase();
        let (bare, session) = match name.strip_suffix("-SESS") {
            Some(bare) => (bare, true),
            None => (name.as_str(), false),
        };
        let (_, hash) = NAMES.iter().find(|(known, _)| *known == bare)?;
        Some(Self {
            hash: *hash,
            session,
        })
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = NAMES.iter().find(|(_, hash)| *hash == self.hash);
        f.write_str(known.map_or("MD5", |(name, _)| *name))?;
        match self.session {
            true => f.write_str("-sess"),
            false => Ok(()),
        }
    }
}

impl Hash {
    /// The hash of `parts` with colons between them, in lower-case hexadecimal. The text counts as
    /// the bytes it is on the wire: a GBK realm hashes as GBK.
    pub(super) fn of(self, parts: &[&str]) -> String {
        let mut bytes = Vec::new();
        to_wire(&parts.join(":"), &mut bytes);
        self.of_bytes(&bytes)
    }

    pub(super) fn of_bytes(self, bytes: &[u8]) -> String {
        match self {
            Self::Md5 => hex(&md5::Md5::digest(bytes)),
            Self::Sha256 => hex(&sha2::Sha256::digest(bytes)),
            Self::Sha512_256 => hex(&sha2::Sha512_256::digest(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_as_it_prints() {
        for name in ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256"] {
            let read = Algorithm::read(Some(name)).unwrap();
            assert_eq!(read.to_string(), name);
            assert_eq!(Algorithm::read(Some(&name.to_lowercase())), Some(read));
        }
        assert_eq!(Algorithm::read(None), Algorithm::read(Some("md5")));
        assert_eq!(Algorithm::read(Some("SHA-1")), None);
    }

    #[test]
    fn a_stronger_hash_is_greater() {
        assert!(Hash::Md5 < Hash::Sha256 && Hash::Sha256 < Hash::Sha512_256);
    }

    #[test]
    fn the_empty_body_has_the_known_hashes() {
        assert_eq!(Hash::Md5.of_bytes(b""), "d41d8cd98f00b204e9800998ecf8427e");
        assert!(Hash::Sha256.of_bytes(b"").starts_with("e3b0c44298fc1c14"));
        assert!(
            Hash::Sha512_256
                .of_bytes(b"")
                .starts_with("c672b8d1ef56ed28")
        );
    }

    #[test]
    fn bytes_that_are_no_utf8_hash_as_they_came() {
        // 0xC0 0xEE, as the lexer keeps them.
        let gbk = "\u{F7C0}\u{F7EE}";
        assert_eq!(Hash::Md5.of(&[gbk, "a"]), Hash::Md5.of_bytes(b"\xC0\xEE:a"));
    }
}
