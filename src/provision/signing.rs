use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::words::{Pii, Sentence, read_from_text};

/// By which an admin's signature is checked: Ed25519 (RFC 8032), 32 bytes, in base64.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey([u8; 32]);

/// By which an admin signs: PKCS #8 (RFC 5958), in base64. Does not print.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    text: Pii<String>,
}

/// Over the bytes of an index: 64 bytes, in base64.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature([u8; 64]);

impl PublicKey {
    /// Refuses a signature that is not this key's, or none at all.
    pub fn verify(&self, signed: &[u8], signature: &[u8]) -> Result<(), Refusal> {
        let text = std::str::from_utf8(signature).map_err(|_| Refusal::WrongSignature)?;
        let signature = STANDARD.decode(text.trim());
        let signature = signature.map_err(|_| Refusal::WrongSignature)?;
        let key = UnparsedPublicKey::new(&ED25519, self.0);
        key.verify(signed, &signature)
            .map_err(|_| Refusal::WrongSignature)
    }
}

impl SigningKey {
    /// Made of 32 random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("any 32 bytes are a seed");
        // RFC 8410 7: version 0, Ed25519, the seed as an octet string in an octet string.
        let mut pkcs8 = vec![
            0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22,
            0x04, 0x20,
        ];
        pkcs8.extend(seed);
        let text = Pii::new(STANDARD.encode(pkcs8));
        Self { pair, text }
    }

    pub fn public(&self) -> PublicKey {
        let bytes = self.pair.public_key().as_ref();
        PublicKey(bytes.try_into().expect("an Ed25519 key has 32 bytes"))
    }

    pub fn sign(&self, bytes: &[u8]) -> Signature {
        let signature = self.pair.sign(bytes);
        Signature(
            signature
                .as_ref()
                .try_into()
                .expect("an Ed25519 signature has 64 bytes"),
        )
    }

    /// What its file holds.
    pub fn text(&self) -> &Pii<String> {
        &self.text
    }
}

impl FromStr for SigningKey {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let wrong = || Sentence::of("value.signing-key");
        let pkcs8 = STANDARD.decode(text.trim()).map_err(|_| wrong())?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&pkcs8).map_err(|_| wrong())?;
        let text = Pii::new(text.trim().to_owned());
        Ok(Self { pair, text })
    }
}

impl FromStr for PublicKey {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let bytes = STANDARD.decode(text).ok();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(Self)
            .ok_or_else(|| Sentence::of("value.public-key"))
    }
}

read_from_text!(PublicKey; Debug);

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}
