//! L0, shell. What the `store/` folders ask of a file that each system has its own way for: one face, two bodies.
//!
//! *Invariant:* what is made here is its owner's alone: by its mode on Unix, by its folder on Windows, where the state is
//! kept in the user's profile.

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

pub use system::{
    FileId, for_owner, free_bytes, has_name, make_folder, make_private, open_files_max,
    others_may_use, owner_may_write, read_exact_at, write_all_at,
};

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::PathBuf;

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
