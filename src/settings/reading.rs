//! One layer read to its end: a fault is noted, what it spoils is left out, and the rest is read on.

use std::ops::Range;
use std::sync::Arc;

use toml::de::Error;

use super::Settings;
use super::complaint::Complaint;
use super::finding::{Finding, Source};
use super::places::Place;
use super::tree::Tree;

/// More than anybody mends before he asks again; of one layer.
const FAULTS_MAX: usize = 100;

pub(super) struct Reading<'t> {
    pub(super) source: &'t Arc<Source>,
    /// What its types took.
    pub(super) tree: Tree<'t>,
    pub(super) left_out: Vec<Place>,
    faults: Vec<(Option<Range<usize>>, Complaint)>,
}

impl<'t> Reading<'t> {
    pub(super) fn of(source: &'t Arc<Source>) -> Self {
        let (tree, errors) = Tree::parse(&source.text);
        let mut reading = Self {
            source,
            tree,
            left_out: Vec::new(),
            faults: Vec::new(),
        };
        // One of a line: a letter that is missing makes nonsense of what follows.
        for error in &errors {
            if !reading.is_on(error, &reading.lines()) {
                reading.note(error);
            }
        }
        let no_toml = reading.lines();
        while reading.faults.len() < FAULTS_MAX
            && let Err(error) = reading.tree.read::<Settings>()
        {
            // That the remains of such a line do not fit has been told.
            if !reading.is_on(&error, &no_toml) {
                reading.note(&error);
            }
            match error.span().and_then(|span| reading.tree.leave_out(&span)) {
                Some(place) => reading.left_out.push(place),
                None => reading.tree = Tree::default(),
            }
        }
        reading
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let faults = self.faults.iter().cloned();
        let drawn = |(span, complaint)| match span {
            Some(span) => Finding::at(self.source, span, complaint),
            None => Finding::plain(complaint),
        };
        faults.map(drawn).collect()
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
