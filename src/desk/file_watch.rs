//! Files of the settings that somebody edits while we work: they are read anew once they rest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::task::{JoinHandle, spawn_blocking};

use crate::settings::{PolicyFile, ReloadWhen, Sources, files};
use crate::words::Moment;

/// A change counts after two looks at the most.
const LOOKS_EVERY: Duration = Duration::from_secs(5);

/// When each file was written last, and how long it is, in bytes; what is not there has none.
type Marks = BTreeMap<PathBuf, Option<(SystemTime, u64)>>;

/// Nobody in a call waits for the disk: it is looked at elsewhere.
pub(super) struct FileWatch {
    /// None where there is no file, or nobody wants it watched.
    file: Option<PathBuf>,
    policy: PolicyFile,
    rest: Rest,
    looks_at: Option<Moment>,
    looking: Option<JoinHandle<Marks>>,
}

/// What rests: an editor may write a file in several goes.
#[derive(Debug, Default)]
struct Rest {
    /// As they were when they were read.
    known: Marks,
    /// As they were at the last look.
    seen: Marks,
    /// One that was read by somebody else: as it is found first, it is known.
    adopted: Option<PathBuf>,
}

impl Rest {
    /// Whether they are others than were read, and as they were a look ago.
    fn has_changed(&mut self, found: Marks) -> bool {
        if let Some(path) = self.adopted.take()
            && let Some(mark) = found.get(&path)
        {
            self.known.insert(path.clone(), *mark);
            self.seen.insert(path, *mark);
        }
        let rests = found == self.seen;
        self.seen = found;
        let changed = rests && self.seen != self.known;
        if changed {
            self.known.clone_from(&self.seen);
        }
        changed
    }

    fn forget(&mut self, path: &Path) {
        self.known.remove(path);
        self.seen.remove(path);
    }
}

impl FileWatch {
    pub(super) fn new(when: ReloadWhen, sources: Option<&Sources>, policy: &PolicyFile) -> Self {
        let file = sources.and_then(|sources| sources.file.clone());
        let file = file.filter(|_| when == ReloadWhen::Saved);
        let known = file.clone().map(|file| marks(file, policy.clone()));
        let known = known.unwrap_or_default();
        Self {
            file,
            policy: policy.clone(),
            rest: Rest {
                seen: known.clone(),
                known,
                adopted: None,
            },
            looks_at: None,
            looking: None,
        }
    }

    /// The settings may name another policy by now; its file has just been read.
    pub(super) fn follow(&mut self, policy: &PolicyFile) {
        if self.policy == *policy {
            return;
        }
        if let PolicyFile::File(former) = &self.policy {
            self.rest.forget(former);
        }
        self.policy = policy.clone();
        if let PolicyFile::File(path) = policy {
            self.rest.adopted = Some(path.clone());
        }
    }

    /// When to look again; none where nothing is watched.
    pub(super) fn due(&self) -> Option<Moment> {
        self.looks_at.filter(|_| self.looking.is_none())
    }

    pub(super) fn look(&mut self, now: Moment) {
        let Some(file) = self.file.clone() else {
            return;
        };
        let due = *self.looks_at.get_or_insert(now + LOOKS_EVERY);
        if due <= now && self.looking.is_none() {
            let policy = self.policy.clone();
            self.looking = Some(spawn_blocking(move || marks(file, policy)));
            self.looks_at = Some(now + LOOKS_EVERY);
        }
    }

    /// Whether they have changed, once it has been looked; for ever where it is not. Cancel-safe.
    pub(super) async fn looked(&mut self) -> bool {
        let Some(looking) = &mut self.looking else {
            return std::future::pending().await;
        };
        let found = looking.await;
        self.looking = None;
        found.is_ok_and(|found| self.rest.has_changed(found))
    }
}

fn marks(file: PathBuf, policy: PolicyFile) -> Marks {
    let mut all = files(&file);
    if let PolicyFile::File(path) = policy {
        all.push(path);
    }
    all.into_iter()
        .map(|path| (path.clone(), mark(&path)))
        .collect()
}

fn mark(path: &Path) -> Option<(SystemTime, u64)> {
    let found = std::fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(seconds: u64, length: u64) -> Marks {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        Marks::from([(PathBuf::from("settings.toml"), Some((at, length)))])
    }

    fn known() -> Rest {
        Rest {
            known: written(1, 10),
            seen: written(1, 10),
            adopted: None,
        }
    }

    #[test]
    fn another_policy_that_was_just_read_is_no_change_and_the_former_no_longer_looked_at() {
        let (former, policy) = (PathBuf::from("former.toml"), PathBuf::from("policy.toml"));
        let mut rest = known();
        let with = |path: &Path, seconds| {
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            let mut marks = written(1, 10);
            marks.insert(path.to_owned(), Some((at, 7)));
            marks
        };
        (rest.known, rest.seen) = (with(&former, 1), with(&former, 1));
        rest.forget(&former);
        rest.adopted = Some(policy.clone());
        let looks = [
            with(&policy, 2),
            with(&policy, 2),
            with(&policy, 3),
            with(&policy, 3),
        ];
        let changed = looks.map(|found| rest.has_changed(found));
        assert_eq!(changed, [false, false, false, true]);
    }

    #[test]
    fn a_file_counts_once_it_rests_and_once() {
        let mut rest = known();
        let looks = [
            written(1, 10),
            written(2, 0),
            written(2, 12),
            written(2, 12),
            written(2, 12),
        ];
        let changed = looks.map(|found| rest.has_changed(found));
        assert_eq!(changed, [false, false, false, true, false]);
    }

    #[test]
    fn a_file_that_went_and_came_back_as_it_was_is_no_change() {
        let mut rest = known();
        let gone = Marks::from([(PathBuf::from("settings.toml"), None)]);
        let changed = [gone, written(1, 10), written(1, 10)].map(|found| rest.has_changed(found));
        assert_eq!(changed, [false; 3]);
    }
}
