use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::records::Deletion;

/// Appends to `STATE/deletions.jsonl`, and waits until the disk has it.
pub fn prove(state: &Path, deletion: &Deletion) -> io::Result<()> {
    let mut line = serde_json::to_vec(deletion)?;
    line.push(b'\n');
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(state.join("deletions.jsonl"))?;
    file.write_all(&line)?;
    file.sync_data()
}
