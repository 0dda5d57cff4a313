//! L1, pure. Messages, transactions, dialogs, offer and answer.
//!
//! Invariant: no socket, no clock, no dice. Datagrams, `Moment` and `Entropy` come in; datagrams and
//! events go out of an [`Endpoint`]. Nothing here knows what a call is for.

mod dialog;
pub mod digest;
mod endpoint;
mod hop;
mod masking;
pub mod offer_answer;
pub mod registrar;
pub mod registration;
mod sender;
pub mod stun;
mod transaction;
mod wire;

pub use endpoint::{
    Answer, AskId, Counters, Dialogs, Discard, Endpoint, Event, Invite, Invited, LegId, Listening,
    LoginId, NoHelp, NotPossible, Refer, ReferAsked, Refusal, ReliableProgress, Settings, Transmit,
    is_answered_elsewhere,
};
pub use hop::{FlowId, Hop, Transport};
pub use masking::{masked, masked_text};
pub use sender::{Sender, Standing};
pub(crate) use wire::split;
pub use wire::{
    BadNameAddr, BadUri, Fault, Framer, Message, NameAddr, Piece, Start, Uri, read_message,
    readable,
};
