use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::append::append_line;
use super::tombstones::bury;
use crate::files;
use crate::words::{CallId, PhoneNumber, Pii};

/// Whose call it was: a line a call in `STATE/callers/<yyyy-mm-dd>.jsonl`. Only by these lines what is kept of a
/// number can be found.
#[derive(Clone, Debug)]
pub struct Callers {
    folder: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Line {
    call: CallId,
    /// Gone once it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<Pii<PhoneNumber>>,
}

impl Callers {
    pub fn new(state: &Path) -> Self {
        Self {
            folder: state.join("callers"),
        }
    }

    pub fn add(&self, call: CallId, number: Pii<PhoneNumber>) -> io::Result<()> {
        files::make_folder(&self.folder)?;
        let number = Some(number);
        let line = serde_json::to_vec(&Line { call, number })?;
        append_line(&self.file(&call.day()), line).map(drop)
    }

    /// The calls with such a number.
    pub fn of(&self, is_wanted: impl Fn(&PhoneNumber) -> bool) -> io::Result<BTreeSet<CallId>> {
        let mut found = BTreeSet::new();
        for file in self.files()? {
            for line in BufReader::new(File::open(file)?).split(b'\n') {
                let line = serde_json::from_slice::<Line>(&line?).ok();
                let wanted = line.filter(|line| {
                    let number = line.number.as_ref();
                    number.is_some_and(|number| is_wanted(number.reveal()))
                });
                found.extend(wanted.map(|line| line.call));
            }
        }
        Ok(found)
    }

    /// Forgets whose these calls were.
    pub fn forget(&self, calls: &BTreeSet<CallId>) -> io::Result<()> {
        let nobodys = |line: &[u8]| {
            let Line { call, .. } = serde_json::from_slice(line).ok()?;
            let number = None;
            calls
                .contains(&call)
                .then(|| serde_json::to_string(&Line { call, number }).ok())?
        };
        let days: BTreeSet<String> = calls.iter().map(|call| call.day()).collect();
        for day in days {
            bury(&self.file(&day), nobodys)?;
        }
        Ok(())
    }

    fn files(&self) -> io::Result<Vec<PathBuf>> {
        if !self.folder.exists() {
            return Ok(Vec::new());
        }
        let days = fs::read_dir(&self.folder)?.map(|day| Ok(day?.path()));
        let is_ours = |path: &PathBuf| path.extension().is_some_and(|end| end == "jsonl");
        days.filter(|day: &io::Result<PathBuf>| day.as_ref().map_or(true, is_ours))
            .collect()
    }

    fn file(&self, day: &str) -> PathBuf {
        self.folder.join(format!("{day}.jsonl"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Pii<PhoneNumber> {
        Pii::new(PhoneNumber::parse(text).unwrap())
    }

    #[test]
    fn calls_are_found_by_their_number_until_it_is_forgotten() {
        let state = std::env::temp_dir().join(format!("thirdring-callers-{}", std::process::id()));
        let callers = Callers::new(&state);
        let day = 86_400_000;
        let [one, two, three] = [1, 2, 40].map(|n| CallId::new(n * day, [n as u8; 10]));
        for (call, of) in [(one, "1"), (two, "13800138000"), (three, "1"), (three, "2")] {
            callers.add(call, number(of)).unwrap();
        }
        let of = |of: &str| callers.of(|number| number.as_str() == of).unwrap();
        assert_eq!(of("1"), BTreeSet::from([one, three]));
        let file = state.join("callers/1970-02-10.jsonl");
        let before = fs::read(&file).unwrap();
        callers.forget(&of("1")).unwrap();
        let after = fs::read(&file).unwrap();
        // A call of two callers is forgotten for both.
        let left = [of("1"), of("2"), of("13800138000")];
        fs::remove_dir_all(&state).unwrap();
        assert_eq!(
            left,
            [BTreeSet::new(), BTreeSet::new(), BTreeSet::from([two])]
        );
        assert_eq!(before.len(), after.len());
        let after = String::from_utf8(after).unwrap();
        assert!(
            !after.contains("number") && after.lines().count() == 2,
            "{after}"
        );
    }
}
