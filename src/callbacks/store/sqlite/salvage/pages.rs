use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::super::journal::{self, Frame};
use super::super::open::with_ending;

/// Bytes of a page. All our databases have the pages that SQLite gives them unless it is asked for others.
pub(super) const PAGE: usize = journal::PAGE;

/// The pages of a damaged database as its last commit left them: the journal's over those of the file.
pub(super) struct Pages {
    file: Vec<u8>,
    journal: Vec<u8>,
    /// Where in the journal the last image of a page begins.
    newest: BTreeMap<u32, usize>,
}

impl Pages {
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let (file, journal) = (read(path)?, read(&with_ending(path, "-wal"))?);
        let most = file.len() / PAGE + journal.len() / PAGE;
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        let frames = journal::frames(&journal, &file, most);
        Ok(Self {
            newest: committed(frames),
            file,
            journal,
        })
    }

    /// The first, which holds no rows of ours, has the number 1.
    pub(super) fn get(&self, number: u32) -> Option<&[u8]> {
        if let Some(at) = self.newest.get(&number) {
            return self.journal.get(*at..*at + PAGE);
        }
        let nth = usize::try_from(number.checked_sub(1)?).ok()?;
        let at = nth.checked_mul(PAGE)?;
        self.file.get(at..at.checked_add(PAGE)?)
    }

    /// All but the first.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> + use<> {
        let of_file = u32::try_from(self.file.len() / PAGE).unwrap_or(u32::MAX);
        let of_journal = self.newest.keys().last().copied().unwrap_or_default();
        2..=of_file.max(of_journal)
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    match fs::read(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

/// What came after the last commit was not acknowledged.
fn committed(frames: Vec<Frame>) -> BTreeMap<u32, usize> {
    let (mut newest, mut begun) = (BTreeMap::new(), Vec::new());
    for frame in frames {
        begun.push((frame.page, frame.image));
        if frame.commits {
            newest.extend(begun.drain(..));
        }
    }
    newest
}
