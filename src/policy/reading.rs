//! A policy file names only what it changes; the standard fills in the rest.

use std::fmt;

use toml::Table;

use super::{Policy, Unkept};

const STANDARD: &str = include_str!("../../config/policy/standard.toml");
const FAST: &str = include_str!("../../config/policy/fast.toml");

#[derive(Debug)]
pub enum PolicyError {
    /// Not TOML, or a key or value the standard does not know.
    Unread(toml::de::Error),
    /// Readable, but it breaks the standard.
    Unkept(Unkept),
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread(error) => write!(f, "read the policy: {error}"),
            Self::Unkept(unkept) => write!(f, "keep the policy: {unkept}"),
        }
    }
}

impl std::error::Error for PolicyError {}

impl From<toml::de::Error> for PolicyError {
    fn from(error: toml::de::Error) -> Self {
        Self::Unread(error)
    }
}

impl Policy {
    pub fn standard() -> Self {
        Self::parse("").expect("config/policy/standard.toml is checked by a test")
    }

    /// A shipped policy by its name: `standard` or `fast`.
    pub fn shipped(name: &str) -> Option<Self> {
        match name {
            "standard" => Some(Self::standard()),
            "fast" => {
                Some(Self::parse(FAST).expect("config/policy/fast.toml is checked by a test"))
            }
            _ => None,
        }
    }

    /// Reads what differs from the standard.
    pub fn parse(changes: &str) -> Result<Self, PolicyError> {
        Self::read(toml::from_str(STANDARD)?, &[changes])
    }

    /// This policy with changes laid over it, one after the other.
    pub fn with(&self, changes: &[impl AsRef<str>]) -> Result<Self, PolicyError> {
        let table = Table::try_from(self).expect("a policy is strings, numbers and switches");
        Self::read(table, changes)
    }

    /// The standard with these changes, whether it can be kept or not.
    pub fn changed_by(changes: Table) -> Result<Self, toml::de::Error> {
        let mut table: Table = toml::from_str(STANDARD)?;
        overlay(&mut table, changes);
        table.try_into()
    }

    fn read(mut table: Table, changes: &[impl AsRef<str>]) -> Result<Self, PolicyError> {
        for change in changes {
            overlay(&mut table, toml::from_str(change.as_ref())?);
        }
        let policy: Self = table.try_into()?;
        match policy.unkept().into_iter().next() {
            Some(unkept) => Err(PolicyError::Unkept(unkept)),
            None => Ok(policy),
        }
    }
}

/// Tables merge key by key; a list or a value replaces the standard's.
pub fn overlay(base: &mut Table, changes: Table) {
    for (key, change) in changes {
        match (base.get_mut(&key), change) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(change)) => overlay(inner, change),
            (_, change) => {
                base.insert(key, change);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_shipped_policies_can_be_kept() {
        assert!(!Policy::standard().fast);
        assert!(Policy::shipped("fast").unwrap().fast);
    }

    #[test]
    fn the_third_ring_in_china_ends_after_eleven_seconds() {
        let mut policy = Policy::standard();
        assert_eq!(policy.answer.deadline(), Duration::from_secs(6));
        policy.answer.mode = super::super::AnswerMode::Manual;
        assert_eq!(policy.answer.deadline(), Duration::from_secs(10));
    }

    #[test]
    fn what_is_not_named_is_the_standard() {
        let policy = Policy::parse("[hold]\nevery = \"30s\"\noffer_after = \"never\"").unwrap();
        assert_eq!(policy.hold.every.get(), Duration::from_secs(30));
        assert_eq!(policy.hold.still.as_str(), "hold_still");
    }

    #[test]
    fn an_unknown_key_is_named() {
        let error = Policy::parse("[hold]\nevry = \"30s\"")
            .unwrap_err()
            .to_string();
        assert!(error.contains("evry"), "{error}");
    }
}
