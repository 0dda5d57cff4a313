use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use crate::files;

/// Appends a line of its own to a file for its owner alone: what a power cut left of another stays apart, and a line that
/// the disk has no room for leaves nothing.
pub(super) fn append_line(path: &Path, line: Vec<u8>) -> io::Result<File> {
    let mut options = files::for_owner();
    let file = options.create(true).read(true).append(true).open(path)?;
    add_line(file, path, line)
}

/// The same to a file that has been opened so, and has this path.
pub(super) fn add_line(mut file: File, path: &Path, mut line: Vec<u8>) -> io::Result<File> {
    line.push(b'\n');
    let whole = file.metadata()?.len();
    if let Some(last) = whole.checked_sub(1) {
        let mut byte = [b'\n'];
        files::read_exact_at(&file, &mut byte, last)?;
        if byte != [b'\n'] {
            line.insert(0, b'\n');
        }
    }
    let written = file.write_all(&line);
    if written.is_err() {
        // Cutting off needs no room, and on Windows a file that is not opened for appending.
        let _ = OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|file| file.set_len(whole));
    }
    written.map(|()| file)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn half_a_line_does_not_spoil_the_next() {
        let name = format!("thirdring-append-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        append_line(&path, b"one".to_vec()).unwrap();
        let mut torn = OpenOptions::new().append(true).open(&path).unwrap();
        torn.write_all(b"tw").unwrap();
        append_line(&path, b"three".to_vec()).unwrap();
        append_line(&path, b"four".to_vec()).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(text, "one\ntw\nthree\nfour\n");
    }
}
