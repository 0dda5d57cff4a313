//! Every prefix of what was written: what was acknowledged is there, what came later is not, and the desk goes on.

#![expect(
    clippy::print_stdout,
    reason = "which run failed, and how many there were"
)]

use super::damage::Chance;
use super::*;

const FRAME: u64 = 24 + 4_096;
/// Of the journal.
const HEAD: u64 = 32;

const ORDERS: u32 = 200;
const CALLERS: usize = 12;

/// The book after an order, and how much was written by then.
struct Step {
    written: u64,
    rows: Vec<Callback>,
    attempts: Vec<Vec<Attempt>>,
    wishes: Vec<Vec<Wished>>,
    tally: Vec<u8>,
}

/// Not in the quiet hours.
fn noon() -> Timestamp {
    utc() + SignedDuration::from_hours(8)
}

/// Something a desk may want at any time.
fn order(n: u32, rows: &[Callback], chance: &mut Chance) -> Order {
    let row = rows.get(chance.below(rows.len().max(1)));
    let in_flight = rows.iter().find_map(Callback::claim);
    let outcomes = [
        Outcome::Busy,
        Outcome::RepAbsent,
        Outcome::Joined,
        Outcome::NoAnswer,
    ];
    match (chance.below(8), in_flight, row) {
        (0..3, Some(claim), _) => {
            let outcome = outcomes[chance.below(outcomes.len())];
            ended(claim, outcome)
        }
        (3, _, Some(row)) => Order::Wish {
            id: row.id,
            wish: Wish::Snooze(row.next + SignedDuration::from_secs(30)),
            by: "Lina".to_owned(),
        },
        (4, _, Some(row)) => Order::Joined {
            number: row.promise.number.clone(),
            at: utc(),
        },
        (0..3 | 5, ..) => claimer("desk"),
        (6, ..) => Order::Restart {
            desk: "desk".parse().unwrap(),
        },
        _ => {
            let mut new = callback(u64::from(n));
            let caller = chance.below(CALLERS);
            new.promise.number =
                Pii::new(PhoneNumber::parse(&format!("139001390{caller:02}")).unwrap());
            let (id, promise) = (new.id, new.promise);
            Order::Note { id, promise }
        }
    }
}

/// Works until so many orders wrote something.
fn program(store: &mut Sqlite, read: impl Fn() -> (u64, Vec<u8>)) -> Vec<Step> {
    let mut chance = Chance::of(7);
    let mut steps: Vec<Step> = Vec::new();
    let mut rows = Vec::new();
    for n in 0.. {
        let at = noon() + SignedDuration::from_secs(20 * i64::from(n));
        let before = read().0;
        store
            .take(&order(n, &rows, &mut chance), &rules(), at)
            .unwrap();
        rows = store.callbacks().unwrap();
        let (written, tally) = read();
        if written > before || steps.is_empty() {
            let attempts = rows.iter().map(|row| store.attempts(row.id).unwrap());
            let attempts = attempts.collect();
            let wishes = rows.iter().map(|row| store.wishes(row.id).unwrap());
            steps.push(Step {
                written,
                attempts,
                wishes: wishes.collect(),
                rows: rows.clone(),
                tally,
            });
        }
        if steps.len() as u32 > ORDERS {
            break;
        }
    }
    steps
}

/// Does what it did not live to do.
fn goes_on(store: &mut Sqlite) {
    let desk = "desk".parse().unwrap();
    let later = noon() + SignedDuration::from_hours(4);
    for order in [Order::Restart { desk }, claimer("desk")] {
        store.take(&order, &rules(), later).unwrap();
    }
    let (id, promise) = (callback(9_000).id, callback(9_000).promise);
    store
        .take(&Order::Note { id, promise }, &rules(), later)
        .unwrap();
    assert!(store.callback(id).unwrap().is_some());
}

#[test]
fn every_prefix_of_the_journal_is_the_book_as_it_was_acknowledged() {
    let folder = Folder::new("prefix");
    let path = folder.file("desk.sqlite");
    let (journal, counted) = (
        folder.file("desk.sqlite-wal"),
        folder.file("desk.sqlite-commits"),
    );
    let mut store = open(&path);
    store.keep_journal();
    let steps = program(&mut store, || {
        let tally = fs::read(&counted).unwrap();
        (fs::metadata(&journal).unwrap().len(), tally)
    });
    let (file, journal) = (fs::read(&path).unwrap(), fs::read(&journal).unwrap());
    drop(store);
    let mut chance = Chance::of(11);
    let frames = (journal.len() as u64 - HEAD) / FRAME;
    let boundaries = (0..=frames).map(|nth| HEAD + nth * FRAME);
    let between = steps
        .iter()
        .map(|step| step.written.saturating_sub(1 + chance.below(4_000) as u64));
    let mut cuts: Vec<u64> = boundaries.chain(between).collect();
    cuts.sort_unstable();
    println!(
        "{} orders, {frames} frames, {} prefixes",
        steps.len(),
        cuts.len()
    );
    let after = Folder::new("prefix-after");
    for (nth, cut) in cuts.into_iter().enumerate() {
        let known = steps.iter().rfind(|step| step.written <= cut);
        let path = after.file(&format!("{cut}.sqlite"));
        let beside = |ending| PathBuf::from(format!("{}{ending}", path.display()));
        fs::write(&path, &file).unwrap();
        fs::write(beside("-wal"), &journal[..usize::try_from(cut).unwrap()]).unwrap();
        let tally = known.map(|step| step.tally.clone()).unwrap_or_default();
        fs::write(beside("-commits"), tally).unwrap();
        let (mut store, opened) = Sqlite::open(&path, &rules(), utc()).unwrap();
        let found = store.found(utc()).unwrap();
        assert_eq!(
            (opened, found.lost, found.set_aside),
            (Opened::Existing, 0, vec![]),
            "{cut}"
        );
        let rows = store.callbacks().unwrap();
        assert_eq!(
            &rows[..],
            known.map_or(&[][..], |step| &step.rows[..]),
            "{cut}"
        );
        let attempts: Vec<_> = rows
            .iter()
            .map(|row| store.attempts(row.id).unwrap())
            .collect();
        assert_eq!(
            &attempts[..],
            known.map_or(&[][..], |step| &step.attempts[..]),
            "{cut}"
        );
        let wishes: Vec<_> = rows
            .iter()
            .map(|row| store.wishes(row.id).unwrap())
            .collect();
        assert_eq!(
            &wishes[..],
            known.map_or(&[][..], |step| &step.wishes[..]),
            "{cut}"
        );
        if nth.is_multiple_of(4) {
            goes_on(&mut store);
        }
        drop(store);
        for ending in ["", "-wal", "-commits"] {
            drop(fs::remove_file(beside(ending)));
        }
    }
}
