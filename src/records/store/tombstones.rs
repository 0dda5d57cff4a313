use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use crate::files;

/// Overwrites lines of a file where they stand, with what `tombstone` makes of each, filled up with spaces.
/// Returns how many.
///
/// Whoever appends to it meanwhile is not disturbed, and a crash leaves lines of the same length.
pub(super) fn bury(file: &Path, tombstone: impl Fn(&[u8]) -> Option<String>) -> io::Result<u64> {
    let mut reader = match File::open(file) {
        Ok(file) => BufReader::new(file),
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(why) => return Err(why),
    };
    let writer = OpenOptions::new().write(true).open(file)?;
    let (mut buried, mut at, mut line) = (0, 0, Vec::new());
    while reader.read_until(b'\n', &mut line)? > 0 {
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        if let Some(stone) = tombstone(text) {
            files::write_all_at(&writer, &fitted(stone, text.len()), at)?;
            buried += 1;
        }
        at += line.len() as u64;
        line.clear();
    }
    if buried > 0 {
        writer.sync_data()?;
    }
    Ok(buried)
}

/// One that is too long would cover its neighbour: rather none.
fn fitted(stone: String, length: usize) -> Vec<u8> {
    let mut stone = stone.into_bytes();
    if stone.len() > length {
        stone.clear();
    }
    stone.resize(length, b' ');
    stone
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn stones_stand_where_the_lines_stood() {
        let name = format!("thirdring-tombstones-{}", std::process::id());
        let file = std::env::temp_dir().join(name);
        fs::write(&file, "one\nthree\ntwo\nthree\nfour").unwrap();
        let stone = |line: &[u8]| match line {
            b"three" => Some("x".to_owned()),
            b"four" => Some("too long".to_owned()),
            _ => None,
        };
        let buried = bury(&file, stone).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        fs::remove_file(&file).unwrap();
        assert_eq!((buried, &*text), (3, "one\nx    \ntwo\nx    \n    "));
        assert_eq!(bury(&file, stone).unwrap(), 0, "no file, no lines");
    }
}
