//! Messages as bytes and back: the lexer, the serialiser and the typed readers of header values.
//!
//! Invariant: nothing a peer sends can panic here, and reading takes time linear in the size.
//! `rsip` is the container of the headers only; its parser and `Display` never touch the wire.
#![cfg_attr(
    not(test),
    warn(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::expect_used
    )
)]

mod cseq;
mod essentials;
mod framer;
mod header_names;
mod lexer;
mod message;
mod multipart;
mod name_addr;
mod params;
mod quotes;
mod readable;
mod serialiser;
mod text;
mod uri;
mod uri_headers;
mod via;

pub(super) use essentials::Essentials;
pub use framer::{Framer, Piece};
pub(super) use lexer::Malformed;
pub(crate) use lexer::split;
pub use lexer::{Fault, read as read_message};
pub use message::{Message, Start};
pub use name_addr::{BadNameAddr, NameAddr};
pub(super) use params::Params;
pub use readable::readable;
pub(super) use serialiser::write;
pub(super) use text::to_wire;
pub use uri::{BadUri, Uri};
pub(super) use via::Via;
