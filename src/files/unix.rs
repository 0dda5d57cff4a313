use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt as _};
use std::path::Path;

/// The mode of a file that only its owner may read or write.
const OWNER: u32 = 0o600;
/// The same of a folder.
const OWNER_FOLDER: u32 = 0o700;
/// The mode of what is its owner's alone: nothing of this.
const OTHERS: u32 = 0o077;

/// Opens a file, and where that makes it, for its owner alone.
pub fn for_owner() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(OWNER);
    options
}

/// Makes a folder that is its owner's alone, with those above it.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(OWNER_FOLDER).create(folder)
}

/// Whether others than its owner may read or write it, too.
pub fn others_may_use(file: &Metadata) -> bool {
    file.permissions().mode() & OTHERS != 0
}

/// Reads what begins at `at`; `UnexpectedEof` where there is less.
pub fn read_exact_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    file.read_exact_at(bytes, at)
}

/// Writes over what begins at `at`. Where the next plain write would go is another on each system.
pub fn write_all_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    file.write_all_at(bytes, at)
}

/// Whether an open file still has its name: what is written into one that was removed is lost untold.
pub fn has_name(file: &File, _: &Path) -> io::Result<bool> {
    Ok(file.metadata()?.nlink() > 0)
}

/// Which file it is that has a name, whoever gives that to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// None where there is no such file.
    pub fn of(path: &Path) -> Option<Self> {
        let file = fs::metadata(path).ok()?;
        Some(Self {
            device: file.dev(),
            inode: file.ino(),
        })
    }
}
