//! One layer read to its end: a fault is noted, what it spoils is left out, and the rest is read on.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use toml::de::Error;

use super::admin::Admin;
use super::complaint::Complaint;
use super::finding::{Finding, Gravity, Source};
use super::places::Place;
use super::tree::Tree;

/// More than anybody mends before he asks again; of one layer.
const FAULTS_MAX: usize = 100;
/// A text with more of them is no TOML at all: the rest is not looked at.
const ERRORS_MAX: usize = 1_000;
/// Each reads all that is left: of a text with one fault at its head, thousands may follow from it.
const ROUNDS_MAX: usize = 10 * FAULTS_MAX;

pub(super) struct Reading<'t> {
    pub(super) source: &'t Arc<Source>,
    /// What its types took.
    pub(super) tree: Tree<'t>,
    pub(super) left_out: Vec<Place>,
    faults: Vec<(Option<Range<usize>>, Complaint)>,
    /// What this layer may not set.
    barred: Vec<(Range<usize>, Complaint)>,
}

impl<'t> Reading<'t> {
    /// Reads it as a `T`, which is settings, or another text that is read as they are.
    pub(super) fn of<T: DeserializeOwned>(source: &'t Arc<Source>, admin: Option<&Admin>) -> Self {
        let (tree, errors) = Tree::parse(&source.text);
        let mut reading = Self {
            source,
            tree,
            left_out: Vec::new(),
            faults: Vec::new(),
            barred: Vec::new(),
        };
        if let Some(admin) = admin {
            reading.obey(admin);
        }
        // One of a line: a letter that is missing makes nonsense of what follows.
        let mut seen = BTreeSet::new();
        for error in errors.iter().take(ERRORS_MAX) {
            let line = error.span().map(|span| reading.line(&span));
            let is_new = line.is_none_or(|line| seen.insert(line));
            if is_new && reading.faults.len() < FAULTS_MAX {
                reading.note(error);
            }
        }
        let no_toml = reading.lines();
        let (mut is_empty, mut rounds) = (false, 0);
        while reading.faults.len() < FAULTS_MAX
            && !is_empty
            && let Err(error) = reading.tree.read::<T>()
        {
            let left_out = error.span();
            let left_out = left_out.and_then(|span| reading.tree.leave_out(&span));
            let follows = reading.follows(&error, left_out.as_ref(), &no_toml);
            if !follows {
                reading.note(&error);
            }
            rounds += 1;
            match left_out.filter(|_| rounds < ROUNDS_MAX) {
                Some(place) => reading.left_out(place),
                // What must be there is not, or nobody knows where, or too much follows from one fault: nothing more can be
                // read.
                None => (reading.tree, is_empty) = (Tree::default(), true),
            }
        }
        reading
    }

    /// A barred value is as if it were not written: the one below counts.
    fn obey(&mut self, admin: &Admin) {
        for (place, span) in self.tree.keys() {
            if let Some(complaint) = admin.bars(&place, self.source.is_provisioned) {
                self.tree.remove(&place);
                self.barred.push((span, complaint));
            }
        }
    }

    /// Whether the fault may be there only because of what was told already: the remains of a line that is no TOML do
    /// not fit, keys below a header that is none are in another section, a key that is misspelt is missing.
    fn follows(&self, error: &Error, left_out: Option<&Place>, no_toml: &[usize]) -> bool {
        let has_lost = |entry: &Place| {
            let mut lost = self.left_out.iter();
            lost.any(|place| entry.holds(place) && entry != place)
        };
        let is_missing = error.message().starts_with("missing field");
        let header = error.span().map(|span| self.header(self.line(&span)));
        self.is_on(error, no_toml)
            || header.is_some_and(|line| no_toml.contains(&line))
            || (is_missing && left_out.is_some_and(has_lost))
    }

    /// The line of the header above; 0 where there is none.
    fn header(&self, line: usize) -> usize {
        let lines = self.source.text.lines().take(line);
        let headers = lines.enumerate().filter(|(_, it)| it.starts_with('['));
        headers.last().map_or(0, |(n, _)| n + 1)
    }

    /// Where an entry was left out the next has its number: what was of the one is not of the other.
    fn left_out(&mut self, place: Place) {
        if place.is_entry() {
            self.left_out.retain(|it| !place.holds(it));
        }
        self.left_out.push(place);
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let faults = self.faults.iter().cloned();
        let drawn = |(span, complaint)| match span {
            Some(span) => Finding::at(self.source, span, complaint),
            None => Finding::plain(complaint),
        };
        let barred = self.barred.iter().cloned().map(|(span, complaint)| {
            Finding::at(self.source, span, complaint).grave_as(Gravity::Warning)
        });
        faults.map(drawn).chain(barred).collect()
    }

    fn note(&mut self, error: &Error) {
        let complaint = Complaint::from_words(error.message());
        self.faults.push((error.span(), complaint));
    }

    fn lines(&self) -> Vec<usize> {
        let spans = self.faults.iter().filter_map(|(span, _)| span.as_ref());
        spans.map(|span| self.line(span)).collect()
    }

    fn is_on(&self, error: &Error, lines: &[usize]) -> bool {
        error
            .span()
            .is_some_and(|span| lines.contains(&self.line(&span)))
    }

    fn line(&self, span: &Range<usize>) -> usize {
        self.source.line_and_column(span.start).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn of_a_text_where_all_follows_from_one_fault_so_much_is_read_and_no_more() {
        let keys = |keys: usize| {
            let keys = (0..keys).map(|n| format!("key{n} = 1\n"));
            let text = format!("[sip]]\n{}", keys.collect::<String>());
            let source = Arc::new(Source::of_file("broken.toml", &text, 0));
            let reading = Reading::of::<Settings>(&source, None);
            assert_eq!(reading.faults.len(), 1);
            reading.left_out.len()
        };
        assert_eq!(keys(50), 50);
        assert!(keys(2 * ROUNDS_MAX) < ROUNDS_MAX);
    }
}
