//! A place in the settings: `sip.listen`, the `uri` of the second `[[seat]]`.

use std::fmt;

/// One step towards it.
#[derive(Clone, Debug)]
pub enum Step {
    Key(&'static str),
    /// A key that the admin chose, or wrote.
    Named(String),
    /// The n-th `[[seat]]`, `[[target]]` ..., from 0.
    Nth(usize),
}

/// The steps from the top.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place(Vec<Step>);

impl Step {
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Key(name) => Some(name),
            Self::Named(name) => Some(name),
            Self::Nth(_) => None,
        }
    }
}

impl PartialEq for Step {
    /// A key is the same whoever wrote it.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nth(n), Self::Nth(other)) => n == other,
            (Self::Key(_) | Self::Named(_) | Self::Nth(_), _) => {
                self.name().is_some() && self.name() == other.name()
            }
        }
    }
}

impl Eq for Step {}

impl Place {
    pub fn new(steps: Vec<Step>) -> Self {
        Self(steps)
    }

    /// By its keys alone.
    pub fn of(keys: &[&'static str]) -> Self {
        Self(keys.iter().copied().map(Step::Key).collect())
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether `other` is this place, or within it.
    pub(super) fn holds(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// Whether it is an entry of a list, and no key.
    pub(super) fn is_entry(&self) -> bool {
        matches!(self.0.last(), Some(Step::Nth(_)))
    }

    /// The same entry of a list, where both are in one.
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        let entry = |place: &Self| {
            let nth = place
                .0
                .iter()
                .rposition(|step| matches!(step, Step::Nth(_)))?;
            place.0.get(..=nth).map(<[Step]>::to_vec)
        };
        entry(self).is_some() && entry(self) == entry(other)
    }

    /// Whether it is within the section or list of this name: `sip.account`.
    pub(super) fn is_of(&self, name: &str) -> bool {
        let path = self.to_string();
        path == name
            || path
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(['.', '[']))
    }
}

/// `sip.account[0].name`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, step) in self.0.iter().enumerate() {
            match step {
                Step::Nth(n) => write!(f, "[{n}]")?,
                Step::Key(_) | Step::Named(_) => {
                    let dot = if n == 0 { "" } else { "." };
                    write!(f, "{dot}{}", step.name().unwrap_or_default())?;
                }
            }
        }
        Ok(())
    }
}
