//! A recording that only the holder of the key can read: chunks, each AES-256-GCM.
//!
//! ```text
//! file   = head chunk* last
//! head   = "THIRDRING-SEALED-1 " call id (32 hex digits) LF, salt (16 bytes)
//! chunk  = length (4 bytes, big-endian, the top bit set in the last) sound tag (16 bytes)
//! ```
//!
//! The file's own key is derived from the admin's and the salt (HKDF, RFC 5869), so no nonce is ever used twice. A
//! chunk's nonce is its number; the head and its length are authenticated with it. So nothing can be swapped, left out
//! or cut off unnoticed, within a file or between files.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};

use crate::words::{CallId, Sentence};

/// The admin's key, 256 bits; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; KEY_BYTES]);

const KEY_BYTES: usize = 32;

impl Key {
    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, Sentence> {
        let refused = || Sentence::of("value.recording-key").with("digits", KEY_BYTES * 2);
        let digits = text.trim().as_bytes();
        if digits.len() != KEY_BYTES * 2 {
            return Err(refused());
        }
        let mut key = [0; KEY_BYTES];
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = hex(pair).ok_or_else(refused)?;
        }
        Ok(Self(key))
    }

    /// The key of one file.
    fn of_file(&self, salt: &[u8]) -> LessSafeKey {
        let secret = Salt::new(HKDF_SHA256, salt).extract(&self.0);
        let derived = secret
            .expand(&[b"thirdring recording"], &AES_256_GCM)
            .expect("32 bytes are fewer than 255 hashes (RFC 5869 2.3)");
        LessSafeKey::new(UnboundKey::from(derived))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

fn hex(pair: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(pair).ok()?;
    let all = digits.chars().all(|digit| digit.is_ascii_hexdigit());
    u8::from_str_radix(digits, 16).ok().filter(|_| all)
}

const MAGIC: &[u8] = b"THIRDRING-SEALED-1 ";
const SALT_BYTES: usize = 16;
const ID_BYTES: usize = 32;

/// Bytes in front of the first chunk.
pub(super) const HEAD_BYTES: usize = MAGIC.len() + ID_BYTES + 1 + SALT_BYTES;

/// Bytes in front of a chunk's sound, and behind it.
pub(super) const LENGTH_BYTES: usize = 4;
pub(super) const TAG_BYTES: usize = 16;

/// Half a second of linear sound at 16 kHz is half of this.
const CHUNK_MAX: usize = 1 << 16;

const LAST: u32 = 1 << 31;

/// Makes chunks.
#[derive(Debug)]
pub struct Sealer {
    head: Vec<u8>,
    chunks: Chunks,
}

/// The key of one file and how many of its chunks there were.
#[derive(Debug)]
struct Chunks {
    key: LessSafeKey,
    count: u64,
}

impl Chunks {
    fn next(&mut self) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        nonce[NONCE_LEN - 8..].copy_from_slice(&self.count.to_be_bytes());
        self.count = self.count.saturating_add(1);
        Nonce::assume_unique_for_key(nonce)
    }
}

impl Sealer {
    /// `salt` must never come twice.
    pub fn new(key: &Key, call: CallId, salt: [u8; SALT_BYTES]) -> Self {
        let mut head = MAGIC.to_vec();
        head.extend(call.to_string().as_bytes());
        head.push(b'\n');
        head.extend(salt);
        let key = key.of_file(&salt);
        Self {
            head,
            chunks: Chunks { key, count: 0 },
        }
    }

    /// What the file begins with.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Appends the chunks that hold `sound`.
    pub fn seal(&mut self, sound: &[u8], out: &mut Vec<u8>) {
        for part in sound.chunks(CHUNK_MAX) {
            self.chunk(part, 0, out);
        }
    }

    /// Appends the chunk without which a file counts as cut short.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.chunk(&[], LAST, out);
    }

    fn chunk(&mut self, sound: &[u8], last: u32, out: &mut Vec<u8>) {
        let length = (sound.len() as u32 | last).to_be_bytes();
        let known = Aad::from([self.head.as_slice(), &length].concat());
        let mut chunk = sound.to_vec();
        let nonce = self.chunks.next();
        let key = &self.chunks.key;
        let tag = key
            .seal_in_place_separate_tag(nonce, known, &mut chunk)
            .expect("a chunk is far below the 64 GiB of AES-GCM");
        out.extend(length);
        out.append(&mut chunk);
        out.extend(tag.as_ref());
    }
}

/// Why a sealed file cannot be read on. What came before is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It does not begin like one.
    NotSealed,
    /// The chunk of this number, from 1, is changed or is not in its place; of the first: or the key is another.
    Chunk(u64),
    /// It ends after so many chunks, without a last one.
    CutShort(u64),
    /// Something follows the last chunk.
    GoesOn,
}

impl Broken {
    pub fn sentence(self) -> Sentence {
        match self {
            Self::NotSealed => Sentence::of("sealed.not-sealed"),
            Self::Chunk(1) => Sentence::of("sealed.key"),
            Self::Chunk(number) => Sentence::of("sealed.chunk").with("number", number),
            Self::CutShort(count) => Sentence::of("sealed.cut-short").with("count", count),
            Self::GoesOn => Sentence::of("sealed.goes-on"),
        }
    }
}

/// Reads chunks, one after the other.
#[derive(Debug)]
pub struct Opener {
    head: [u8; HEAD_BYTES],
    call: CallId,
    chunks: Chunks,
}

/// What a chunk's length says: bytes of sound, and whether another chunk follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkLength {
    pub sound: usize,
    pub last: bool,
    word: [u8; LENGTH_BYTES],
}

impl ChunkLength {
    fn read(word: [u8; LENGTH_BYTES]) -> Self {
        let number = u32::from_be_bytes(word);
        let sound = usize::try_from(number & !LAST).unwrap_or(usize::MAX);
        Self {
            sound,
            last: number & LAST != 0,
            word,
        }
    }
}

impl Opener {
    pub fn new(key: &Key, head: [u8; HEAD_BYTES]) -> Result<Self, Broken> {
        let rest = head.strip_prefix(MAGIC).ok_or(Broken::NotSealed)?;
        let (id, rest) = rest.split_at_checked(ID_BYTES).ok_or(Broken::NotSealed)?;
        let salt = rest.strip_prefix(b"\n").ok_or(Broken::NotSealed)?;
        let id = std::str::from_utf8(id).map_err(|_| Broken::NotSealed)?;
        let call = id.parse().map_err(|_| Broken::NotSealed)?;
        let chunks = Chunks {
            key: key.of_file(salt),
            count: 0,
        };
        Ok(Self { head, call, chunks })
    }

    /// The call it is of, which the chunks vouch for.
    pub fn call(&self) -> CallId {
        self.call
    }

    /// How many bytes to read after a chunk's length: its sound and its tag.
    pub fn length(&self, word: [u8; LENGTH_BYTES]) -> Result<ChunkLength, Broken> {
        let length = ChunkLength::read(word);
        if length.sound > CHUNK_MAX {
            return Err(Broken::Chunk(self.chunks.count + 1));
        }
        Ok(length)
    }

    /// The sound in a chunk, which is overwritten.
    pub fn open<'a>(
        &mut self,
        length: ChunkLength,
        chunk: &'a mut [u8],
    ) -> Result<&'a [u8], Broken> {
        let known = Aad::from([self.head.as_slice(), &length.word].concat());
        let nonce = self.chunks.next();
        let opened = self.chunks.key.open_in_place(nonce, known, chunk);
        opened
            .map(|sound| &*sound)
            .map_err(|_| Broken::Chunk(self.chunks.count))
    }

    /// The file is at its end before the last chunk.
    pub fn cut_short(&self) -> Broken {
        Broken::CutShort(self.chunks.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::parse(&"0f".repeat(32)).unwrap()
    }

    fn call() -> CallId {
        CallId::new(1_777_867_200_000, [1; 10])
    }

    /// The head, and each chunk.
    fn sealed(parts: &[&[u8]]) -> (Vec<u8>, Vec<Vec<u8>>) {
        let mut sealer = Sealer::new(&key(), call(), [3; 16]);
        let mut chunks: Vec<Vec<u8>> = Vec::new();
        for part in parts {
            let mut out = Vec::new();
            sealer.seal(part, &mut out);
            chunks.push(out);
        }
        let mut out = Vec::new();
        sealer.finish(&mut out);
        chunks.push(out);
        (sealer.head().to_vec(), chunks)
    }

    /// All sound of these chunks, and what is wrong with them.
    fn open(key: &Key, head: &[u8], chunks: &[Vec<u8>]) -> (Vec<u8>, Option<Broken>) {
        let mut opener = Opener::new(key, head.try_into().unwrap()).unwrap();
        let mut all = Vec::new();
        for chunk in chunks {
            let (word, rest) = chunk.split_at(LENGTH_BYTES);
            let length = opener.length(word.try_into().unwrap()).unwrap();
            match opener.open(length, &mut rest.to_vec()) {
                Ok(sound) => all.extend(sound),
                Err(broken) => return (all, Some(broken)),
            }
            if length.last {
                return (all, None);
            }
        }
        (all, Some(opener.cut_short()))
    }

    #[test]
    fn what_is_sealed_is_opened_and_nothing_of_it_can_be_read() {
        let (head, chunks) = sealed(&[b"one, two", b"three"]);
        assert_eq!(
            open(&key(), &head, &chunks),
            (b"one, twothree".to_vec(), None)
        );
        assert!(!chunks.concat().windows(3).any(|bytes| bytes == b"two"));
    }

    #[test]
    fn swapped_changed_and_missing_chunks_are_told() {
        let (head, chunks) = sealed(&[b"one", b"two", b"three"]);
        let mut swapped = chunks.clone();
        swapped.swap(1, 2);
        assert_eq!(
            open(&key(), &head, &swapped),
            (b"one".to_vec(), Some(Broken::Chunk(2)))
        );
        let mut changed = chunks.clone();
        changed[2][5] ^= 1;
        assert_eq!(open(&key(), &head, &changed).1, Some(Broken::Chunk(3)));
        assert_eq!(
            open(&key(), &head, &chunks[..2]),
            (b"onetwo".to_vec(), Some(Broken::CutShort(2)))
        );
        let mut called_last = chunks;
        called_last[1][0] |= 0x80;
        assert_eq!(open(&key(), &head, &called_last).1, Some(Broken::Chunk(2)));
    }

    #[test]
    fn another_key_or_another_calls_name_opens_nothing() {
        let (mut head, chunks) = sealed(&[b"one"]);
        let another = Key::parse(&"1f".repeat(32)).unwrap();
        assert_eq!(open(&another, &head, &chunks).1, Some(Broken::Chunk(1)));
        head[MAGIC.len() + 20] ^= 1;
        assert_eq!(open(&key(), &head, &chunks).1, Some(Broken::Chunk(1)));
    }

    #[test]
    fn a_key_is_64_hexadecimal_digits_and_is_never_printed() {
        assert!(Key::parse(&format!("{}\n", "aB".repeat(32))).is_ok());
        for wrong in [
            "",
            "00",
            &"g0".repeat(32),
            &"+1".repeat(32),
            &"00".repeat(33),
        ] {
            assert!(Key::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(format!("{:?}", key()), "Key");
    }
}
