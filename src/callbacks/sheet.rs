use jiff::Timestamp;

use super::{
    Attempt, Callback, CallbackId, Claim, Claimer, LiveCall, LiveCalls, News, Order, Page, Promise,
    Refusal, Rules, Told, Turn, Wish, Wished,
};
use crate::words::{CallId, DeskId, PhoneNumber};

/// Promises that are not settled, at once; one more is refused, and an alarm is raised.
pub const OPEN_MAX: usize = 10_000;

/// Callers whose promises are told to be late, or whose desk is dead, in one go; the next ones at once afterwards.
const PAGES_MAX: usize = 100;

/// Rows that went into one another; who follows more of them follows a circle.
const MERGED_MAX: usize = 100;

/// A transaction on the rows of a book: what [`carry_out`] needs of memory, or of a database.
pub trait Sheet {
    type Error;

    /// What is not settled for one caller, the oldest first; nobody else changes it until the transaction is over.
    fn page(&mut self, whose: &PhoneNumber) -> Result<Vec<Callback>, Self::Error>;

    fn row(&mut self, id: CallbackId) -> Result<Option<Callback>, Self::Error>;

    /// The row of the same call and reason (D26), or with the same key.
    fn retried(&mut self, promise: &Promise) -> Result<Option<Callback>, Self::Error>;

    /// Attempts begun since then that reached for this caller, of whichever promise.
    fn attempts_since(&mut self, whose: &PhoneNumber, since: Timestamp)
    -> Result<u32, Self::Error>;

    /// How many are not settled.
    fn unsettled(&mut self) -> Result<usize, Self::Error>;

    /// One that one of the claimer's seats may dial by then, whose caller nobody dials or talks to: whose turn it is
    /// (`Callback::turn`), unless a live caller was in the line before.
    fn due(&mut self, at: Timestamp, claimer: &Claimer) -> Result<Option<Callback>, Self::Error>;

    /// Callers with a claim that lapsed by then, or of whose promises somebody is to be warned.
    fn late(&mut self, at: Timestamp, callers_max: usize) -> Result<Vec<PhoneNumber>, Self::Error>;

    /// Callers whom this desk dials.
    fn dialled_by(&mut self, desk: &DeskId) -> Result<Vec<PhoneNumber>, Self::Error>;

    /// Writes the rows, attempts and wishes of a turn, over what was there.
    fn write(&mut self, turn: &Turn, at: Timestamp) -> Result<(), Self::Error>;

    /// These calls are up: until then nobody dials their callers.
    fn live(&mut self, calls: &LiveCalls) -> Result<(), Self::Error>;

    /// Whether another call than this one is up with this caller.
    fn is_on_the_line(
        &mut self,
        whose: &PhoneNumber,
        but: CallId,
        at: Timestamp,
    ) -> Result<bool, Self::Error>;

    fn call_over(&mut self, call: CallId) -> Result<(), Self::Error>;

    /// The calls of this desk died with it: they are owed a callback, and keep nobody from being dialled. Those that are not
    /// over yet, by their ids.
    fn calls_died(&mut self, desk: &DeskId) -> Result<Vec<LiveCall>, Self::Error>;

    /// What there is to come back for: what stirs after `from`, and who is first in the line at `at`. Whoever is on the line
    /// at `at` is due once his call is over.
    fn outlook(&mut self, from: Timestamp, at: Timestamp) -> Result<Outlook, Self::Error>;
}

/// What a desk comes back to the book for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// When the next row is due, free for any seat, late or lapses.
    pub next: Option<Timestamp>,
    /// The earliest place in the line of those whom nobody dials or talks to and any seat may dial (`Callback::place_at`).
    pub place: Option<Timestamp>,
}

/// Carries an order out on a sheet, as of `at`: what is written with it is one transaction.
pub fn carry_out<S: Sheet>(
    sheet: &mut S,
    order: &Order,
    rules: &Rules,
    at: Timestamp,
) -> Result<Turn, S::Error> {
    let mut work = Work { sheet, rules, at };
    let turn = match order {
        Order::Note { id, promise } => work.note(*id, promise),
        Order::Claim(claimer) => work.claim(claimer),
        Order::Renew { claims, until } => work.renew(claims, *until),
        Order::End {
            claim,
            outcome,
            cause,
            live,
        } => {
            let ended = work.on_page_of(claim.id, |page| {
                page.ended(*claim, *outcome, cause.clone());
            });
            ended.and_then(|turn| work.live(live.as_ref()).map(|()| turn))
        }
        Order::Live(calls) => work.live(Some(calls)).map(|()| Turn::default()),
        Order::DialByHand(live) => work.dial_by_hand(live),
        Order::CallOver { call } => work.sheet.call_over(*call).map(|()| Turn::default()),
        Order::Joined { number, at } => work.on_page(&rules.whose(number), |page| page.joined(*at)),
        Order::Withdraw { number, by } => {
            work.on_page(&rules.whose(number), |page| page.withdrawn(by))
        }
        Order::Wish { id, wish, by } => work.wish(*id, wish, by),
        Order::Look { desk, held } => work.look(desk, held),
        Order::Peek => Ok(Turn::default()),
        Order::Restart { desk } => work.restart(desk),
        Order::Restore {
            rows,
            attempts,
            wishes,
        } => work.restore(rows, attempts, wishes),
    }?;
    // Who only looks is told of what is due already, too.
    let from = if *order == Order::Peek {
        Timestamp::MIN
    } else {
        at
    };
    let Outlook { next, place } = work.sheet.outlook(from, at)?;
    let unsettled = if order.changes_how_many() {
        Some(work.sheet.unsettled()?)
    } else {
        None
    };
    Ok(Turn {
        next,
        place,
        unsettled,
        ..turn
    })
}

struct Work<'a, S> {
    sheet: &'a mut S,
    rules: &'a Rules,
    at: Timestamp,
}

impl<S: Sheet> Work<'_, S> {
    fn note(&mut self, id: CallbackId, promise: &Promise) -> Result<Turn, S::Error> {
        let known = match self.sheet.row(id)? {
            None => self.sheet.retried(promise)?,
            known => known,
        };
        if known.is_none() && self.sheet.unsettled()? >= OPEN_MAX {
            return Ok(refused(id, promise, Refusal::TooMany));
        }
        match known {
            Some(known) if self.is_another(&known.promise, promise) => {
                Ok(refused(id, promise, Refusal::KeyReused))
            }
            Some(known) => Ok(confirmed(self.keeper_of(known)?, promise)),
            None => self.on_page(&self.rules.whose(&promise.number), |page| {
                page.note(id, promise);
            }),
        }
    }

    /// Whether a client used the key of one promise for another.
    fn is_another(&self, known: &Promise, promise: &Promise) -> bool {
        let whose = |promise: &Promise| self.rules.whose(&promise.number);
        promise.key.is_some() && (whose(known) != whose(promise) || known.reason != promise.reason)
    }

    /// A row that went into another is kept by that.
    fn keeper_of(&mut self, row: Callback) -> Result<Callback, S::Error> {
        let mut keeper = row;
        for _ in 0..MERGED_MAX {
            let Some(into) = keeper.merged_into() else {
                break;
            };
            let Some(next) = self.sheet.row(into)? else {
                break;
            };
            keeper = next;
        }
        Ok(keeper)
    }

    /// What came of it shows the row, also where nothing did.
    fn wish(&mut self, id: CallbackId, wish: &Wish, by: &str) -> Result<Turn, S::Error> {
        let Some(row) = self.sheet.row(id)? else {
            return Ok(Turn::default());
        };
        let row = self.keeper_of(row)?;
        if row.is_settled() {
            return Ok(Turn {
                rows: vec![row],
                ..Turn::default()
            });
        }
        let whose = self.rules.whose(&row.promise.number);
        self.on_page(&whose, |page| {
            page.wish(row.id, wish.clone(), by.to_owned())
        })
    }

    fn claim(&mut self, claimer: &Claimer) -> Result<Turn, S::Error> {
        let Some(due) = self.sheet.due(self.at, claimer)? else {
            return Ok(Turn::default());
        };
        let whose = self.rules.whose(&due.promise.number);
        match self.tomorrow_if_called_enough(&whose)? {
            Some(tomorrow) => self.on_page(&whose, |page| page.postpone(due.id, tomorrow)),
            None => self.on_page(&whose, |page| page.claim(due.id, claimer)),
        }
    }

    fn tomorrow_if_called_enough(
        &mut self,
        whose: &PhoneNumber,
    ) -> Result<Option<Timestamp>, S::Error> {
        let day = self.rules.day_of(self.at);
        let (Some(most), Some((today, tomorrow))) = (self.rules.attempts_a_day, day) else {
            return Ok(None);
        };
        let is_enough = self.sheet.attempts_since(whose, today)? >= most;
        Ok(is_enough.then_some(tomorrow))
    }

    fn renew(&mut self, claims: &[Claim], until: Timestamp) -> Result<Turn, S::Error> {
        let mut all = Turn::default();
        for claim in claims {
            all.add(self.on_page_of(claim.id, |page| page.renew(*claim, until))?);
        }
        Ok(all)
    }

    fn look(&mut self, desk: &DeskId, held: &[Claim]) -> Result<Turn, S::Error> {
        let late = self.sheet.late(self.at, PAGES_MAX)?;
        let at = self.at;
        let is_ours = |row: &Callback| {
            row.is_held_at(desk) && row.claim().is_some_and(|it| held.contains(&it))
        };
        let has_lapsed =
            |row: &Callback| row.lapses().is_some_and(|when| when <= at) && !is_ours(row);
        self.on_pages(late, |page| {
            page.lapse(has_lapsed);
            page.warn();
        })
    }

    fn live(&mut self, calls: Option<&LiveCalls>) -> Result<(), S::Error> {
        calls.map_or(Ok(()), |calls| self.sheet.live(calls))
    }

    /// What is promised there stays as it is until they have talked.
    fn dial_by_hand(&mut self, live: &LiveCalls) -> Result<Turn, S::Error> {
        let mut turn = Turn::default();
        for call in &live.calls {
            let Some(number) = &call.number else { continue };
            let whose = self.rules.whose(number);
            turn.rows.extend(self.sheet.page(&whose)?);
            turn.is_taken |= self.sheet.is_on_the_line(&whose, call.call, self.at)?;
        }
        turn.is_taken |= turn.rows.iter().any(|row| row.attempt().is_some());
        if !turn.is_taken {
            self.sheet.live(live)?;
        }
        Ok(turn)
    }

    fn restart(&mut self, desk: &DeskId) -> Result<Turn, S::Error> {
        let died = self.sheet.calls_died(desk)?;
        let dialled = self.sheet.dialled_by(desk)?;
        let turn = self.on_pages(dialled, |page| page.lapse(|row| row.is_held_at(desk)))?;
        Ok(Turn { died, ..turn })
    }

    /// The attempts of rows that are known are known, too, and what was wished of them.
    fn restore(
        &mut self,
        rows: &[Callback],
        attempts: &[(CallbackId, Attempt)],
        wishes: &[(CallbackId, Wished)],
    ) -> Result<Turn, S::Error> {
        let mut all = Turn::default();
        for row in rows {
            let whose = self.rules.whose(&row.promise.number);
            let turn = match self.sheet.row(row.id)? {
                // What could not be written may be on the disk all the same.
                Some(known) if known.is_open() && known.attempts == 0 && known.wishes == 0 => {
                    self.on_page(&whose, |page| page.replace(row))
                }
                None => match self.sheet.retried(&row.promise)? {
                    None => self.on_page(&whose, |page| page.restore(row.clone())),
                    // Whoever was told this id asks for it by that.
                    Some(known) => self.on_page(&whose, |page| page.stand_in(row, known.id)),
                },
                Some(_) => continue,
            }?;
            all.add(turn);
            let its = Turn {
                attempts: of(row.id, attempts),
                wishes: of(row.id, wishes),
                ..Turn::default()
            };
            self.sheet.write(&its, self.at)?;
        }
        Ok(all)
    }

    fn on_pages(
        &mut self,
        callers: Vec<PhoneNumber>,
        what: impl Fn(&mut Page<'_>),
    ) -> Result<Turn, S::Error> {
        let mut all = Turn::default();
        for whose in callers {
            all.add(self.on_page(&whose, &what)?);
        }
        Ok(all)
    }

    /// Settled rows are on no page any more.
    fn on_page_of(
        &mut self,
        id: CallbackId,
        what: impl FnOnce(&mut Page<'_>),
    ) -> Result<Turn, S::Error> {
        match self.sheet.row(id)? {
            Some(row) if !row.is_settled() => {
                self.on_page(&self.rules.whose(&row.promise.number), what)
            }
            Some(_) | None => Ok(Turn::default()),
        }
    }

    fn on_page(
        &mut self,
        whose: &PhoneNumber,
        what: impl FnOnce(&mut Page<'_>),
    ) -> Result<Turn, S::Error> {
        let mut page = Page::new(self.sheet.page(whose)?, self.rules, self.at);
        what(&mut page);
        let turn = page.turn();
        if !turn.rows.is_empty() || !turn.attempts.is_empty() {
            self.sheet.write(&turn, self.at)?;
        }
        Ok(turn)
    }
}

fn of<T: Clone>(id: CallbackId, all: &[(CallbackId, T)]) -> Vec<(CallbackId, T)> {
    let its = all.iter().filter(|(of, _)| *of == id);
    its.cloned().collect()
}

fn refused(id: CallbackId, promise: &Promise, why: Refusal) -> Turn {
    Turn {
        told: vec![Told::of(id, promise, News::Refused(why))],
        ..Turn::default()
    }
}

/// What was answered the first time, as it stands now: a retry changes nothing (I5).
fn confirmed(keeper: Callback, promise: &Promise) -> Turn {
    let due = keeper.promise.due;
    let moved = due > promise.due;
    Turn {
        told: vec![Told::of(keeper.id, promise, News::Noted { due, moved })],
        rows: vec![keeper],
        ..Turn::default()
    }
}
