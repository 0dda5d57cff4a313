use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::windows::fs::FileExt;
use std::path::Path;

/// Opens a file; who may read it is inherited from its folder.
pub fn for_owner() -> OpenOptions {
    OpenOptions::new()
}

/// Makes a folder, with those above it; who may read it is inherited from the one that is there.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).create(folder)
}

/// Whether others than its owner may read or write it is said by access lists, which the standard library does not read:
/// whoever puts a key elsewhere than in his profile sees to that.
pub fn others_may_use(_: &Metadata) -> bool {
    false
}

/// Whether its owner may write it: the one thing that Windows keeps as a mode.
pub fn owner_may_write(file: &Metadata) -> bool {
    !file.permissions().readonly()
}

/// Who may use it is inherited from its folder: nothing is to be done.
pub fn make_private(path: &Path) -> io::Result<()> {
    fs::metadata(path).map(drop)
}

/// The standard library does not ask for it.
pub fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// Windows sets no such limit.
pub fn open_files_max() -> Option<u64> {
    None
}

/// Reads what begins at `at`; `UnexpectedEof` where there is less.
pub fn read_exact_at(file: &File, mut bytes: &mut [u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let read = match file.seek_read(bytes, at)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            read => read,
        };
        bytes = bytes.get_mut(read..).unwrap_or_default();
        at += read as u64;
    }
    Ok(())
}

/// Writes over what begins at `at`. The next plain write goes behind it.
pub fn write_all_at(file: &File, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = match file.seek_write(bytes, at)? {
            0 => return Err(ErrorKind::WriteZero.into()),
            written => written,
        };
        bytes = bytes.get(written..).unwrap_or_default();
        at += written as u64;
    }
    Ok(())
}

/// Whether an open file still has its name: what is written into one that was removed is lost untold.
pub fn has_name(_: &File, path: &Path) -> io::Result<bool> {
    fs::exists(path)
}

/// Which file it is that has a name. No number is needed: nobody can remove or rename a database that SQLite has open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId;

impl FileId {
    /// None where there is no such file.
    pub fn of(path: &Path) -> Option<Self> {
        path.is_file().then_some(Self)
    }
}
