use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

use super::OpenError;
use super::open::with_ending;
use crate::files;

/// Whether this user can keep a database at `path`.
///
/// SQLite has one code for a missing folder and a forbidden file, and calls a folder that may not
/// be written a disk error: the system is asked first.
pub(super) fn check(path: &Path) -> Result<(), OpenError> {
    stands(path)?;
    // SQLite begins its journal empty, too.
    let journal = with_ending(path, "-wal");
    let blamed = if journal.exists() {
        &journal
    } else {
        folder(path)
    };
    let mut open = OpenOptions::new();
    match open.read(true).write(true).create(true).open(&journal) {
        Ok(_) => Ok(()),
        Err(why) => Err(refused(blamed, why)),
    }
}

/// The same, and nothing is left there: an agent may have it open.
pub(super) fn look(path: &Path) -> Result<(), OpenError> {
    stands(path)?;
    let trial = with_ending(path, "-check");
    let folder = folder(path);
    // Somebody else may try at the same time, or have been killed while he did.
    let made = files::for_owner().write(true).create(true).open(&trial);
    match made.and_then(|_| fs::remove_file(&trial)) {
        Err(why) if why.kind() != ErrorKind::NotFound => Err(refused(folder, why)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn stands(path: &Path) -> Result<(), OpenError> {
    let folder = folder(path);
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => {}
        Err(why) if why.kind() == ErrorKind::PermissionDenied => return Err(refused(folder, why)),
        Ok(_) | Err(_) => return Err(OpenError::NoFolder(folder.to_owned())),
    }
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(OpenError::NoFile(path.to_owned()));
    }
    let mut existing = OpenOptions::new();
    existing.read(true).write(true);
    match existing.open(path) {
        Err(why) if why.kind() != ErrorKind::NotFound => Err(refused(path, why)),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        Some(_) | None => Path::new("."),
    }
}

fn refused(path: &Path, why: io::Error) -> OpenError {
    let path = path.to_owned();
    if why.kind() == ErrorKind::ReadOnlyFilesystem {
        OpenError::ReadOnlyDisk(path)
    } else if why.kind() == ErrorKind::StorageFull {
        OpenError::Full(path)
    } else {
        OpenError::Permission(path, why)
    }
}
