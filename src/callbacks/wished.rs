use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Wish;

/// What somebody wished of a promise that came true: who answers for what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wished {
    /// From 1, in the order in which they came true.
    pub number: u32,
    pub at: Timestamp,
    pub by: String,
    pub wish: Wish,
}
