use std::fmt;
use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;

/// Why the desk refuses to start (D30).
#[derive(Debug)]
pub enum OpenError {
    /// The path is no place for a database.
    Path(PathBuf, rusqlite::Error),
    Permission(PathBuf, rusqlite::Error),
    /// Another agent has it.
    Locked(PathBuf),
    /// A later version wrote it.
    Newer {
        path: PathBuf,
        found: u32,
        known: u32,
    },
    /// It is damaged and cannot be moved aside.
    MoveAside(PathBuf, io::Error),
    Other(PathBuf, rusqlite::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path, why) => write!(
                f,
                "open the database {}: {why}; the folder must exist, and the name must not be a folder's",
                path.display()
            ),
            Self::Permission(path, why) => write!(
                f,
                "open the database {}: {why}; let this user read and write the file and its folder",
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
            Self::MoveAside(path, why) => write!(
                f,
                "move the damaged database {} aside: {why}; move it away by hand",
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
