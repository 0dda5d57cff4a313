//! Facts in, findings out: no file, no socket, no clock.
//!
//! Invariant: a threshold stands here, with its reason, and nowhere else.

pub(super) mod chirp;
pub(super) mod echo;
pub(super) mod keeping;
pub(super) mod machine;
pub(super) mod microphone;
pub(super) mod network;
pub(super) mod registrar;
pub(super) mod sound;

#[cfg(test)]
mod tests;
