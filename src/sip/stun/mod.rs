//! Under which address we are seen from outside (RFC 8489): Binding, over the SIP port itself.

mod finder;
mod message;

pub use finder::{Finder, News};
pub use message::is_stun;
