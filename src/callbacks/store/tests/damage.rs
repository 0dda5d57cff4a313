//! Flipped bytes: what they did not touch is all there, and nothing is there that was never written.

#![expect(
    clippy::print_stdout,
    reason = "which run failed, and how many there were"
)]

use std::collections::{BTreeMap, BTreeSet};

use super::*;

const PAGE: usize = 4_096;
/// Of the journal's head, and of the head of each of its frames (sqlite.org/fileformat2.html 4.1).
const HEAD: usize = 32;
const FRAME: usize = 24 + PAGE;

/// Runs of each test; the number of a run seeds it.
const RUNS: u64 = 150;

/// A database with a journal, as a power cut leaves it, and what is in it.
struct Book {
    file: Vec<u8>,
    journal: Vec<u8>,
    tally: Vec<u8>,
    rows: Vec<Callback>,
    attempts: BTreeMap<CallbackId, Vec<Attempt>>,
    wishes: BTreeMap<CallbackId, Vec<Wished>>,
    calls: Vec<LiveCall>,
}

/// Unlike any other text in the book.
fn marker(n: u64) -> String {
    format!("note {n:04};")
}

/// Every sixth has a note that does not fit on a page.
fn promised(n: u64) -> Order {
    let Callback {
        id, mut promise, ..
    } = callback(n);
    let repeated = if n.is_multiple_of(6) { 190 } else { 3 };
    promise.note = Pii::new(marker(n).repeat(repeated));
    promise.place = Some(utc());
    let promise = promise;
    Order::Note { id, promise }
}

fn live(n: u64) -> LiveCall {
    LiveCall {
        call: CallId::new(n, [0; 10]),
        number: Some(callback(n).promise.number),
        answered: Some(utc()),
        began: None,
        seat: None,
        language: Language::ZhCn,
    }
}

fn take(store: &mut Sqlite, order: &Order) -> Turn {
    // Not in the quiet hours.
    let noon = utc() + SignedDuration::from_hours(8);
    store.take(order, &rules(), noon).unwrap()
}

/// Promises, attempts of all kinds, wishes; the earlier half is in the file, the later one in its journal only.
fn write(store: &mut Sqlite, numbers: std::ops::Range<u64>) {
    for n in numbers {
        take(store, &promised(n));
        let claimed = take(store, &claimer("desk"));
        if let (Some(claim), false) = (claimed.rows[0].claim(), n.is_multiple_of(9)) {
            let outcome = if n.is_multiple_of(2) {
                Outcome::Busy
            } else {
                Outcome::Joined
            };
            let cause = Some(SipCause::new(486, "Busy Here"));
            take(
                store,
                &Order::End {
                    claim,
                    outcome,
                    cause,
                    live: None,
                },
            );
        }
        if n.is_multiple_of(5) {
            let (id, by) = (callback(n.saturating_sub(1)).id, "Lina".to_owned());
            let wish = Wish::Assign("rep2".parse().ok());
            take(store, &Order::Wish { id, wish, by });
        }
        take(store, &answered(live(n)));
        if !n.is_multiple_of(7) {
            let call = live(n).call;
            take(store, &Order::CallOver { call });
        }
    }
}

impl Book {
    fn new(test: &str) -> Self {
        let folder = Folder::new(test);
        let path = folder.file("desk.sqlite");
        write(&mut open(&path), 0..24);
        let mut store = open(&path);
        write(&mut store, 24..40);
        let rows = store.callbacks().unwrap();
        let attempts = rows
            .iter()
            .map(|row| (row.id, store.attempts(row.id).unwrap()))
            .collect();
        let wishes = rows
            .iter()
            .map(|row| (row.id, store.wishes(row.id).unwrap()))
            .collect();
        Self {
            attempts,
            wishes,
            calls: store.live_calls(),
            file: fs::read(&path).unwrap(),
            journal: fs::read(folder.file("desk.sqlite-wal")).unwrap(),
            tally: fs::read(folder.file("desk.sqlite-commits")).unwrap(),
            rows,
        }
    }

    fn lay(&self, folder: &Folder) -> PathBuf {
        let path = folder.file("desk.sqlite");
        fs::write(&path, &self.file).unwrap();
        fs::write(folder.file("desk.sqlite-wal"), &self.journal).unwrap();
        fs::write(folder.file("desk.sqlite-commits"), &self.tally).unwrap();
        path
    }

    /// The same with one byte changed.
    fn flipped(&self, in_journal: bool, at: usize, bits: u8) -> Self {
        let (mut file, mut journal) = (self.file.clone(), self.journal.clone());
        let bytes = if in_journal { &mut journal } else { &mut file };
        bytes[at] ^= bits;
        Self {
            file,
            journal,
            tally: self.tally.clone(),
            rows: self.rows.clone(),
            attempts: self.attempts.clone(),
            wishes: self.wishes.clone(),
            calls: self.calls.clone(),
        }
    }

    /// The page that holds this byte, and where in it that is; nothing where a later frame has the page anew.
    fn page_at(&self, in_journal: bool, at: usize) -> Option<(&[u8], usize)> {
        let number = |frame: &[u8]| u32::from_be_bytes(frame[..4].try_into().unwrap());
        let frames: Vec<&[u8]> = self.journal[HEAD..].chunks(FRAME).collect();
        if in_journal {
            let (nth, of) = (at.checked_sub(HEAD)? / FRAME, (at - HEAD) % FRAME);
            let anew = frames[nth + 1..]
                .iter()
                .any(|later| number(later) == number(frames[nth]));
            return Some((&frames[nth][24..], of.checked_sub(24)?)).filter(|_| !anew);
        }
        let nth = u32::try_from(at / PAGE + 1).unwrap();
        let anew = frames.iter().any(|later| number(later) == nth);
        let begin = at - at % PAGE;
        Some((&self.file[begin..begin + PAGE], at % PAGE)).filter(|_| !anew)
    }

    /// Rows of which this byte is a part, or of whose page it says how it is divided.
    fn touched(&self, in_journal: bool, at: usize) -> BTreeSet<CallbackId> {
        let Some((page, at)) = self.page_at(in_journal, at) else {
            return BTreeSet::new();
        };
        let bytes = match page[0] {
            // A leaf of a table: its head and the places of its cells, or the cell.
            0x0d => {
                let place = |cell: &[u8]| usize::from(u16::from_be_bytes([cell[0], cell[1]]));
                let count = place(&page[3..5]);
                let mut places: Vec<usize> = page[8..8 + 2 * count].chunks(2).map(place).collect();
                places.push(PAGE);
                places.sort_unstable();
                let begin = places.iter().rfind(|place| **place <= at).copied();
                let end = places.iter().find(|place| **place > at).copied();
                match begin {
                    Some(begin) => &page[begin..end.unwrap_or(PAGE)],
                    None if at < 8 + 2 * count => page,
                    None => return BTreeSet::new(),
                }
            }
            // What does not fit on a leaf.
            0x00 => page,
            _ => return BTreeSet::new(),
        };
        let text = String::from_utf8_lossy(bytes);
        let is_there = |(n, row): &(u64, &Callback)| {
            let begins = format!("{{\"id\":\"{}\"", row.id);
            text.contains(&begins) || text.contains(&marker(*n))
        };
        let rows = (0..).zip(&self.rows).filter(is_there);
        rows.map(|(_, row)| row.id).collect()
    }

    /// Opens it damaged; what `touched` does not name is there, and whatever is there is as it was written.
    fn survives(&self, folder: &Folder, damaged: &Self, touched: &BTreeSet<CallbackId>) {
        let path = damaged.lay(folder);
        let (mut store, opened) = Sqlite::open(&path, &rules(), utc()).unwrap();
        let found = store.found(utc()).unwrap();
        let rows = store.callbacks().unwrap();
        for row in &rows {
            assert!(self.rows.contains(row), "never written: {row:?}");
            for attempt in store.attempts(row.id).unwrap() {
                assert!(self.attempts[&row.id].contains(&attempt), "{attempt:?}");
            }
            for wished in store.wishes(row.id).unwrap() {
                assert!(self.wishes[&row.id].contains(&wished), "{wished:?}");
            }
        }
        let ids: BTreeSet<_> = rows.iter().map(|row| row.id).collect();
        let missing = self.rows.iter().filter(|row| !ids.contains(&row.id));
        let missing: Vec<_> = missing.map(|row| row.id).collect();
        let untouched: Vec<_> = missing.iter().filter(|id| !touched.contains(*id)).collect();
        assert!(
            untouched.is_empty(),
            "{untouched:?} of {touched:?}, {opened:?} {found:?}"
        );
        let is_told = matches!(opened, Opened::MovedAside(_)) || !found.set_aside.is_empty();
        assert!(
            is_told || missing.is_empty(),
            "lost in silence: {missing:?}"
        );
        let counted = found.salvaged.map_or(0, |salvaged| salvaged.lost) + found.set_aside.len();
        assert!(counted >= missing.len(), "{missing:?} {found:?}");
        let calls = store.live_calls();
        assert!(calls.iter().all(|call| self.calls.contains(call)));
        // It works on.
        take(&mut store, &promised(9_000));
        drop(store);
        let (mut store, opened) = Sqlite::open(&path, &rules(), utc()).unwrap();
        assert_eq!(
            (opened, store.found(utc()).unwrap().lost),
            (Opened::Existing, 0)
        );
        assert_eq!(store.callbacks().unwrap().len(), rows.len() + 1);
    }
}

/// xorshift64* (Vigna 2016): the same numbers in every run.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap() % limit
    }
}

fn flip_everywhere(test: &str, in_journal: bool) {
    let book = Book::new(&format!("{test}-book"));
    for seed in 0..RUNS {
        let mut chance = Chance::of(seed + 1);
        let length = if in_journal {
            book.journal.len()
        } else {
            book.file.len()
        };
        let (at, bit) = (chance.below(length), chance.below(8));
        println!("run {seed}: byte {at} of {length}, bit {bit}");
        let damaged = book.flipped(in_journal, at, 1 << bit);
        let touched = book.touched(in_journal, at);
        book.survives(&Folder::new(&format!("{test}-{seed}")), &damaged, &touched);
    }
}

#[test]
fn a_flipped_bit_of_the_file_costs_no_row_but_the_one_it_is_in() {
    flip_everywhere("flip-file", false);
}

#[test]
fn a_flipped_bit_of_the_journal_costs_no_row_but_the_one_it_is_in() {
    flip_everywhere("flip-journal", true);
}

/// The heads of both files and of the frames, where a bit means most.
#[test]
fn a_flipped_bit_of_any_head_costs_nothing() {
    let book = Book::new("heads-book");
    let of_file = (0..100).map(|at| (false, at));
    let of_journal = (0..HEAD).map(|at| (true, at));
    let last = book.journal.len() - FRAME;
    let of_frames = [HEAD, HEAD + 40 * FRAME, last]
        .into_iter()
        .flat_map(|frame| (0..24).map(move |at| (true, frame + at)));
    for (nth, (in_journal, at)) in of_file.chain(of_journal).chain(of_frames).enumerate() {
        println!("byte {at}, in the journal: {in_journal}");
        let damaged = book.flipped(in_journal, at, 1 << (nth % 8));
        let folder = Folder::new(&format!("head-{in_journal}-{at}"));
        book.survives(&folder, &damaged, &BTreeSet::new());
    }
}

/// Sectors of zeros and of rubbish: nothing is asked but that it starts, and that no row is there that was not.
#[test]
fn whole_sectors_of_rubbish_are_survived() {
    const SECTOR: usize = 512;
    let book = Book::new("sectors-book");
    for seed in 0..RUNS / 3 {
        let mut chance = Chance::of(seed + 1);
        let mut damaged = book.flipped(false, 0, 0);
        for bytes in [&mut damaged.file, &mut damaged.journal] {
            for _ in 0..chance.below(4) {
                let at = chance.below(bytes.len() / SECTOR) * SECTOR;
                let is_zero = chance.below(2) == 0;
                bytes[at..at + SECTOR].fill_with(|| match is_zero {
                    true => 0,
                    false => u8::try_from(chance.below(256)).unwrap(),
                });
            }
        }
        let folder = Folder::new(&format!("sectors-{seed}"));
        let path = damaged.lay(&folder);
        println!("run {seed}");
        let mut store = open(&path);
        store.found(utc()).unwrap();
        let rows = store.callbacks().unwrap();
        let ids: BTreeSet<_> = book.rows.iter().map(|row| row.id).collect();
        assert!(rows.iter().all(|row| ids.contains(&row.id)));
        take(&mut store, &promised(9_000));
    }
}
