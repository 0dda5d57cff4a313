//! Every script of this folder is played; `UPDATE_CALLS=1` writes down what came to pass.

use std::path::{Path, PathBuf};

use thirdring::rehearsal::{Rehearsal, differences};

use crate::rehearsal::of_the_standard;

#[test]
fn every_call_goes_as_it_is_written() {
    let update = std::env::var_os("UPDATE_CALLS").is_some();
    let rehearsal = of_the_standard();
    let failures: Vec<String> = scripts()
        .iter()
        .filter_map(|path| judge(path, &rehearsal, update).err())
        .collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

fn scripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calls");
    let mut scripts: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("read tests/calls")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "call")
        })
        .collect();
    scripts.sort();
    scripts
}

fn judge(path: &Path, rehearsal: &Rehearsal, update: bool) -> Result<(), String> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let expected = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let played = rehearsal.play(&expected);
    let played = played.map_err(|fault| format!("== {name}: {fault:?}"))?;
    if let Some(breach) = played.breaches.first() {
        return Err(format!("== {name}: a promise is broken: {breach}"));
    }
    let came = played.transcript;
    if update && came != expected {
        return std::fs::write(path, came).map_err(|error| format!("{name}: {error}"));
    }
    let found = differences(&expected, &came);
    let same = found.is_empty();
    same.then_some(())
        .ok_or_else(|| format!("== {name}\n{found:#?}"))
}
