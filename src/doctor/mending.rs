//! What `--fix` does: nothing that anybody could miss.

use std::io;

use super::finding::Mend;
use super::{Finding, Verdict};
use crate::files;
use crate::words::Sentence;

/// The finding as it is once what can be mended is; it says what was done, or why it could not be.
pub(super) fn mended(finding: Finding) -> Finding {
    let Some(mend) = &finding.mend else {
        return finding;
    };
    let (key, path, done) = match mend {
        Mend::MakeFolder(path) => ("doctor.mended.folder", path, files::make_folder(path)),
        Mend::MakePrivate(path) => ("doctor.mended.private", path, files::make_private(path)),
    };
    let of = |key: &str| Sentence::of(key).with("path", path.display());
    match done {
        Ok(()) => Finding::ok(of(key)),
        Err(why) => not_mended(of("doctor.mended.not"), &why, finding.verdict),
    }
}

fn not_mended(what: Sentence, why: &io::Error, before: Verdict) -> Finding {
    let said = what.with("why", Sentence::of_io(why));
    match before {
        Verdict::Fault => Finding::fault(said),
        Verdict::Skipped | Verdict::Ok | Verdict::Warning => Finding::warning(said),
    }
}
