//! L2, shell. Where promises and live calls survive `kill -9` and a power cut.

mod error;
mod journal;
mod open;
mod place;
mod reach;
mod sqlite;
mod tally;

pub use error::{OpenError, StoreError};
pub use open::Opened;
pub use sqlite::{Found, Store};

#[cfg(test)]
mod tests;
