use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::open::refusal;
use super::{OpenError, reach};

/// Writes all that is in the database at `path` into a file of its own at `into`, which must not exist. Fails while an
/// agent has it.
pub(super) fn snapshot(path: &Path, into: &Path) -> Result<(), OpenError> {
    reach::look(path)?;
    let refused = |why| refusal(path, why);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(refused)?;
    db.execute_batch("PRAGMA busy_timeout = 0;")
        .map_err(refused)?;
    let into = into.to_string_lossy();
    db.execute("VACUUM INTO ?1", [&into]).map_err(refused)?;
    Ok(())
}
