//! Policies that a command line names.

use std::path::Path;

use super::failure::Failure;
use crate::policy::Policy;
use crate::settings;

/// A shipped policy by its name, else the file.
pub(super) fn named(name: &str) -> Result<Policy, Failure> {
    match Policy::shipped(name) {
        Some(policy) => Ok(policy),
        None => settings::read_policy(Path::new(name)).map_err(Failure::Settings),
    }
}
