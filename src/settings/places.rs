use std::ops::Range;

use toml_edit::{Document, Item, TableLike};

/// One step towards a place in the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(&'static str),
    /// A key that the admin chose.
    Named(String),
    /// The n-th `[[seat]]`, `[[target]]` ..., from 0.
    Nth(usize),
}

/// Where the value at the end of `steps` stands in `text`; a list's entry where it lacks the key.
pub(super) fn find(text: &str, steps: &[Step]) -> Option<Range<usize>> {
    let document = Document::parse(text).ok()?;
    let mut place = Place::Table(document.as_table());
    let mut entry = None;
    let mut span = None;
    for step in steps {
        let Some((inner, at)) = place.enter(step) else {
            return entry;
        };
        (place, span) = (inner, at);
        if let Step::Nth(_) = step {
            entry.clone_from(&span);
        }
    }
    span
}

enum Place<'a> {
    Table(&'a dyn TableLike),
    Item(&'a Item),
}

impl<'a> Place<'a> {
    fn enter(&self, step: &Step) -> Option<(Self, Option<Range<usize>>)> {
        match (step, self) {
            (Step::Key(name), Place::Table(table)) => item(*table, name),
            (Step::Named(name), Place::Table(table)) => item(*table, name),
            (Step::Key(name), Place::Item(section)) => item(section.as_table_like()?, name),
            (Step::Named(name), Place::Item(section)) => item(section.as_table_like()?, name),
            (Step::Nth(n), Place::Item(list)) => entry(list, *n),
            (Step::Nth(_), Place::Table(_)) => None,
        }
    }
}

fn item<'a>(table: &'a dyn TableLike, name: &str) -> Option<(Place<'a>, Option<Range<usize>>)> {
    let (key, item) = table.get_key_value(name)?;
    Some((Place::Item(item), item.span().or(key.span())))
}

/// Lists are written as `[[seat]]` in a file, as `[{ .. }]` in a flag.
fn entry(list: &Item, n: usize) -> Option<(Place<'_>, Option<Range<usize>>)> {
    if let Some(tables) = list.as_array_of_tables() {
        let table = tables.get(n)?;
        return Some((Place::Table(table), table.span()));
    }
    let value = list.as_array()?.get(n)?;
    Some((Place::Table(value.as_inline_table()?), value.span()))
}
