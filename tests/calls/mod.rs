//! Every script of this folder is played; `UPDATE_CALLS=1` writes down what came to pass.

use std::path::{Path, PathBuf};

use crate::rehearsal::rehearse;

#[test]
fn every_call_goes_as_it_is_written() {
    let update = std::env::var_os("UPDATE_CALLS").is_some();
    let failures: Vec<String> = scripts()
        .iter()
        .filter_map(|path| judge(path, update).err())
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

fn judge(path: &Path, update: bool) -> Result<(), String> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let expected = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let came = rehearse(&expected).map_err(|error| format!("== {name}: {error}"))?;
    if update && came != expected {
        return std::fs::write(path, came).map_err(|error| format!("{name}: {error}"));
    }
    let same = words(&came).eq(words(&expected));
    same.then_some(())
        .ok_or_else(|| format!("== {name}\n-- expected\n{expected}-- came to pass\n{came}"))
}

/// However it is spaced.
fn words(script: &str) -> impl Iterator<Item = &str> {
    script.split_whitespace()
}
