//! L1. Settings that an admin keeps in one place for many PCs.
//!
//! A folder on any web server: `index.toml` says which files a PC gets and what each of them hashes to, and
//! `index.toml.sig` is the one signature over all of it. What is to be done with an answer is decided here;
//! `store/` keeps what was taken last, and what was enrolled.
//!
//! Invariant: nothing of an index is read before its signature is right, and no file counts that does not hash to what
//! the index says.

mod digest;
mod enrolment;
mod file_path;
mod index;
mod judging;
mod locks;
mod pace;
mod refusal;
mod samples;
mod share;
mod signing;
pub mod store;

pub use digest::Digest;
pub use enrolment::{Codes, Enrolled, Enrolment, Made, NoSecrets, Redeemed};
pub use file_path::FilePath;
pub use index::{Index, Part, Who};
pub use judging::{Held, Judged, Offer, judge};
pub use locks::Locks;
pub use pace::first_after;
pub use refusal::Refusal;
pub use samples::Samples;
pub use share::{Layer, Pc, Share};
pub use signing::{PublicKey, Signature, SigningKey};

/// What says which files there are.
pub const INDEX: &str = "index.toml";

/// Beside it: Ed25519 over its bytes (RFC 8032), in base64.
pub const SIGNATURE: &str = "index.toml.sig";

/// Where codes are redeemed.
pub const ENROL: &str = "enrol";

/// Of an index, in bytes: some 8,000 files.
pub const INDEX_MAX_BYTES: u64 = 1024 * 1024;

/// Of a signature: 88 characters, and what an editor adds.
pub const SIGNATURE_MAX_BYTES: u64 = 256;

/// Of one file, in bytes: an hour of music at 64 kbit/s.
pub const FILE_MAX_BYTES: u64 = 32 * 1024 * 1024;

/// Of all files of a PC, in bytes.
pub const ALL_MAX_BYTES: u64 = 256 * 1024 * 1024;

#[cfg(test)]
mod tests;
