use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::append::append_line;
use crate::files;
use crate::records::{Entry, What};
use crate::words::SeatId;

/// Appends every change of a seat to `STATE/seats.jsonl`: the shift as it was, and how each seat stood last.
#[derive(Debug)]
pub struct SeatFile {
    path: PathBuf,
    lines: usize,
}

/// Changes that are kept when the file is made shorter; of each seat the last one is kept besides.
const KEPT: usize = 10_000;
/// The file is made shorter at so many lines, and at each start.
const LINES_MAX: usize = 2 * KEPT;

impl SeatFile {
    /// Opens the file, and tells the last change of each seat. A line cut short by a power cut is passed over.
    pub fn open(state: &Path) -> io::Result<(Self, Vec<Entry>)> {
        let path = state.join("seats.jsonl");
        let kept = shortened(read(&path)?);
        let file = Self {
            lines: kept.len(),
            path,
        };
        if !kept.is_empty() {
            file.replace(&kept)?;
        }
        let last = kept
            .into_iter()
            .filter_map(|it| Some((seat(&it)?.clone(), it)));
        let last: BTreeMap<SeatId, Entry> = last.collect();
        Ok((file, last.into_values().collect()))
    }

    pub fn append(&mut self, entry: &Entry) -> io::Result<()> {
        if self.lines >= LINES_MAX {
            let kept = shortened(read(&self.path)?);
            self.replace(&kept)?;
            self.lines = kept.len();
        }
        append_line(&self.path, serde_json::to_vec(entry)?)?;
        self.lines += 1;
        Ok(())
    }

    /// There is always a whole one.
    fn replace(&self, entries: &[Entry]) -> io::Result<()> {
        let mut lines = Vec::new();
        for entry in entries {
            serde_json::to_writer(&mut lines, entry)?;
            lines.push(b'\n');
        }
        files::replace_private(&self.path, &lines)
    }
}

fn read(path: &Path) -> io::Result<Vec<Entry>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(why) => return Err(why),
    };
    let mut entries = Vec::new();
    for line in BufReader::new(file).split(b'\n') {
        entries.extend(serde_json::from_slice::<Entry>(&line?).ok());
    }
    Ok(entries)
}

/// The newest, and the last of each seat.
fn shortened(mut entries: Vec<Entry>) -> Vec<Entry> {
    let newest_from = entries.len().saturating_sub(KEPT);
    let newest = entries.split_off(newest_from);
    let mut known: BTreeSet<SeatId> = newest.iter().filter_map(seat).cloned().collect();
    let is_last = |entry: &Entry| seat(entry).is_some_and(|seat| known.insert(seat.clone()));
    let mut kept: Vec<Entry> = entries.into_iter().rev().filter(is_last).collect();
    kept.reverse();
    kept.extend(newest);
    kept
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the file is about seats alone"
)]
fn seat(entry: &Entry) -> Option<&SeatId> {
    match &entry.what {
        What::Seat(change) => Some(&change.seat),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;
    use crate::records::SeatChange;
    use crate::records::samples;

    fn state(test: &str) -> PathBuf {
        let name = format!("thirdring-seats-{}-{test}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        path
    }

    fn entry(seq: u64, seat: &str, to: &str) -> Entry {
        let change = SeatChange {
            seat: seat.parse().unwrap(),
            from: "available".to_owned(),
            to: to.to_owned(),
            by: "rep".to_owned(),
            reason: None,
            then: None,
            of_call: None,
            until_utc: None,
            note_owed: false,
        };
        Entry {
            call: None,
            sip_call_id: None,
            ..samples::entry(seq, What::Seat(change))
        }
    }

    #[test]
    fn the_last_change_of_each_seat_is_read_at_the_next_start() {
        let state = state("last");
        let (mut file, last) = SeatFile::open(&state).unwrap();
        assert_eq!(last, []);
        let entries = [
            entry(1, "rep1", "busy"),
            entry(2, "rep2", "offline"),
            entry(3, "rep1", "on-break"),
        ];
        for entry in &entries {
            file.append(entry).unwrap();
        }
        let mut torn = File::options().append(true).open(&file.path).unwrap();
        torn.write_all(b"{\"seq\":4,\"at").unwrap();
        let (_, last) = SeatFile::open(&state).unwrap();
        assert_eq!(last, [entries[2].clone(), entries[1].clone()]);
        fs::remove_dir_all(state).unwrap();
    }

    #[test]
    fn a_long_shift_is_made_shorter_and_no_seat_is_forgotten() {
        let others = (2..).take(KEPT + 5).map(|seq| entry(seq, "rep1", "busy"));
        let all: Vec<Entry> = [entry(1, "rep2", "offline")]
            .into_iter()
            .chain(others)
            .collect();
        let kept = shortened(all.clone());
        assert_eq!(kept.len(), KEPT + 1);
        assert_eq!((&kept[0], kept.last()), (&all[0], all.last()));
    }
}
