//! L1, pure. RTP, codecs, phrases, mixing and hearing.
//!
//! Invariant: bytes and moments come in, bytes and reports go out; no socket, clock or thread is named here.

pub mod prompts;
