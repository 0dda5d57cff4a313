use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use crate::files;
use crate::records::{Entry, What};
use crate::words::{CallId, Sentence};

/// Appends every call's entries (what concerns the desk as a whole has no file) to `STATE/calls/<yyyy-mm-dd>/<call>.jsonl`, and reads them back.
///
/// A disk that is full never stops a call: the first failure is returned, the others are counted.
#[derive(Debug)]
pub struct Timelines {
    folder: PathBuf,
    open: BTreeMap<CallId, Open>,
    failing: bool,
    lost: u64,
}

#[derive(Debug)]
struct Open {
    file: File,
    bytes: u64,
}

/// Files open at once: the desk's calls at most (D8).
const OPEN_MAX: usize = 2_000;

/// One call's file; what comes later is counted as lost.
const FILE_BYTES_MAX: u64 = 16 << 20;

#[derive(Debug)]
pub struct TimelinesError {
    doing: &'static str,
    path: PathBuf,
    why: io::Error,
}

impl TimelinesError {
    /// The alarm's word.
    pub fn alarm(&self) -> &'static str {
        if self.why.kind() == io::ErrorKind::StorageFull {
            "disk-full"
        } else {
            "timeline-failed"
        }
    }
}

impl TimelinesError {
    /// For who starts the agent: the folder that cannot be made.
    pub fn sentence(&self) -> Sentence {
        Sentence::of("start.timelines")
            .with("path", self.path.display())
            .with("why", Sentence::of_io(&self.why))
    }
}

impl fmt::Display for TimelinesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.doing, self.path.display(), self.why)
    }
}

impl std::error::Error for TimelinesError {}

impl Timelines {
    /// Opens `state/calls`, making it where it is missing.
    pub fn open(state: &Path) -> Result<Self, TimelinesError> {
        let folder = state.join("calls");
        files::make_folder(&folder).map_err(failed("make the folder", &folder))?;
        Ok(Self {
            folder,
            open: BTreeMap::new(),
            failing: false,
            lost: 0,
        })
    }

    /// Writes `entry` to its call's file. Only the first failure of a row of failures is an error.
    pub fn append(&mut self, entry: &Entry) -> Result<(), TimelinesError> {
        let Some(call) = entry.call else {
            return Ok(());
        };
        let written = self.write(call, entry);
        // After a failure it is opened anew: whatever was cut short gets a line of its own.
        if matches!(entry.what, What::Ended { .. }) || written.is_err() {
            self.open.remove(&call);
        }
        let failed_before = self.failing;
        self.failing = written.is_err();
        match written {
            Ok(()) => Ok(()),
            Err(why) => {
                self.lost = self.lost.saturating_add(1);
                if failed_before { Ok(()) } else { Err(why) }
            }
        }
    }

    /// The same for a call that is over: its file is not kept open.
    pub fn append_afterwards(&mut self, entry: &Entry) -> Result<(), TimelinesError> {
        let written = self.append(entry);
        if let Some(call) = entry.call {
            self.open.remove(&call);
        }
        written
    }

    /// Entries that could not be written since the start.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// The entries of `call`, whose id tells the day; empty when it is unknown.
    ///
    /// A line cut short by a power cut is passed over.
    pub fn read(&self, call: CallId) -> Result<Vec<Entry>, TimelinesError> {
        let path = self.path(call);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let file = File::open(&path).map_err(failed("read the timeline", &path))?;
        let mut entries = Vec::new();
        for line in BufReader::new(file.take(FILE_BYTES_MAX)).split(b'\n') {
            let line = line.map_err(failed("read the timeline", &path))?;
            entries.extend(serde_json::from_slice::<Entry>(&line).ok());
        }
        Ok(entries)
    }

    /// Removes the timeline of a call that is over; whether there was one.
    pub fn delete(state: &Path, call: CallId) -> io::Result<bool> {
        match fs::remove_file(path(&state.join("calls"), call)) {
            Ok(()) => Ok(true),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(why) => Err(why),
        }
    }

    fn write(&mut self, call: CallId, entry: &Entry) -> Result<(), TimelinesError> {
        let path = self.path(call);
        let open = self.file(call, &path)?;
        let mut line = serde_json::to_vec(entry)
            .map_err(|why| failed("write the timeline", &path)(why.into()))?;
        line.push(b'\n');
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if open.bytes.saturating_add(length) > FILE_BYTES_MAX {
            return Err(failed("write the timeline", &path)(
                io::ErrorKind::FileTooLarge.into(),
            ));
        }
        open.file
            .write_all(&line)
            .map_err(failed("write the timeline", &path))?;
        open.bytes += length;
        Ok(())
    }

    fn file(&mut self, call: CallId, path: &Path) -> Result<&mut Open, TimelinesError> {
        if !self.open.contains_key(&call) {
            if self.open.len() >= OPEN_MAX {
                self.open.pop_first();
            }
            let opened = append_to(path).map_err(failed("open the timeline", path))?;
            self.open.insert(call, opened);
        }
        let missing = || failed("open the timeline", path)(io::ErrorKind::NotFound.into());
        self.open.get_mut(&call).ok_or_else(missing)
    }

    fn path(&self, call: CallId) -> PathBuf {
        path(&self.folder, call)
    }
}

fn path(folder: &Path, call: CallId) -> PathBuf {
    folder.join(call.day()).join(format!("{call}.jsonl"))
}

fn append_to(path: &Path) -> io::Result<Open> {
    if let Some(day) = path.parent() {
        files::make_folder(day)?;
    }
    let mut file = files::for_owner().create(true).append(true).open(path)?;
    let bytes = file.metadata()?.len();
    if bytes > 0 {
        file.write_all(b"\n")?;
    }
    Ok(Open { file, bytes })
}

fn failed(doing: &'static str, path: &Path) -> impl Fn(io::Error) -> TimelinesError {
    let path = path.to_owned();
    move |why| TimelinesError {
        doing,
        path: path.clone(),
        why,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use super::*;
    use crate::records::samples::{call, entry};
    use crate::words::{Because, EndedBy, Ending};

    fn state(test: &str) -> PathBuf {
        let name = format!("thirdring-timelines-{}-{test}", std::process::id());
        std::env::temp_dir().join(name)
    }

    fn ended() -> What {
        let (by, because) = (EndedBy::Caller, Because::HungUp);
        What::Ended {
            ending: Ending { by, because },
        }
    }

    #[test]
    fn a_finished_call_is_read_back_by_its_id_also_past_midnight() {
        let state = state("read");
        let mut timelines = Timelines::open(&state).unwrap();
        let entries = [
            entry(1, What::Begun { inbound: true }),
            entry(86_400, ended()),
        ];
        for entry in &entries {
            timelines.append(entry).unwrap();
        }
        assert!(timelines.open.is_empty());
        let again = Timelines::open(&state).unwrap();
        assert_eq!(again.read(call()).unwrap(), entries);
        assert_eq!(again.read(CallId::new(0, [0; 10])).unwrap(), []);
        fs::remove_dir_all(state).unwrap();
    }

    #[test]
    fn a_line_cut_short_is_passed_over() {
        let state = state("cut");
        let mut timelines = Timelines::open(&state).unwrap();
        let first = entry(1, What::Begun { inbound: true });
        timelines.append(&first).unwrap();
        let path = timelines.path(call());
        let mut file = OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(b"{\"seq\":2,").unwrap();
        let mut again = Timelines::open(&state).unwrap();
        let second = entry(2, ended());
        again.append(&second).unwrap();
        assert_eq!(again.read(call()).unwrap(), [first, second]);
        fs::remove_dir_all(state).unwrap();
    }

    #[test]
    fn a_disk_that_fails_is_told_once_and_then_counted() {
        let state = state("fails");
        let mut timelines = Timelines::open(&state).unwrap();
        fs::remove_dir_all(state.join("calls")).unwrap();
        fs::write(state.join("calls"), "in the way").unwrap();
        let entry = entry(1, What::Begun { inbound: true });
        assert!(timelines.append(&entry).is_err());
        assert!(timelines.append(&entry).is_ok());
        assert_eq!(timelines.lost(), 2);
        fs::remove_dir_all(state).unwrap();
    }
}
