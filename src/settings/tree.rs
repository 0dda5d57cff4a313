//! A text of settings as a tree in which each value knows where it stands.

use std::mem;
use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer, Error};

use super::places::{Place, Step};

/// What can be read of one text.
#[derive(Clone, Debug)]
pub(super) struct Tree<'t>(Spanned<DeTable<'t>>);

type Value<'t> = Spanned<DeValue<'t>>;

/// What stands at the end of a way through the tree.
enum Node<'a, 't> {
    Table(&'a DeTable<'t>),
    Value(&'a DeValue<'t>),
}

impl Default for Tree<'_> {
    fn default() -> Self {
        Self(Spanned::new(0..0, DeTable::new()))
    }
}

impl<'t> Tree<'t> {
    /// Reads what is TOML; what is not is in the errors.
    pub(super) fn parse(text: &'t str) -> (Self, Vec<Error>) {
        let (table, errors) = DeTable::parse_recoverable(text);
        (Self(table), errors)
    }

    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        T::deserialize(Deserializer::from(self.0.clone()))
    }

    /// Where the value of `place` stands; a list's entry where it lacks the key.
    pub(super) fn find(&self, place: &Place) -> Option<Range<usize>> {
        let mut node = Node::Table(self.0.get_ref());
        let (mut entry, mut span) = (None, None);
        for step in place.steps() {
            let Some((inner, at)) = node.enter(step) else {
                return entry;
            };
            (node, span) = (inner, Some(at));
            if let Step::Nth(_) = step {
                entry.clone_from(&span);
            }
        }
        span
    }

    /// Where the last key of `place` stands that is written.
    pub(super) fn find_key(&self, place: &Place) -> Option<Range<usize>> {
        let mut table = self.0.get_ref();
        let mut span = None;
        for step in place.steps() {
            let Some((key, value)) = table.get_key_value(step.name()?) else {
                break;
            };
            span = Some(key.span());
            match value.get_ref().as_table() {
                Some(inner) => table = inner,
                None => break,
            }
        }
        span
    }

    /// Leaves out what stands at `span`: a key and its value, or an entry of a list. Tells what that was.
    pub(super) fn leave_out(&mut self, span: &Range<usize>) -> Option<Place> {
        let mut steps = out_of_table(self.0.get_mut(), span)?;
        steps.reverse();
        Some(Place::new(steps))
    }

    /// Each key that has a value, and where it stands; a list is one value.
    pub(super) fn keys(&self) -> Vec<(Place, Range<usize>)> {
        let mut found = Vec::new();
        keys_in(self.0.get_ref(), &[], &mut found);
        found
    }

    /// As if it were not written.
    pub(super) fn remove(&mut self, place: &Place) {
        let Some((last, above)) = place.steps().split_last() else {
            return;
        };
        let mut table = self.0.get_mut();
        for step in above {
            let inner = step.name().and_then(|name| table.get_mut(name));
            let Some(DeValue::Table(inner)) = inner.map(Spanned::get_mut) else {
                return;
            };
            table = inner;
        }
        if let Some(name) = last.name() {
            table.remove(name);
        }
    }

    /// Where texts and numbers stand that are meant, by their key and themselves, wherever they are.
    pub(super) fn texts_of(&self, is_meant: fn(&str, &str) -> bool) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        texts_in(self.0.get_ref(), is_meant, &mut found);
        found
    }
}

impl<'a, 't> Node<'a, 't> {
    fn enter(&self, step: &Step) -> Option<(Self, Range<usize>)> {
        let value = match (step, self) {
            (Step::Nth(n), Self::Value(value)) => value.as_array()?.get(*n)?,
            (Step::Nth(_), Self::Table(_)) => return None,
            (Step::Key(_) | Step::Named(_), Self::Table(table)) => table.get(step.name()?)?,
            (Step::Key(_) | Step::Named(_), Self::Value(value)) => {
                value.as_table()?.get(step.name()?)?
            }
        };
        Some((Self::Value(value.get_ref()), value.span()))
    }
}

/// The innermost first: a section that is nothing but its keys stands where the first of them does.
fn out_of_table(table: &mut DeTable<'_>, span: &Range<usize>) -> Option<Vec<Step>> {
    for (key, value) in table.iter_mut() {
        if let Some(mut steps) = out_of_value(value, span) {
            steps.push(Step::Named(key.get_ref().to_string()));
            return Some(steps);
        }
    }
    let is_there =
        |(key, value): (&Spanned<_>, &Value<'_>)| key.span() == *span || value.span() == *span;
    let name = table
        .iter()
        .find(|it| is_there(*it))?
        .0
        .get_ref()
        .to_string();
    table.remove(name.as_str());
    Some(vec![Step::Named(name)])
}

fn out_of_value(value: &mut Value<'_>, span: &Range<usize>) -> Option<Vec<Step>> {
    match value.get_mut() {
        DeValue::Table(table) => out_of_table(table, span),
        DeValue::Array(list) => out_of_list(list, span),
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => None,
    }
}

fn out_of_list(list: &mut DeArray<'_>, span: &Range<usize>) -> Option<Vec<Step>> {
    for (n, value) in list.iter_mut().enumerate() {
        if let Some(mut steps) = out_of_value(value, span) {
            steps.push(Step::Nth(n));
            return Some(steps);
        }
    }
    let n = list.iter().position(|value| value.span() == *span)?;
    let others = mem::replace(list, DeArray::new()).into_iter().enumerate();
    *list = others
        .filter(|(it, _)| *it != n)
        .map(|(_, value)| value)
        .collect();
    Some(vec![Step::Nth(n)])
}

fn keys_in(table: &DeTable<'_>, above: &[Step], found: &mut Vec<(Place, Range<usize>)>) {
    for (key, value) in table.iter() {
        let mut steps = above.to_vec();
        steps.push(Step::Named(key.get_ref().to_string()));
        match value.get_ref().as_table() {
            Some(inner) if !inner.is_empty() => keys_in(inner, &steps, found),
            Some(_) | None => found.push((Place::new(steps), key.span())),
        }
    }
}

fn texts_in(table: &DeTable<'_>, is_meant: fn(&str, &str) -> bool, found: &mut Vec<Range<usize>>) {
    for (key, value) in table.iter() {
        let text = match value.get_ref() {
            DeValue::String(text) => Some(text.as_ref()),
            // A password of digits alone, its quotes forgotten.
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => Some(""),
            DeValue::Array(_) | DeValue::Table(_) => None,
        };
        if text.is_some_and(|text| is_meant(key.get_ref(), text)) {
            found.push(value.span());
        }
        let list = value.get_ref().as_array().into_iter();
        let tables = list.flat_map(|list| list.iter()).chain([value]);
        for table in tables.filter_map(|value| value.get_ref().as_table()) {
            texts_in(table, is_meant, found);
        }
    }
}
