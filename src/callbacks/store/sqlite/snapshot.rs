use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::open::refusal;
use super::{OpenError, reach};
use crate::files::create_private;

/// Writes all that is in the database at `path` into a file of its own at `into`. Fails while an
/// agent has it.
pub(super) fn snapshot(path: &Path, into: &Path) -> Result<(), OpenError> {
    reach::look(path)?;
    let refused = |why| refusal(path, why);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(refused)?;
    db.execute_batch("PRAGMA busy_timeout = 0;")
        .map_err(refused)?;
    // An empty file is taken for a new one, and its mode stays: who else reads here finds no caller's number.
    let made = create_private(into);
    made.map_err(|why| OpenError::Permission(into.to_owned(), why))?;
    let into = into.to_string_lossy();
    db.execute("VACUUM INTO ?1", [&into]).map_err(refused)?;
    Ok(())
}
