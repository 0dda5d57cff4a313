use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::words::{Catalogue, DeskId, Language, Sentence};

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
    /// What should say where the server is does not.
    Url(String),
    /// It is not reached, or refuses us.
    Server {
        server: String,
        why: String,
    },
    /// A later version laid its tables.
    NewerServer {
        server: String,
        found: u32,
        known: u32,
    },
    /// Another agent works there under the same name.
    DeskTaken(DeskId),
    /// This program was built to work without a server.
    NoServers,
}

impl OpenError {
    /// What is in the way and what would be right, for the person who starts the agent.
    pub fn sentence(&self) -> Sentence {
        let of = |key, path: &Path| Sentence::of(key).with("path", path.display());
        match self {
            Self::NoFolder(folder) => of("database.no-folder", folder),
            Self::NoFile(path) => of("database.no-file", path),
            Self::Permission(path, why) => {
                of("database.permission", path).with("why", Sentence::of_io(why))
            }
            Self::ReadOnlyDisk(path) => of("database.read-only-disk", path),
            Self::Full(path) => of("database.full", path),
            Self::Locked(path) => of("database.locked", path),
            Self::Newer { path, found, known } => of("database.newer", path)
                .with("found", found)
                .with("known", known),
            Self::Foreign(path) => of("database.foreign", path),
            Self::MoveAside(path, why) => {
                of("database.move-aside", path).with("why", Sentence::of_io(why))
            }
            Self::Unsound(path) => of("database.unsound", path),
            Self::Other(path, why) => of("database.other", path).with("why", why),
            Self::Url(why) => Sentence::of("database.url").with("why", why),
            Self::Server { server, why } => Sentence::of("database.server")
                .with("server", server)
                .with("why", why),
            Self::NewerServer {
                server,
                found,
                known,
            } => Sentence::of("database.newer-server")
                .with("server", server)
                .with("found", found)
                .with("known", known),
            Self::DeskTaken(desk) => Sentence::of("database.desk-taken").with("desk", desk),
            Self::NoServers => Sentence::of("database.no-servers"),
        }
    }
}

/// In English, for logs.
impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Catalogue::shipped().say(&self.sentence(), Language::En))
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
    /// The server is not there, or does not answer.
    Unreachable(String),
    /// The server says no.
    Server(String),
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
            Self::Unreachable(why) => write!(f, "the database's server is not reached: {why}"),
            Self::Server(why) => write!(f, "the database's server: {why}"),
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
