//! L2, shell. What a PC keeps of what it was given: the last good copy, and the secrets that it enrolled for.

mod copies;
mod pc;
mod secrets;

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::files;

pub use copies::{Copies, Copy, Note, Staged};
pub use pc::this_pc;
pub use secrets::{keep_secrets, read_secret, secrets_file};

/// In the state folder; its owner's alone.
const FOLDER: &str = "provision";

fn folder_in(state: &Path) -> PathBuf {
    state.join(FOLDER)
}

/// Writes a file that is whole on the disk, for its owner alone.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        files::make_folder(folder)?;
    }
    let mut options = files::for_owner();
    let mut file: File = options.write(true).create(true).truncate(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The same in the place of one that may be there.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        files::make_folder(folder)?;
    }
    files::replace_private(path, bytes)
}
