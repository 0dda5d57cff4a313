//! Session descriptions: reading theirs, making ours, and what both settle on (RFC 3264, RFC 8866), with keys for SRTP in
//! them (RFC 4568, RFC 8643).
//!
//! Invariant: no address leaves here that media must not be sent to (hardening: broadcast,
//! multicast, ports below 1024).

mod crypto;
mod description;
mod settle;
mod write;

pub use crypto::{Shield, SrtpPolicy};
pub use description::{Audio, Description, Direction, Payload, SdpError, read};
pub use settle::{Codec, Negotiated, Unusable, answer, settle};
pub use write::{Origin, offer, offer_with, offer_without};
