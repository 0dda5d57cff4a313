use std::fmt;

use serde::{Deserialize, Serialize};

/// Who a leg leads to. A call has at most one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// The customer, whoever of us two dialled.
    Caller,
    /// Our representative at a seat.
    Rep,
    /// Whom the caller is, or may be, transferred to.
    Target,
}

impl Party {
    pub const ALL: [Self; 3] = [Self::Caller, Self::Rep, Self::Target];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Rep => "rep",
            Self::Target => "target",
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
