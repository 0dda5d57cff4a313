use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::append::append_line;
use super::tombstones::bury;
use crate::records::{CallRecord, Entry, What};
use crate::words::CallId;

/// Folds every call's entries into its record, and appends it to `STATE/records.jsonl` at the end.
#[derive(Debug)]
pub struct Records {
    file: PathBuf,
    open: BTreeMap<CallId, CallRecord>,
}

/// Whose record a line is, and what stays of a deleted one.
#[derive(Serialize, Deserialize)]
struct Named {
    id: CallId,
    #[serde(default)]
    deleted: bool,
}

/// Calls under way at once (D8).
const OPEN_MAX: usize = 2_000;

impl Records {
    pub fn new(state: &Path) -> Self {
        Self {
            file: state.join("records.jsonl"),
            open: BTreeMap::new(),
        }
    }

    /// Takes an entry in; the one that ends a call writes its record.
    pub fn add(&mut self, entry: &Entry) -> io::Result<()> {
        let Some(call) = entry.call else {
            return Ok(());
        };
        if self.open.len() >= OPEN_MAX && !self.open.contains_key(&call) {
            return Ok(());
        }
        let record = self
            .open
            .entry(call)
            .or_insert_with(|| CallRecord::new(call));
        record.add(entry);
        if !matches!(entry.what, What::Ended { .. }) {
            return Ok(());
        }
        match self.open.remove(&call) {
            Some(record) => self.write(&record),
            None => Ok(()),
        }
    }

    /// Leaves of these calls' records only that they were deleted; how many there were.
    pub fn delete(state: &Path, calls: &BTreeSet<CallId>) -> io::Result<u64> {
        bury(&Self::new(state).file, |line| {
            let Named { id, deleted } = serde_json::from_slice(line).ok()?;
            let deleted = (!deleted && calls.contains(&id)).then_some(true)?;
            serde_json::to_string(&Named { id, deleted }).ok()
        })
    }

    fn write(&self, record: &CallRecord) -> io::Result<()> {
        append_line(&self.file, serde_json::to_vec(record)?).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Because, EndedBy, Ending, Moment};

    fn entry(call: CallId, what: What) -> Entry {
        Entry {
            seq: 1,
            at: Moment::ZERO,
            utc: jiff::Timestamp::UNIX_EPOCH,
            call: Some(call),
            sip_call_id: Some("a@b".to_owned()),
            what,
        }
    }

    #[test]
    fn a_call_leaves_one_record_with_who_ended_it_and_why() {
        let state = std::env::temp_dir().join(format!("thirdring-records-{}", std::process::id()));
        std::fs::create_dir_all(&state).unwrap();
        let mut records = Records::new(&state);
        let ending = Ending {
            by: EndedBy::Rep,
            because: Because::Closed,
        };
        let call = CallId::new(1, [7; 10]);
        records
            .add(&entry(call, What::Begun { inbound: true }))
            .unwrap();
        records.add(&entry(call, What::Ended { ending })).unwrap();
        let file = state.join("records.jsonl");
        let lines = std::fs::read_to_string(&file).unwrap();
        let gone = [1, 0].map(|_| Records::delete(&state, &BTreeSet::from([call])).unwrap());
        let buried = std::fs::read_to_string(&file).unwrap();
        std::fs::remove_dir_all(&state).unwrap();
        assert_eq!(gone, [1, 0], "once");
        assert_eq!(
            buried.trim_end(),
            format!("{{\"id\":\"{call}\",\"deleted\":true}}")
        );
        assert_eq!(buried.len(), lines.len());
        let record: CallRecord = serde_json::from_str(lines.trim_end()).unwrap();
        assert_eq!((record.id, record.ending), (call, Some(ending)));
    }
}
