use std::io;
use std::path::Path;

use super::append::append_line;
use crate::records::Deletion;

/// Appends to `STATE/deletions.jsonl`, and waits until the disk has it.
pub fn prove(state: &Path, deletion: &Deletion) -> io::Result<()> {
    let line = serde_json::to_vec(deletion)?;
    append_line(&state.join("deletions.jsonl"), line)?.sync_data()
}
