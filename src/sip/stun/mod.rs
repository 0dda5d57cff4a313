//! Under which address we are seen from outside (RFC 8489): Binding, over the SIP port itself.

mod client;
mod message;

pub use client::{News, StunClient};
pub use message::is_stun;
