use std::fmt;
use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;

/// Why the desk refuses to start (D30).
#[derive(Debug)]
pub enum OpenError {
    /// The folder it should be in is missing, or is a file.
    NoFolder(PathBuf),
    /// A folder, or something else that holds no bytes, has its name.
    NoFile(PathBuf),
    /// This user may not read and write there: the file, its journal or the folder.
    Permission(PathBuf, io::Error),
    /// Nobody may write to this disk.
    ReadOnlyDisk(PathBuf),
    /// There is no room for one page.
    Full(PathBuf),
    /// Another agent has it.
    Locked(PathBuf),
    /// A later version wrote it.
    Newer {
        path: PathBuf,
        found: u32,
        known: u32,
    },
    /// Its tables are another program's, or were changed.
    Foreign(PathBuf),
    /// It is damaged and cannot be moved aside.
    MoveAside(PathBuf, io::Error),
    /// Even the fresh one is damaged.
    Unsound(PathBuf),
    Other(PathBuf, rusqlite::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFolder(folder) => write!(
                f,
                "open the database in {}: there is no such folder; make it or choose another",
                folder.display()
            ),
            Self::NoFile(path) => write!(
                f,
                "open the database {}: this is no file; choose another name",
                path.display()
            ),
            Self::Permission(path, why) => write!(
                f,
                "open the database: this user may not read and write {}: {why}; give him the right or choose another",
                path.display()
            ),
            Self::ReadOnlyDisk(path) => write!(
                f,
                "open the database: the disk of {} can only be read; mount it for writing or choose another",
                path.display()
            ),
            Self::Full(path) => write!(
                f,
                "open the database {}: the disk is full; make room",
                path.display()
            ),
            Self::Locked(path) => write!(
                f,
                "open the database {}: another agent has it; stop that one or choose another state folder",
                path.display()
            ),
            Self::Newer { path, found, known } => write!(
                f,
                "open the database {}: version {found}, this program knows {known}; start the later program or choose another state folder",
                path.display()
            ),
            Self::Foreign(path) => write!(
                f,
                "open the database {}: its tables are not ours; choose another name or move it away",
                path.display()
            ),
            Self::MoveAside(path, why) => write!(
                f,
                "move the damaged database {} aside: {why}; move it away by hand",
                path.display()
            ),
            Self::Unsound(path) => write!(
                f,
                "open the database {}: a fresh one is damaged at once; look at the disk or choose another",
                path.display()
            ),
            Self::Other(path, why) => write!(f, "open the database {}: {why}", path.display()),
        }
    }
}

impl std::error::Error for OpenError {}

/// Why something was not written or read while the desk runs.
#[derive(Debug)]
pub enum StoreError {
    /// The disk is full: the call goes on, nothing may be promised (D24).
    Full,
    Locked,
    Damaged,
    /// The file was removed or replaced: what is written now, nobody finds again.
    Moved,
    Other(rusqlite::Error),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the disk of the database is full: make room"),
            Self::Locked => f.write_str("the database is locked by another program"),
            Self::Damaged => f.write_str("the database is damaged: restart to move it aside"),
            Self::Moved => f.write_str(
                "the database was removed or replaced: put it back, or restart to begin a new one",
            ),
            Self::Other(why) => write!(f, "the database: {why}"),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<rusqlite::Error> for StoreError {
    fn from(why: rusqlite::Error) -> Self {
        match why.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged,
            _ => Self::Other(why),
        }
    }
}
