//! The scripts that a command line names: files, folders of them, or ours.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::failure::{Failure, unusable};
use crate::rehearsal::shipped;

pub(super) struct Script {
    /// As a person knows it.
    pub(super) name: String,
    pub(super) text: String,
    /// Ours have none.
    pub(super) file: Option<PathBuf>,
}

/// In the order they are named, those of a folder by their names.
pub(super) fn found(named: &[PathBuf]) -> Result<Vec<Script>, Failure> {
    if named.is_empty() {
        let ours = |script: crate::rehearsal::Shipped| Script {
            name: script.name.to_owned(),
            text: script.text.to_owned(),
            file: None,
        };
        return Ok(shipped().into_iter().map(ours).collect());
    }
    let mut scripts = Vec::new();
    for path in named {
        match path.is_dir() {
            true => scripts.extend(in_folder(path)?),
            false => scripts.push(read(path)?),
        }
    }
    Ok(scripts)
}

fn in_folder(folder: &Path) -> Result<Vec<Script>, Failure> {
    let entries = fs::read_dir(folder).map_err(|why| unusable(folder, why))?;
    let mut files = Vec::new();
    for entry in entries {
        let file = entry.map_err(|why| unusable(folder, why))?.path();
        if file.extension().is_some_and(|ending| ending == "call") {
            files.push(file);
        }
    }
    files.sort();
    files.iter().map(|file| read(file)).collect()
}

fn read(file: &Path) -> Result<Script, Failure> {
    Ok(Script {
        name: file.display().to_string(),
        text: fs::read_to_string(file).map_err(|why| unusable(file, why))?,
        file: Some(file.to_owned()),
    })
}
