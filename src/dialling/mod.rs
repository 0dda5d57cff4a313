//! L1, pure. Numbers as people dial and present them: which is which, who calls, and what may be dialled.
//!
//! Invariant: an emergency number is never refused and never rewritten; nothing premium or foreign is
//! dialled that the settings do not allow.

mod class;
mod diversion;
mod explain;
mod identity;
mod numbering;
mod pattern;
mod plan;
mod prefix;
mod rule;
mod rules;
mod tally;

pub use class::Class;
pub use diversion::Diverted;
pub use explain::{Explanation, Refused, Route};
pub use identity::{Identity, Privacy, Trust};
pub use numbering::{Numbering, Reading};
pub use pattern::Pattern;
pub use prefix::Prefix;
pub use rule::{Allow, Replacement, Rule};
pub use rules::{DialRules, Line, LineKind};
pub use tally::{Caps, Tally};
