use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::files;
use crate::recordings::Key;
use crate::words::Sentence;

/// Why a key file is not used.
#[derive(Debug)]
pub enum KeyFileError {
    Unreadable(PathBuf, io::Error),
    /// A folder, a pipe, a device: reading it may never end.
    NoFile(PathBuf),
    /// Others than its owner may read it, too.
    Open(PathBuf),
    NoKey(PathBuf, Sentence),
}

impl KeyFileError {
    pub fn sentence(&self) -> Sentence {
        match self {
            Self::Unreadable(file, why) => Sentence::of("start.unreadable")
                .with("file", file.display())
                .with("why", Sentence::of_io(why)),
            Self::NoFile(file) => {
                Sentence::of("recording-key.no-file").with("file", file.display())
            }
            Self::Open(file) => Sentence::of("recording-key.open").with("file", file.display()),
            Self::NoKey(file, why) => Sentence::of("recording-key.unusable")
                .with("file", file.display())
                .with("why", why),
        }
    }
}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(file, why) => write!(f, "read the key file {}: {why}", file.display()),
            Self::NoFile(file) => {
                write!(f, "read the key file {}: no regular file", file.display())
            }
            Self::Open(file) => write!(
                f,
                "read the key file {}: others may read it",
                file.display()
            ),
            Self::NoKey(file, why) => write!(f, "read the key file {}: {why}", file.display()),
        }
    }
}

impl std::error::Error for KeyFileError {}

/// A line of 64 digits, and whatever an editor puts behind it.
const LENGTH_MAX: u64 = 1_024;

/// Reads the key on the first line of a file that is its owner's alone.
pub fn read_key(path: &Path) -> Result<Key, KeyFileError> {
    let unreadable = |why| KeyFileError::Unreadable(path.to_owned(), why);
    // Asked before it is opened: opening a pipe waits for who writes.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(KeyFileError::NoFile(path.to_owned()));
    }
    let file = File::open(path).map_err(unreadable)?;
    let described = file.metadata().map_err(unreadable)?;
    if files::others_may_use(&described) {
        return Err(KeyFileError::Open(path.to_owned()));
    }
    let mut text = String::new();
    file.take(LENGTH_MAX)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    let line = text.lines().next().unwrap_or_default();
    Key::parse(line).map_err(|why| KeyFileError::NoKey(path.to_owned(), why))
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_key_that_others_may_read_is_not_used() {
        let path = std::env::temp_dir().join(format!("thirdring-key-{}", std::process::id()));
        fs::write(&path, format!("{}\n", "5a".repeat(32))).unwrap();
        let with = |mode| {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            read_key(&path)
        };
        assert!(with(0o600).is_ok() && with(0o400).is_ok());
        assert!(matches!(with(0o640), Err(KeyFileError::Open(_))));
        assert!(matches!(with(0o604), Err(KeyFileError::Open(_))));
        fs::write(&path, "secret").unwrap();
        assert!(matches!(with(0o600), Err(KeyFileError::NoKey(..))));
        fs::remove_file(&path).unwrap();
        assert!(matches!(read_key(&path), Err(KeyFileError::Unreadable(..))));
    }

    #[test]
    fn a_pipe_that_nobody_writes_to_is_refused_at_once() {
        let path = std::env::temp_dir().join(format!("thirdring-pipe-{}", std::process::id()));
        let made = Command::new("mkfifo").arg("-m600").arg(&path).status();
        assert!(made.unwrap().success());
        let read = read_key(&path);
        fs::remove_file(&path).unwrap();
        assert!(matches!(read, Err(KeyFileError::NoFile(_))), "{read:?}");
        let folder = read_key(&std::env::temp_dir());
        assert!(matches!(folder, Err(KeyFileError::NoFile(_))));
    }
}
