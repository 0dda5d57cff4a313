use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use serde::de::DeserializeOwned;

use crate::callbacks::store::columns::Columns;
use crate::callbacks::{Callback, Rules};

/// A row of `callback` as it lies in the file: the columns in the order of [`COLUMNS`], the body last.
#[derive(Debug)]
pub(super) struct Row {
    columns: Vec<Value>,
}

pub(super) const COLUMNS: &str = "id, whose, origin, reason, state, settled, kind, next_ms, own_ms, seat, lapses_ms, warns_ms, desk, changed_ms, place_ms, body";

const UPSERT: &str = "
INSERT OR REPLACE INTO callback (id, whose, origin, reason, state, settled, kind, next_ms, own_ms, seat, lapses_ms,
    warns_ms, desk, changed_ms, place_ms, body, checksum)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";

impl Row {
    pub(super) fn of(callback: &Callback, rules: &Rules, changed: Timestamp) -> Self {
        let row = Columns::of(callback, rules, changed);
        let times = row.times;
        Self {
            columns: vec![
                row.id.into(),
                row.whose.reveal().as_str().to_owned().into(),
                row.origin.into(),
                row.reason.into(),
                row.state.to_owned().into(),
                i64::from(row.settled).into(),
                row.kind.into(),
                times.next_ms.into(),
                times.own_ms.into(),
                row.seat.into(),
                times.lapses_ms.into(),
                times.warns_ms.into(),
                row.desk.into(),
                times.changed_ms.into(),
                times.place_ms.into(),
                row.body.reveal().clone().into(),
            ],
        }
    }

    /// One that was read as it lies there, its checksum the last column; what is left of it where that does not fit.
    pub(super) fn whole(mut columns: Vec<Value>) -> Result<Self, String> {
        let is_whole = fits(&columns);
        columns.pop();
        if !is_whole {
            return Err(columns.last().map(shown).unwrap_or_default());
        }
        if columns.len() + 1 == WIDTH_WITHOUT_PLACE {
            columns.insert(columns.len() - 1, Value::Null);
        }
        Ok(Self { columns })
    }

    /// When it was written last.
    pub(super) fn changed_ms(&self) -> Option<i64> {
        let at = COLUMNS.split(", ").position(|name| name == "changed_ms")?;
        let Value::Integer(ms) = self.columns.get(at)? else {
            return None;
        };
        Some(*ms)
    }

    /// Reads the columns, and the checksum after them; nothing where they do not fit each other.
    pub(super) fn read(found: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Callback>> {
        if !is_whole(found, COLUMNS)? {
            return Ok(None);
        }
        Ok(serde_json::from_str(&text(found, "body")?).ok())
    }
}

/// Columns of a row, its checksum among them; and of one of the versions 3 and 4, which have no `place_ms`.
pub(super) const WIDTH: usize = 17;
pub(super) const WIDTH_WITHOUT_PLACE: usize = 16;

/// Whether the last column is the checksum of the others.
pub(super) fn fits(columns: &[Value]) -> bool {
    let Some((Value::Integer(sum), columns)) = columns.split_last() else {
        return false;
    };
    *sum == i64::from(checksum(columns))
}

/// Whether the checksum fits these columns, named in its order.
pub(super) fn is_whole(found: &rusqlite::Row<'_>, columns: &str) -> rusqlite::Result<bool> {
    let columns = columns.split(", ").map(|name| value(found, name));
    let columns = columns.collect::<rusqlite::Result<Vec<_>>>()?;
    let sum = found.get::<_, u32>("checksum");
    Ok(sum.is_ok_and(|sum| sum == checksum(&columns)))
}

pub(super) fn write(db: &Connection, row: &Row) -> rusqlite::Result<()> {
    let sum = Value::from(checksum(&row.columns));
    let values = row.columns.iter().chain([&sum]);
    db.prepare_cached(UPSERT)?
        .execute(params_from_iter(values))
        .map(drop)
}

/// The columns of an attempt, of what was wished, and of a live call; their checksum is the last of each.
pub(super) const ATTEMPT: &str = "callback, number, sip_call_id, outcome, body";
pub(super) const WISH: &str = "callback, number, body";
pub(super) const LIVE_CALL: &str = "id, body";

/// Writes a row of another table, over what was there.
pub(super) fn put(db: &Connection, table: &str, mut columns: Vec<Value>) -> rusqlite::Result<()> {
    columns.push(checksum(&columns).into());
    let marks = vec!["?"; columns.len()].join(", ");
    let insert = format!("INSERT OR REPLACE INTO {table} VALUES ({marks})");
    db.prepare_cached(&insert)?
        .execute(params_from_iter(columns))
        .map(drop)
}

/// The body of a row of another table, if it is whole.
pub(super) fn body<T: DeserializeOwned>(
    found: &rusqlite::Row<'_>,
    columns: &str,
) -> rusqlite::Result<Option<T>> {
    if !is_whole(found, columns)? {
        return Ok(None);
    }
    Ok(serde_json::from_str(&text(found, "body")?).ok())
}

/// Of columns as text, one after the other.
pub(super) fn checksum(columns: &[Value]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    for column in columns {
        crc.update(shown(column).as_bytes());
        crc.update(&[0]);
    }
    crc.finalize()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// What lies there: flipped bytes need not be UTF-8.
pub(super) fn value(found: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<Value> {
    found
        .get(column)
        .or_else(|_| text(found, column).map(Value::Text))
}

pub(super) fn text(found: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<String> {
    let bytes = found.get_ref(column)?.as_bytes().unwrap_or_default();
    Ok(String::from_utf8_lossy(bytes).into_owned())
}
