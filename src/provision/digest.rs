use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::words::{Sentence, hex, read_from_text};

/// SHA-256 of a file; 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Of all that can be read.
    pub fn of_reader(reader: &mut impl Read) -> io::Result<Self> {
        let mut hash = Sha256::new();
        io::copy(reader, &mut hash)?;
        Ok(Self(hash.finalize().into()))
    }

    /// As a part of 1, of which each is as likely.
    pub fn fraction(&self) -> f64 {
        let [a, b, c, d, ..] = self.0;
        f64::from(u32::from_be_bytes([a, b, c, d])) / 2f64.powi(32)
    }

    /// Enough of it to tell one from another: 8 digits.
    pub fn short(&self) -> String {
        let [a, b, c, d, ..] = self.0;
        hex(&[a, b, c, d])
    }
}

impl FromStr for Digest {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let mut bytes = [0; 32];
        let wrong = || Sentence::of("value.sha256");
        // A number may have a sign, a hash has none.
        let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if text.len() != 2 * bytes.len() || !is_hex {
            return Err(wrong());
        }
        for (n, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(2 * n..2 * n + 2).ok_or_else(wrong)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

read_from_text!(Digest; Debug);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}
