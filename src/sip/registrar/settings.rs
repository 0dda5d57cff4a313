use std::collections::BTreeMap;
use std::time::Duration;

use crate::sip::digest::Md5;
use crate::words::{Pii, SeatId};

/// What the registrar is told once.
#[derive(Clone, Debug)]
pub struct RegistrarSettings {
    /// Our domain, which is the realm of our challenges, too.
    pub domain: String,
    pub phones: BTreeMap<SeatId, PhoneLogin>,
    pub expires: ExpiryLimits,
    pub md5: Md5,
}

/// How a seat's phone proves itself; each name belongs to one seat.
#[derive(Clone, Debug)]
pub struct PhoneLogin {
    pub username: Pii<String>,
    pub password: Pii<String>,
}

/// How long a binding lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpiryLimits {
    /// Less is answered 423.
    pub min: Duration,
    /// More is shortened.
    pub max: Duration,
    /// Where the phone names none.
    pub default: Duration,
}

impl Default for ExpiryLimits {
    /// Short enough that a phone behind a NAT keeps its way open.
    fn default() -> Self {
        Self {
            min: Duration::from_secs(60),
            max: Duration::from_secs(3600),
            default: Duration::from_secs(600),
        }
    }
}
