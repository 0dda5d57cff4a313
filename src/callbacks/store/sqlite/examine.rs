use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::open::{has_bytes, refusal, version, with_ending};
use super::{OpenError, journal, reach, schema};
use crate::callbacks::store::Examined;

/// Looks into the database as it lies there: it is neither taken nor brought to our version.
pub(super) fn examine(path: &Path) -> Result<Examined, OpenError> {
    reach::look(path)?;
    if !has_bytes(path) {
        return Ok(Examined::NotThere);
    }
    let in_the_way = |why| refusal(path, why);
    let unread = |why| OpenError::MoveAside(path.to_owned(), why);
    if journal::is_damaged(&with_ending(path, "-wal")).map_err(unread)? {
        return Ok(Examined::Damaged);
    }
    match read(path) {
        Ok((version, true)) => judged(path, version),
        Ok((_, false)) => Ok(Examined::Damaged),
        Err(why) => match why.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                Ok(Examined::Damaged)
            }
            Some(_) | None => Err(in_the_way(why)),
        },
    }
}

/// The tables' version, and whether all pages and indexes are whole.
fn read(path: &Path) -> rusqlite::Result<(Option<u32>, bool)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.execute_batch("PRAGMA busy_timeout = 0;")?;
    let check: String = db.query_row("PRAGMA integrity_check(1)", (), |row| row.get(0))?;
    Ok((version(&db)?, check == "ok"))
}

fn judged(path: &Path, version: Option<u32>) -> Result<Examined, OpenError> {
    match version {
        None => Ok(Examined::Damaged),
        Some(found) if found > schema::VERSION => Err(OpenError::Newer {
            path: path.to_owned(),
            found,
            known: schema::VERSION,
        }),
        Some(found) => Ok(Examined::Whole {
            version: found,
            known: schema::VERSION,
        }),
    }
}
