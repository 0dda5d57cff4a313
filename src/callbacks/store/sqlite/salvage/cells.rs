//! What lies in a page of a b-tree, read without SQLite, which stops at the first page that is damaged
//! (sqlite.org/fileformat2.html 1.6, 2.1).

use rusqlite::types::Value;

use super::pages::{PAGE, Pages};

/// The first byte of a page.
const INTERIOR_INDEX: u8 = 0x02;
const INTERIOR_TABLE: u8 = 0x05;
const LEAF_INDEX: u8 = 0x0a;
/// Of a page that is free, or that goes on with another.
const NO_TREE: u8 = 0x00;

/// Bytes of a row that are in its own page at most, and at least where the others are elsewhere (1.6 there).
const LOCAL_MAX: usize = PAGE - 35;
const LOCAL_MIN: usize = (PAGE - 12) * 32 / 255 - 23;

/// No row of ours is longer.
const ROW_MAX: usize = 1 << 20;

/// The rows of a table's page, as far as each can be read. A page whose kind is not known may be one.
pub(super) fn rows(pages: &Pages, number: u32) -> Vec<Vec<Value>> {
    let Some(page) = pages.get(number) else {
        return Vec::new();
    };
    match page.first() {
        None | Some(&(INTERIOR_INDEX | INTERIOR_TABLE | LEAF_INDEX | NO_TREE)) => Vec::new(),
        Some(_) => cells(page, 8)
            .filter_map(|cell| record(&row(pages, cell)?))
            .collect(),
    }
}

/// The entries of an index's page, those that go on elsewhere apart.
pub(super) fn entries(page: &[u8]) -> Vec<Vec<Value>> {
    let (head, left) = match page.first() {
        Some(&LEAF_INDEX) => (8, 0),
        Some(&INTERIOR_INDEX) => (12, 4),
        Some(_) | None => return Vec::new(),
    };
    cells(page, head)
        .filter_map(|cell| {
            let (length, rest) = varint(cell.get(left..)?)?;
            record(rest.get(..usize::try_from(length).ok()?)?)
        })
        .collect()
}

/// From where each begins to the end of the page. Before the first of them may be rows as they were once.
fn cells(page: &[u8], head: usize) -> impl Iterator<Item = &[u8]> {
    let count = page.get(3..5).map_or(0, number);
    let first = page.get(5..7).map_or(0, number);
    let places = page.get(head..).unwrap_or_default().chunks_exact(2);
    let places = places.take(count).map(number);
    places
        .filter(move |place| *place >= first)
        .filter_map(|place| page.get(place..).filter(|cell| !cell.is_empty()))
}

/// The whole of a row, with what is on other pages.
fn row(pages: &Pages, cell: &[u8]) -> Option<Vec<u8>> {
    let (length, rest) = varint(cell)?;
    let (_rowid, rest) = varint(rest)?;
    let length = usize::try_from(length).ok().filter(|it| *it <= ROW_MAX)?;
    let local = local(length);
    let mut row = rest.get(..local)?.to_vec();
    let mut next = rest.get(local..);
    while row.len() < length {
        let page = pages.get(u32::try_from(number(next?.get(..4)?)).ok()?)?;
        let part = page.get(4..)?;
        row.extend(part.iter().take(length - row.len()));
        next = Some(page);
    }
    Some(row)
}

fn local(length: usize) -> usize {
    if length <= LOCAL_MAX {
        return length;
    }
    let fitting = LOCAL_MIN + (length - LOCAL_MIN) % (PAGE - 4);
    match fitting <= LOCAL_MAX {
        true => fitting,
        false => LOCAL_MIN,
    }
}

fn record(row: &[u8]) -> Option<Vec<Value>> {
    let (length, kinds) = varint(row)?;
    let length = usize::try_from(length).ok()?;
    let mut values = row.get(length..)?;
    let mut kinds = kinds.get(..length.checked_sub(row.len() - kinds.len())?)?;
    let mut columns = Vec::new();
    while !kinds.is_empty() {
        let (kind, more) = varint(kinds)?;
        let (value, rest) = column(kind, values)?;
        columns.push(value);
        (kinds, values) = (more, rest);
    }
    Some(columns)
}

/// A value by its serial type (2.1 there), and what follows it.
fn column(kind: u64, bytes: &[u8]) -> Option<(Value, &[u8])> {
    let length = match kind {
        0 | 8 | 9 => 0,
        1..=4 => kind,
        5 => 6,
        6 | 7 => 8,
        10 | 11 => return None,
        _ => (kind - 12) / 2,
    };
    let (bytes, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
    let value = match kind {
        0 => Value::Null,
        1..=6 => Value::Integer(integer(bytes)),
        7 => Value::Real(f64::from_be_bytes(bytes.try_into().ok()?)),
        8 => Value::Integer(0),
        9 => Value::Integer(1),
        _ if kind.is_multiple_of(2) => Value::Blob(bytes.to_vec()),
        _ => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
    };
    Some((value, rest))
}

/// Two's complement, the highest byte first.
fn integer(bytes: &[u8]) -> i64 {
    let is_negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    let start = if is_negative { -1 } else { 0 };
    bytes
        .iter()
        .fold(start, |number, byte| number << 8 | i64::from(*byte))
}

fn number(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// Seven bits a byte as long as the eighth is set, and all of the ninth; what follows it.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate().take(9) {
        if at == 8 {
            return Some((value << 8 | u64::from(*byte), bytes.get(9..)?));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(at + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_length_are_read() {
        assert_eq!(varint(&[0x7f, 9]), Some((0x7f, &[9][..])));
        assert_eq!(varint(&[0x81, 0]), Some((0x80, &[][..])));
        assert_eq!(varint(&[0xff; 9]), Some((u64::MAX, &[][..])));
        assert_eq!(varint(&[0xff; 8]), None);
        assert_eq!(integer(&[0xff, 0xfe]), -2);
        assert_eq!(integer(&[0x01, 0x00]), 256);
    }

    #[test]
    fn what_is_cut_short_is_no_record() {
        let whole = [3, 1, 17, 5, b'o', b'k'];
        let columns = vec![Value::Integer(5), Value::Text("ok".to_owned())];
        assert_eq!(record(&whole), Some(columns));
        for length in 0..whole.len() {
            assert_eq!(record(&whole[..length]), None, "{length}");
        }
        assert_eq!(record(&[0]), None);
    }
}
