use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::append::append_line;
use crate::files;
use crate::words::CallId;

/// Appends calls' journals to `STATE/calls/<yyyy-mm-dd>/<call>.journal`, beside their timelines.
#[derive(Debug)]
pub struct Journals {
    folder: PathBuf,
}

impl Journals {
    /// Makes nothing until there is something to write.
    pub fn new(state: &Path) -> Self {
        Self {
            folder: state.join("calls"),
        }
    }

    /// Whole lines; a journal is written in few pieces, so its file is not kept open.
    pub fn append(&self, call: CallId, lines: &[u8]) -> io::Result<()> {
        let path = path(&self.folder, call);
        if let Some(day) = path.parent() {
            files::make_folder(day)?;
        }
        let lines = lines.strip_suffix(b"\n").unwrap_or(lines);
        append_line(&path, lines.to_vec()).map(drop)
    }

    /// Removes the journal of a call that is over; whether there was one.
    pub fn delete(state: &Path, call: CallId) -> io::Result<bool> {
        match fs::remove_file(path(&state.join("calls"), call)) {
            Ok(()) => Ok(true),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(why) => Err(why),
        }
    }
}

fn path(folder: &Path, call: CallId) -> PathBuf {
    folder.join(call.day()).join(format!("{call}.journal"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_a_journal_are_one_file_until_it_is_deleted() {
        let state = std::env::temp_dir().join(format!("thirdring-journals-{}", std::process::id()));
        let (journals, call) = (Journals::new(&state), CallId::new(0, [7; 10]));
        journals.append(call, b"one\n").unwrap();
        journals.append(call, b"two\nthree\n").unwrap();
        let file = path(&state.join("calls"), call);
        let written = fs::read_to_string(&file).unwrap();
        let is_open = files::others_may_use(&fs::metadata(file).unwrap());
        let deleted = [(); 2].map(|()| Journals::delete(&state, call).unwrap());
        fs::remove_dir_all(&state).unwrap();
        assert_eq!((written.as_str(), is_open), ("one\ntwo\nthree\n", false));
        assert_eq!(deleted, [true, false]);
    }
}
