//! The settings as they are, each value with who set it.

use toml::{Table, Value};

use super::kind::quoted;
use super::places::{Place, Step};
use super::{Inspection, Origin};

/// One value. A secret is where it is kept, or stars.
#[derive(Clone, Debug, PartialEq)]
pub struct Effective {
    /// `sip.listen`.
    pub key: String,
    pub value: Value,
    /// None: it is the default.
    pub origin: Option<Origin>,
}

impl Effective {
    /// A line of TOML that says so.
    pub fn toml(&self) -> String {
        format!("{} = {}", quoted(&self.key), self.value)
    }
}

impl Inspection {
    /// All values, by their keys; a list is one.
    pub fn effective(&self) -> Vec<Effective> {
        let all = Table::try_from(self.settings()).unwrap_or_default();
        let (mut values, mut places) = (Vec::new(), Vec::new());
        flatten(&all, &[], &mut |keys, value| {
            let steps = keys.iter().map(|key| Step::Named((*key).to_owned()));
            places.push(Place::new(steps.collect()));
            values.push((keys.join("."), value.clone()));
        });
        let values = values.into_iter().zip(self.origins(&places));
        let effective = values.map(|((key, value), origin)| Effective { key, value, origin });
        effective.collect()
    }
}

/// Tells each value with its keys.
pub(super) fn flatten(table: &Table, section: &[&str], tell: &mut impl FnMut(&[&str], &Value)) {
    for (key, value) in table {
        let keys: Vec<&str> = section.iter().copied().chain([key.as_str()]).collect();
        match value.as_table() {
            Some(inner) if !inner.is_empty() => flatten(inner, &keys, tell),
            Some(_) | None => tell(&keys, value),
        }
    }
}
