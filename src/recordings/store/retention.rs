use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::files;
use crate::words::CallId;

/// What was removed in one go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub removed: u64,
    /// There may be more: sweep again.
    pub is_full: bool,
}

/// The proof, one line a file: that it was there, and that it is gone.
#[derive(Serialize)]
struct Removed<'a> {
    removed_utc: Timestamp,
    call: CallId,
    file: &'a Path,
    bytes: u64,
    because: Because,
}

/// Why a file had to go.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Because {
    /// It was older than `keep`.
    Keep,
    /// Its caller asked for it.
    Number,
}

/// Files removed in one go.
const SWEPT_MAX: u64 = 10_000;

/// The proofs, in the recordings' own folder.
const PROOFS: &str = "removed.jsonl";

/// Removes recordings of calls that began more than `keep` before `utc`, and notes each in `removed.jsonl`.
///
/// What does not have the name of a recording is not touched; without a folder nothing is there to remove.
pub fn sweep(folder: &Path, keep: Duration, utc: Timestamp) -> io::Result<Swept> {
    let oldest = utc
        .as_millisecond()
        .saturating_sub(i64::try_from(keep.as_millis()).unwrap_or(i64::MAX));
    let mut swept = Swept::default();
    let mut proofs = None;
    if !folder.exists() {
        return Ok(swept);
    }
    for day in folders(folder)? {
        let before = swept.removed;
        for file in fs::read_dir(folder.join(&day))? {
            let path = day.join(file?.file_name());
            let Some(call) = call_of(&path).filter(|call| began(*call) < oldest) else {
                continue;
            };
            if swept.removed >= SWEPT_MAX {
                swept.is_full = true;
                return Ok(swept);
            }
            remove(folder, &path, (call, Because::Keep), utc, &mut proofs)?;
            swept.removed += 1;
        }
        if swept.removed > before {
            // It may still hold others' files.
            let _ = fs::remove_dir(folder.join(day));
        }
    }
    Ok(swept)
}

/// Removes what there is of one call, sealed or not, and notes it as [`sweep`] does: how many files, and their bytes.
///
/// The thread that still has it open writes into a file without a name.
pub fn remove_call(folder: &Path, call: CallId, utc: Timestamp) -> io::Result<(u64, u64)> {
    let day = PathBuf::from(call.day());
    let files = match fs::read_dir(folder.join(&day)) {
        Ok(files) => files,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok((0, 0)),
        Err(why) => return Err(why),
    };
    let (mut removed, mut bytes, mut proofs) = (0, 0, None);
    for file in files {
        let path = day.join(file?.file_name());
        if call_of(&path) == Some(call) {
            bytes += remove(folder, &path, (call, Because::Number), utc, &mut proofs)?;
            removed += 1;
        }
    }
    Ok((removed, bytes))
}

fn folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut days = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            days.push(PathBuf::from(entry.file_name()));
        }
    }
    days.sort();
    Ok(days)
}

/// The call whose id is the name, up to the first dot.
fn call_of(path: &Path) -> Option<CallId> {
    let name = path.file_name().and_then(OsStr::to_str)?;
    let (id, ending) = name.split_once('.')?;
    let ours = matches!(ending, "wav" | "opus" | "wav.sealed" | "opus.sealed");
    let call: CallId = id.parse().ok().filter(|_| ours)?;
    (call.to_string() == id).then_some(call)
}

fn began(call: CallId) -> i64 {
    i64::try_from(call.unix_ms()).unwrap_or(i64::MAX)
}

/// The proof is on disk before the file is gone: rather a line too many than one too few.
fn remove(
    folder: &Path,
    path: &Path,
    (call, because): (CallId, Because),
    utc: Timestamp,
    proofs: &mut Option<File>,
) -> io::Result<u64> {
    let bytes = fs::metadata(folder.join(path))?.len();
    let removed = Removed {
        removed_utc: utc,
        call,
        file: path,
        bytes,
        because,
    };
    let mut line = serde_json::to_vec(&removed)?;
    line.push(b'\n');
    let proofs = match proofs {
        Some(proofs) => proofs,
        None => proofs.insert(open_proofs(folder)?),
    };
    proofs.write_all(&line)?;
    proofs.sync_data()?;
    fs::remove_file(folder.join(path))?;
    Ok(bytes)
}

fn open_proofs(folder: &Path) -> io::Result<File> {
    files::for_owner()
        .create(true)
        .append(true)
        .open(folder.join(PROOFS))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn what_is_too_old_goes_with_a_proof_and_nothing_else_does() {
        let folder = std::env::temp_dir().join(format!("thirdring-sweep-{}", std::process::id()));
        let noon = 1_777_867_200_000;
        let [old, young] = [1, 3].map(|days| CallId::new(noon + days * 86_400_000, [1; 10]));
        let names = [
            format!("one/{old}.wav"),
            format!("one/{young}.opus.sealed"),
            "one/notes.txt".to_owned(),
            format!("two/{old}.opus"),
        ];
        for name in &names {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "12345").unwrap();
        }
        let utc = Timestamp::from_millisecond(noon as i64 + 3 * 86_400_000 + 1).unwrap();
        let swept = sweep(&folder, 2 * DAY, utc).unwrap();
        let left = names.each_ref().map(|name| folder.join(name).exists());
        let proofs = fs::read_to_string(folder.join(PROOFS)).unwrap();
        let emptied = !folder.join("two").exists();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(
            swept,
            Swept {
                removed: 2,
                is_full: false
            }
        );
        assert_eq!((left, emptied), ([false, true, true, false], true));
        assert_eq!(proofs.lines().count(), 2);
        let proof = format!("\"file\":\"one/{old}.wav\",\"bytes\":5,\"because\":\"keep\"");
        assert!(proofs.contains(&proof), "{proofs}");
    }

    #[test]
    fn of_one_call_all_goes_sealed_or_not_and_again_is_no_fault() {
        let folder = std::env::temp_dir().join(format!("thirdring-remove-{}", std::process::id()));
        let [call, other] = [1, 2].map(|n| CallId::new(1_777_867_200_000, [n; 10]));
        let day = folder.join(call.day());
        fs::create_dir_all(&day).unwrap();
        let names = [(call, "wav"), (call, "opus.sealed"), (other, "wav")];
        for (of, ending) in names {
            fs::write(day.join(format!("{of}.{ending}")), "12345").unwrap();
        }
        let utc = Timestamp::UNIX_EPOCH;
        let gone = [0, 1].map(|_| remove_call(&folder, call, utc).unwrap());
        let nowhere = remove_call(&folder.join("none"), call, utc).unwrap();
        let left = fs::read_dir(&day).unwrap().count();
        let proofs = fs::read_to_string(folder.join(PROOFS)).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!((gone, nowhere, left), ([(2, 10), (0, 0)], (0, 0), 1));
        assert_eq!(proofs.matches("\"because\":\"number\"").count(), 2);
    }
}
