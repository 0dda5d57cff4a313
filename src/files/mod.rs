//! L0, shell. What the `store/` folders ask of a file that each system has its own way for: one face, two bodies.
//!
//! *Invariant:* what is made here is its owner's alone, but for what [`replace`] puts in the place of what others could read: by its mode on Unix, by its folder on Windows, where the state is
//! kept in the user's profile.

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub use system::{
    FileId, for_owner, free_bytes, has_name, host_name, make_folder, make_private, open_files_max,
    others_may_use, owner_may_write, read_exact_at, write_all_at,
};

/// A file to be written from its beginning, its owner's alone; from one that was there others are shut out first.
pub fn create_private(path: &Path) -> io::Result<File> {
    let file = for_owner().write(true).create(true).open(path)?;
    make_private(path)?;
    file.set_len(0)?;
    Ok(file)
}

/// Puts these bytes in the place of a file that may be there, for its owner alone: whoever reads has the old one whole, or
/// the new, even where the power fails between them.
pub fn replace_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = followed(path);
    let new = beside(&path);
    let written = create_private(&new).and_then(|file| write_whole(file, bytes));
    in_place(&new, &path, written)
}

/// The same for whoever could read the old one. Where there was none it is a file as the system makes them for this user.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = followed(path);
    let new = beside(&path);
    let written = match fs::metadata(&path) {
        // A secret is nobody else's before it has the mode of the old one.
        Ok(old) => create_private(&new)
            .and_then(|file| write_whole(file, bytes))
            .and_then(|()| fs::set_permissions(&new, old.permissions())),
        Err(_) => {
            // One that an earlier end has left has another mode; there is hardly ever one.
            let _ = fs::remove_file(&new);
            File::create_new(&new).and_then(|file| write_whole(file, bytes))
        }
    };
    in_place(&new, &path, written)
}

/// Nobody else who asks for it has this file until the lock is dropped. It lies beside it, for the file itself may be
/// replaced.
pub fn lock(path: &Path) -> io::Result<File> {
    let lock = named_beside(&followed(path), ".lock");
    let mut options = for_owner();
    let options = options.write(true).create(true).truncate(false);
    let file = options.open(lock)?;
    file.lock()?;
    Ok(file)
}

/// A link stays a link: what it leads to is written.
fn followed(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// On the same disk.
fn beside(path: &Path) -> PathBuf {
    named_beside(path, ".new")
}

fn named_beside(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

fn write_whole(mut file: File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

fn in_place(new: &Path, path: &Path, written: io::Result<()>) -> io::Result<()> {
    let put = written.and_then(|()| fs::rename(new, path));
    if put.is_err() {
        // Why it failed is told; what could not be removed is written over the next time.
        let _ = fs::remove_file(new);
    }
    put
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(test: &str) -> PathBuf {
        let name = format!("thirdring-files-{}-{test}", std::process::id());
        std::env::temp_dir().join(name)
    }

    #[test]
    fn what_is_made_is_its_owners_and_read_where_it_was_written() {
        let above = folder("owner");
        let day = above.join("day");
        make_folder(&day).unwrap();
        let path = day.join("file");
        let mut options = for_owner();
        let options = options.read(true).write(true).create_new(true);
        let file = options.open(&path).unwrap();
        write_all_at(&file, b"hello", 2).unwrap();
        let (mut read, mut past) = ([0; 7], [0; 8]);
        read_exact_at(&file, &mut read, 0).unwrap();
        let is_past = read_exact_at(&file, &mut past, 0).is_err();
        let others = [&above, &day, &path].map(|it| others_may_use(&fs::metadata(it).unwrap()));
        fs::remove_dir_all(above).unwrap();
        assert_eq!((&read, is_past), (b"\0\0hello", true));
        assert_eq!(others, [false; 3]);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_could_read_is_its_owners_before_it_is_written() {
        use std::os::unix::fs::PermissionsExt;
        let path = folder("open");
        fs::write(&path, "a longer text").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let file = create_private(&path).unwrap();
        let (mode, length) = (file.metadata().unwrap(), file.metadata().unwrap().len());
        write_all_at(&file, b"new", 0).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!((others_may_use(&mode), length), (false, 0));
        assert_eq!(text, "new");
    }

    #[cfg(unix)]
    fn mode(path: &Path) -> u32 {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[cfg(unix)]
    fn with_mode(path: &Path, text: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn what_is_replaced_is_read_by_whom_it_was_and_a_secret_by_its_owner() {
        let folder = folder("replaced");
        make_folder(&folder).unwrap();
        let path = folder.join("file");
        for old in [0o644, 0o600, 0o640] {
            with_mode(&path, "old", old);
            // What an earlier end has left.
            with_mode(&folder.join("file.new"), "half of a longer text", 0o666);
            replace(&path, b"new").unwrap();
            assert_eq!(mode(&path), old);
            assert_eq!(fs::read(&path).unwrap(), b"new");
        }
        with_mode(&path, "old", 0o644);
        with_mode(&folder.join("file.new"), "half of a longer text", 0o666);
        replace_private(&path, b"secret").unwrap();
        let (secret, is_private) = (fs::read(&path).unwrap(), mode(&path) == 0o600);
        let left = fs::read_dir(&folder).unwrap().count();
        fs::remove_dir_all(folder).unwrap();
        assert_eq!((secret.as_slice(), is_private), (&b"secret"[..], true));
        assert_eq!(left, 1, "nothing lies beside it");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_a_new_file_is_made_as_the_system_makes_them() {
        let folder = folder("linked");
        make_folder(&folder).unwrap();
        let (path, link, usual) = (
            folder.join("file"),
            folder.join("link"),
            folder.join("usual"),
        );
        fs::write(&usual, "").unwrap();
        replace(&path, b"first").unwrap();
        let modes = (mode(&path), mode(&usual));
        std::os::unix::fs::symlink(&path, &link).unwrap();
        replace(&link, b"second").unwrap();
        let is_link = fs::symlink_metadata(&link).unwrap().is_symlink();
        let text = fs::read_to_string(&path).unwrap();
        fs::remove_dir_all(folder).unwrap();
        assert_eq!(modes.0, modes.1);
        assert_eq!((is_link, text.as_str()), (true, "second"));
    }

    #[test]
    fn a_file_that_was_removed_is_noticed() {
        let folder = folder("removed");
        make_folder(&folder).unwrap();
        let path = folder.join("file");
        let file = File::create(&path).unwrap();
        let id = FileId::of(&path);
        let before = (has_name(&file, &path).unwrap(), id.is_some());
        fs::remove_file(&path).unwrap();
        let after = (has_name(&file, &path).unwrap(), FileId::of(&path).is_some());
        fs::remove_dir_all(folder).unwrap();
        assert_eq!((before, after), ((true, true), (false, false)));
    }
}
