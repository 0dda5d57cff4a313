use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt as _};
use std::path::Path;

/// The mode of a file that only its owner may read or write.
const OWNER: u32 = 0o600;
/// Of it, what its owner may write.
const OWNER_WRITES: u32 = 0o200;
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

/// Whether its owner may write it: root may whatever a mode says, and others who run the agent may not.
pub fn owner_may_write(file: &Metadata) -> bool {
    file.permissions().mode() & OWNER_WRITES != 0
}

/// Takes from all but its owner what they may do with it, and gives him what he needs.
pub fn make_private(path: &Path) -> io::Result<()> {
    let found = fs::metadata(path)?;
    let needed = if found.is_dir() { OWNER_FOLDER } else { OWNER };
    fs::set_permissions(path, fs::Permissions::from_mode(needed))
}

/// Bytes that its file system has left for this user; none where it does not say.
pub fn free_bytes(path: &Path) -> Option<u64> {
    let told = rustix::fs::statvfs(path).ok()?;
    told.f_bavail.checked_mul(told.f_frsize)
}

/// Files and sockets that this process may have open, at most, once it has asked for all.
pub fn open_files_max() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum
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
