use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::{folder_in, replace};
use crate::provision::Enrolled;
use crate::words::Pii;

/// What was enrolled for, by name: TOML, its owner's alone.
pub fn secrets_file(state: &Path) -> PathBuf {
    folder_in(state).join("secrets.toml")
}

/// Keeps them beside those that are there; the new one of a name counts.
pub fn keep_secrets(state: &Path, enrolled: &Enrolled) -> io::Result<()> {
    let file = secrets_file(state);
    let mut all = match read(&file) {
        Err(why) if why.kind() == ErrorKind::NotFound => BTreeMap::new(),
        read => read?,
    };
    all.extend(enrolled.secrets.clone());
    let text = toml::to_string(&all).map_err(io::Error::other)?;
    replace(&file, text.as_bytes())
}

/// None where nobody enrolled for that name.
pub fn read_secret(file: &Path, name: &str) -> io::Result<Option<Pii<String>>> {
    match read(file) {
        Err(why) if why.kind() == ErrorKind::NotFound => Ok(None),
        read => Ok(read?.remove(name)),
    }
}

fn read(file: &Path) -> io::Result<BTreeMap<String, Pii<String>>> {
    let text = fs::read_to_string(file)?;
    // What is wrong stands in a line with a secret.
    toml::from_str(&text).map_err(|_| ErrorKind::InvalidData.into())
}
