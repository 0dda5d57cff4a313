//! Session descriptions: reading theirs, making ours, and what both settle on (RFC 3264, RFC 8866), with keys for SRTP in
//! them (RFC 4568, RFC 8643).
//!
//! Invariant: no address leaves here that media must not be sent to (hardening: broadcast,
//! multicast, ports below 1024).

mod codec;
mod crypto;
mod description;
mod payload;
mod settle;
mod write;

pub use codec::{Codec, Codecs};
pub use crypto::{Shield, SrtpPolicy};
pub use description::{Audio, Description, Direction, SdpError, read};
pub use payload::Payload;
pub use settle::{Negotiated, Unusable, answer, settle};
pub use write::{Origin, offer, offer_with, offer_without};
