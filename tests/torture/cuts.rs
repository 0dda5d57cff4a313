//! Where a network may cut a stream.

use bytes::Bytes;
use thirdring::sip::{Framer, Piece};

use super::corpus::Torture;

/// The places of one kind in a message.
type Places = fn(&[u8]) -> Vec<usize>;

pub(super) const CUTS: [(&str, Places); 8] = [
    ("nowhere", |_| Vec::new()),
    ("in the start line", |message| {
        vec![1.min(message.len()), line(message) / 2]
    }),
    ("between CR and LF", |message| after(message, b"\r")),
    ("after each line", |message| after(message, b"\r\n")),
    ("in each name and before each value", |message| {
        let colons = after(message, b":").into_iter();
        colons.flat_map(|at| [at - 1, at]).collect()
    }),
    ("in the empty line", |message| {
        let head = head(message);
        (head - 4..=head).collect()
    }),
    ("in the body", |message| {
        let head = head(message);
        vec![head, head + (message.len() - head) / 2]
    }),
    ("at each byte", |message| (1..message.len()).collect()),
];

fn after(message: &[u8], what: &[u8]) -> Vec<usize> {
    let places = message.windows(what.len()).enumerate();
    let found = places.filter(|(_, it)| *it == what);
    found.map(|(at, _)| at + what.len()).collect()
}

fn line(message: &[u8]) -> usize {
    after(message, b"\r\n").first().copied().unwrap_or(0)
}

/// The length of the headers with the empty line; one message of the corpus has none.
fn head(message: &[u8]) -> usize {
    let ends = after(message, b"\r\n\r\n");
    ends.first().copied().unwrap_or(message.len())
}

fn pieces(parts: &[&[u8]]) -> Vec<Piece> {
    let mut framer = Framer::default();
    let mut found = Vec::new();
    for part in parts {
        framer.push(part);
        found.extend(std::iter::from_fn(|| framer.next_piece()));
    }
    found
}

#[test]
fn no_cut_changes_what_a_stream_brings() {
    for torture in Torture::all() {
        let stream = [torture.bytes(), torture.bytes()].concat();
        let whole = pieces(&[&stream]);
        for at in 1..torture.bytes().len() {
            let (before, after) = stream.split_at(at);
            assert_eq!(pieces(&[before, after]), whole, "{} at {at}", torture.id);
        }
        let has_end = !after(&torture.bytes(), b"\r\n\r\n").is_empty();
        if has_end && !torture.ends_its_stream() {
            let message = Piece::Message(Bytes::from(torture.bytes()));
            assert!(whole.contains(&message), "{}", torture.id);
        }
    }
}
