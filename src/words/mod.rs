//! L0. The nouns every layer shares: who, when, which phrase, and how a call ended.
//!
//! Invariant: nothing here knows SIP, sound, files or the clock.

mod by_party;
mod catalogue;
mod command;
mod country;
mod ending;
mod entropy;
mod glob;
mod hex;
mod ids;
mod key;
mod language;
mod moment;
mod nearest;
mod party;
mod phone_number;
mod pii;
mod sentence;
mod srtp;
mod terminal;
mod text_form;
mod wait;
mod xml;

pub use by_party::ByParty;
pub use catalogue::{Catalogue, CatalogueError};
pub use command::{Command, ConsentFor, Digits, Owed, TransferMode};
pub use country::Country;
pub use ending::{Because, EndedBy, Ending};
pub use entropy::Entropy;
pub use glob::Glob;
pub use hex::hex;
pub use ids::{CallId, DeskId, PromptId, SeatId};
pub use key::Key;
pub use language::Language;
pub use moment::Moment;
pub use nearest::nearest;
pub use party::Party;
pub use phone_number::PhoneNumber;
pub use pii::Pii;
pub use sentence::Sentence;
pub use srtp::{MasterKey, SrtpKeys, SrtpProfile};
pub use terminal::{fitting, padded, safe, width};
pub(crate) use text_form::read_from_text;
pub use wait::Wait;
pub use xml::xml;
