use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use serde::Serialize;

use crate::callbacks::{Callback, Rules, State};

/// A row of `callback` as it lies in the file: the columns in the order of [`COLUMNS`], the body last.
#[derive(Debug)]
pub(super) struct Row {
    columns: Vec<Value>,
}

pub(super) const COLUMNS: &str = "id, whose, origin, reason, state, settled, kind, next_ms, lapses_ms, warns_ms, desk, changed_ms, body";

const UPSERT: &str = "
INSERT OR REPLACE INTO callback (id, whose, origin, reason, state, settled, kind, next_ms, lapses_ms, warns_ms, desk,
    changed_ms, body, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

impl Row {
    pub(super) fn of(callback: &Callback, rules: &Rules, changed: Timestamp) -> Self {
        let (promise, state) = (&callback.promise, &callback.state);
        let whose = rules.whose(&promise.number);
        let origin = promise.origin.map(|call| call.to_string());
        let warns = callback.warns().map(|(when, _)| when);
        let desk = callback.lease().map(|lease| lease.desk.as_str().to_owned());
        Self {
            columns: vec![
                callback.id.to_string().into(),
                whose.as_str().to_owned().into(),
                origin.into(),
                promise.reason.clone().into(),
                state_word(state).to_owned().into(),
                i64::from(callback.is_settled()).into(),
                (promise.kind as i64).into(),
                ms(callback.next).into(),
                callback.lapses().map(ms).into(),
                warns.map(ms).into(),
                desk.into(),
                ms(changed).into(),
                json(callback).into(),
            ],
        }
    }

    /// Reads the columns, and the checksum after them; nothing where they do not fit each other.
    pub(super) fn read(found: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Callback>> {
        let columns = COLUMNS.split(", ").map(|name| value(found, name));
        let row = Self {
            columns: columns.collect::<rusqlite::Result<_>>()?,
        };
        let is_whole = found
            .get::<_, u32>("checksum")
            .is_ok_and(|sum| sum == row.checksum());
        let Some(Value::Text(body)) = row.columns.last().filter(|_| is_whole) else {
            return Ok(None);
        };
        Ok(serde_json::from_str(body).ok())
    }

    fn checksum(&self) -> u32 {
        checksum(self.columns.iter().map(shown))
    }
}

pub(super) fn write(db: &Connection, row: &Row) -> rusqlite::Result<()> {
    let sum = Value::from(row.checksum());
    let values = row.columns.iter().chain([&sum]);
    db.prepare_cached(UPSERT)?
        .execute(params_from_iter(values))
        .map(drop)
}

/// Not before that time: what a column says is due is due.
fn ms(at: Timestamp) -> i64 {
    let ms = at.as_millisecond();
    let is_sooner = at.subsec_nanosecond() % 1_000_000 > 0;
    ms + i64::from(is_sooner)
}

/// Of columns as text, one after the other.
pub(super) fn checksum(columns: impl IntoIterator<Item: AsRef<str>>) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    for column in columns {
        crc.update(column.as_ref().as_bytes());
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
fn value(found: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<Value> {
    found
        .get(column)
        .or_else(|_| text(found, column).map(Value::Text))
}

pub(super) fn text(found: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<String> {
    let bytes = found.get_ref(column)?.as_bytes().unwrap_or_default();
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

pub(super) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("our rows have string keys and no fallible fields")
}

fn state_word(state: &State) -> &'static str {
    match state {
        State::Open => "open",
        State::Attempting { .. } => "attempting",
        State::Uncertain { .. } => "uncertain",
        State::Done => "done",
        State::GivenUp { .. } => "given-up",
        State::Cancelled { .. } => "cancelled",
    }
}
