use std::path::{Path, PathBuf};

use super::StoreError;
use crate::files::FileId;

/// The database's file as it was when it was opened.
///
/// A file that is removed stays writable for whoever has it open: SQLite would report every commit
/// as done, and after a restart none would be there.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    file: Option<FileId>,
}

impl Place {
    pub(super) fn of(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            file: FileId::of(path),
        }
    }

    /// Whether what is written there will be found there.
    pub(super) fn holds(&self) -> Result<(), StoreError> {
        if self.file.is_some() && self.file == FileId::of(&self.path) {
            Ok(())
        } else {
            Err(StoreError::Moved)
        }
    }
}
