use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::StoreError;

/// The database's file as it was when it was opened.
///
/// A file that is removed stays writable for whoever has it open: SQLite would report every commit
/// as done, and after a restart none would be there.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    file: Option<FileId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
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

impl FileId {
    fn of(path: &Path) -> Option<Self> {
        let file = fs::metadata(path).ok()?;
        Some(Self {
            device: file.dev(),
            inode: file.ino(),
        })
    }
}
