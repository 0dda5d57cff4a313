use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::values::{Host, empty_is_none};
use crate::words::Wait;

/// `[sip.phones]`: how reps' phones register at us.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Phones {
    /// Behind the @ of their addresses, and the realm of our challenges; not set: our address.
    #[serde(with = "empty_is_none")]
    pub domain: Option<Host>,
    pub expires_min: Wait,
    pub expires_max: Wait,
    pub md5: Md5,
}

/// Whether phones are asked by MD5, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Md5 {
    #[default]
    Never,
    Offered,
    Only,
}

impl Default for Phones {
    /// Nobody tells a phone that we have started anew: it finds out when it registers again.
    fn default() -> Self {
        Self {
            domain: None,
            expires_min: Wait::new(Duration::from_secs(60)),
            expires_max: Wait::new(Duration::from_secs(120)),
            md5: Md5::Never,
        }
    }
}
