use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A seeded source of unguessable bytes (D33): pure code draws tags, branches and SSRCs from it.
#[derive(Clone)]
pub struct Entropy(ChaCha12Rng);

impl Entropy {
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(ChaCha12Rng::from_seed(seed))
    }

    /// For tests: the same number, the same bytes.
    pub fn from_number(seed: u64) -> Self {
        Self(ChaCha12Rng::seed_from_u64(seed))
    }

    pub fn u16(&mut self) -> u16 {
        self.bytes::<2>()
            .into_iter()
            .fold(0, |n, byte| n << 8 | u16::from(byte))
    }

    pub fn u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    pub fn u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number in `0..limit`; `limit` is at least 1.
    pub fn below(&mut self, limit: u32) -> u32 {
        let limit = u64::from(limit.max(1));
        u32::try_from(self.0.next_u64() % limit).unwrap_or(0)
    }

    /// A part of 1, from 0 to just below it, of which each is as likely.
    pub fn part(&mut self) -> f64 {
        f64::from(self.u32()) / (f64::from(u32::MAX) + 1.0)
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// `length` characters of `[a-z2-7]`, 5 bits each: for SIP tags, branches and Call-IDs.
    pub fn token(&mut self, length: usize) -> String {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        (0..length)
            .map(|_| char::from(ALPHABET[self.0.next_u32() as usize % 32]))
            .collect()
    }
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entropy")
    }
}
