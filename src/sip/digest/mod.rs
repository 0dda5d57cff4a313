//! Digest authentication, both ways (RFC 3261 22, RFC 7616, RFC 8760).
//!
//! Invariant: a password and a user name never stand in `Debug`; what stands between quotes is
//! hashed as it stands there, and nothing a peer sends can panic.
#![cfg_attr(
    not(test),
    warn(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::expect_used
    )
)]

mod algorithm;
mod auth_params;
mod challenge;
mod credentials;
mod login;
mod nonces;
mod proof;
mod verifier;

pub use algorithm::{Algorithm, Hash};
pub use challenge::{Asker, Challenge, Qop};
pub use credentials::Credentials;
pub use login::{Login, NotAnswered};
pub use proof::Covered;
pub use verifier::{Md5, Verdict, Verifier};
