use std::collections::{BTreeSet, VecDeque};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::append::append_line;
use super::tombstones::bury;
use crate::files;
use crate::words::{CallId, PhoneNumber, Pii};

/// Whose call it was: a line a call in `STATE/callers/<yyyy-mm-dd>.jsonl`. Only by these lines what is kept of a
/// number can be found: what the disk does not take is kept, and written when it does.
#[derive(Debug)]
pub struct Callers {
    folder: PathBuf,
    unwritten: VecDeque<(CallId, Pii<PhoneNumber>)>,
}

/// Calls that wait for the disk; past it the oldest will not be found by its number.
const UNWRITTEN_MAX: usize = 1_000;

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
            unwritten: VecDeque::new(),
        }
    }

    /// Writes whose call it is. An error says that the disk did not take it, or one before; they are kept.
    pub fn add(&mut self, call: CallId, number: Pii<PhoneNumber>) -> io::Result<()> {
        if self.unwritten.len() >= UNWRITTEN_MAX
            && let Some((oldest, _)) = self.unwritten.pop_front()
        {
            tracing::error!(call = %oldest, "whose call it is was not kept: it will not be found by number");
        }
        self.unwritten.push_back((call, number));
        self.catch_up()
    }

    /// Writes what the disk has not taken before. One that it will not take, whose day's file is spoilt, keeps no other
    /// from it.
    pub fn catch_up(&mut self) -> io::Result<()> {
        let mut failed = Ok(());
        for (call, number) in std::mem::take(&mut self.unwritten) {
            if let Err(why) = self.write(call, number.clone()) {
                self.unwritten.push_back((call, number));
                failed = Err(why);
            }
        }
        failed
    }

    fn write(&self, call: CallId, number: Pii<PhoneNumber>) -> io::Result<()> {
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

    fn state(test: &str) -> PathBuf {
        let name = format!("thirdring-callers-{}-{test}", std::process::id());
        std::env::temp_dir().join(name)
    }

    fn found(callers: &Callers, number: &str) -> BTreeSet<CallId> {
        callers.of(|known| known.as_str() == number).unwrap()
    }

    #[test]
    fn a_call_that_the_disk_did_not_take_is_found_once_it_does() {
        let state = state("retried");
        fs::create_dir_all(&state).unwrap();
        fs::write(state.join("callers"), "in the way").unwrap();
        let mut callers = Callers::new(&state);
        let [one, two] = [1, 2].map(|n| CallId::new(n, [n as u8; 10]));
        assert!(callers.add(one, number("1")).is_err());
        assert!(callers.add(two, number("2")).is_err());
        fs::remove_file(state.join("callers")).unwrap();
        callers.catch_up().unwrap();
        callers.catch_up().unwrap();
        let kept = fs::read_to_string(state.join("callers/1970-01-01.jsonl")).unwrap();
        let found = ["1", "2"].map(|number| found(&callers, number));
        fs::remove_dir_all(&state).unwrap();
        assert_eq!(found, [one, two].map(|call| BTreeSet::from([call])));
        assert_eq!(kept.lines().count(), 2, "each once");
    }

    #[test]
    fn a_day_whose_file_is_spoilt_keeps_no_other_from_the_disk() {
        let state = state("spoilt");
        fs::create_dir_all(state.join("callers/1970-01-01.jsonl")).unwrap();
        let mut callers = Callers::new(&state);
        let next_day = CallId::new(86_400_000, [2; 10]);
        assert!(callers.add(CallId::new(1, [1; 10]), number("1")).is_err());
        assert!(callers.add(next_day, number("2")).is_err(), "the first one");
        fs::remove_dir(state.join("callers/1970-01-01.jsonl")).unwrap();
        let found = found(&callers, "2");
        fs::remove_dir_all(&state).unwrap();
        assert_eq!(found, BTreeSet::from([next_day]));
    }

    #[test]
    fn no_more_than_a_thousand_calls_wait_for_the_disk() {
        let state = state("bounded");
        fs::create_dir_all(&state).unwrap();
        fs::write(state.join("callers"), "in the way").unwrap();
        let mut callers = Callers::new(&state);
        for n in 0..UNWRITTEN_MAX as u64 + 1 {
            assert!(callers.add(CallId::new(n, [0; 10]), number("1")).is_err());
        }
        fs::remove_dir_all(&state).unwrap();
        assert_eq!(callers.unwritten.len(), UNWRITTEN_MAX);
    }

    #[test]
    fn calls_are_found_by_their_number_until_it_is_forgotten() {
        let state = state("found");
        let mut callers = Callers::new(&state);
        let day = 86_400_000;
        let [one, two, three] = [1, 2, 40].map(|n| CallId::new(n * day, [n as u8; 10]));
        for (call, of) in [(one, "1"), (two, "13800138000"), (three, "1"), (three, "2")] {
            callers.add(call, number(of)).unwrap();
        }
        let of = |number: &str| found(&callers, number);
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
