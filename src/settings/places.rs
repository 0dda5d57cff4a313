use std::ops::Range;

use toml_edit::{Document, Item, TableLike};

/// One step towards a place in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(&'static str),
    /// The n-th `[[seat]]` or `[[target]]`, from 0.
    Nth(usize),
}

/// Where the value at the end of `steps` stands in `text`; where it is missing, what should hold it.
pub(super) fn find(text: &str, steps: &[Step]) -> Option<Range<usize>> {
    let document = Document::parse(text).ok()?;
    let mut place = Place::Table(document.as_table());
    let mut span = None;
    for step in steps {
        match place.enter(*step) {
            Some((inner, at)) => {
                place = inner;
                span = at.or(span);
            }
            None => return span.filter(|_| matches!(step, Step::Key(_)) && steps.len() > 2),
        }
    }
    span
}

enum Place<'a> {
    Table(&'a dyn TableLike),
    Item(&'a Item),
}

impl<'a> Place<'a> {
    fn enter(&self, step: Step) -> Option<(Self, Option<Range<usize>>)> {
        match step {
            Step::Key(name) => {
                let table = match self {
                    Place::Table(table) => *table,
                    Place::Item(item) => item.as_table_like()?,
                };
                let (key, item) = table.get_key_value(name)?;
                Some((Place::Item(item), item.span().or(key.span())))
            }
            Step::Nth(n) => {
                let Place::Item(item) = self else { return None };
                let table = item.as_array_of_tables()?.get(n)?;
                Some((Place::Table(table), table.span()))
            }
        }
    }
}
