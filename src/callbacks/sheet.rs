use jiff::Timestamp;

use super::{
    Attempt, Callback, CallbackId, Claim, Claimer, News, Order, Page, Promise, Refusal, Rules,
    Told, Turn,
};
use crate::words::{DeskId, PhoneNumber};

/// Promises that are not settled, at once; one more is refused, and an alarm is raised.
pub const OPEN_MAX: usize = 10_000;

/// Callers whose promises are told to be late, or whose desk is dead, in one go; the next ones at once afterwards.
const PAGES_MAX: usize = 100;

/// A transaction on the rows of a book: what [`carry_out`] needs of memory, or of a database.
pub trait Sheet {
    type Error;

    /// What is not settled for one caller, the oldest first; nobody else changes it until the transaction is over.
    fn page(&mut self, whose: &PhoneNumber) -> Result<Vec<Callback>, Self::Error>;

    fn row(&mut self, id: CallbackId) -> Result<Option<Callback>, Self::Error>;

    /// The row of the same call and reason (D26).
    fn retried(&mut self, promise: &Promise) -> Result<Option<Callback>, Self::Error>;

    /// How many are not settled.
    fn unsettled(&mut self) -> Result<usize, Self::Error>;

    /// One to dial by then, whose caller nobody dials: of the strongest kind, the one that was due first.
    fn due(&mut self, at: Timestamp) -> Result<Option<Callback>, Self::Error>;

    /// Callers with a claim that lapsed by then, or of whose promises somebody is to be warned.
    fn late(&mut self, at: Timestamp, callers_max: usize) -> Result<Vec<PhoneNumber>, Self::Error>;

    /// Callers whom this desk dials.
    fn dialled_by(&mut self, desk: &DeskId) -> Result<Vec<PhoneNumber>, Self::Error>;

    /// Writes rows and attempts, over what was there.
    fn write(
        &mut self,
        rows: &[Callback],
        attempts: &[(CallbackId, Attempt)],
        at: Timestamp,
    ) -> Result<(), Self::Error>;

    /// When the next row is due, late or lapses, after then.
    fn stirs_after(&mut self, at: Timestamp) -> Result<Option<Timestamp>, Self::Error>;
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
        Order::End { claim, outcome } => {
            work.on_page_of(claim.id, |page| page.ended(*claim, *outcome))
        }
        Order::Joined { number } => work.on_page(&rules.whose(number), |page| page.joined()),
        Order::Wish { id, wish } => work.on_page_of(*id, |page| page.wish(*id, wish.clone())),
        Order::Look { desk } => work.look(desk),
        Order::Restart { desk } => work.restart(desk),
        Order::Restore { rows, attempts } => work.restore(rows, attempts),
    }?;
    let next = work.sheet.stirs_after(at)?;
    // Once a call, and by each desk every few seconds: there the count can wait.
    let counts = !matches!(order, Order::Claim(_) | Order::Renew { .. });
    let unsettled = if counts {
        Some(work.sheet.unsettled()?)
    } else {
        None
    };
    Ok(Turn {
        next,
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
        let into = known.as_ref().and_then(Callback::merged_into);
        let keeper = match into {
            Some(into) => self.sheet.row(into)?,
            None => None,
        };
        self.on_page(&self.rules.whose(&promise.number), |page| {
            page.note(id, promise, keeper.as_ref().or(known.as_ref()));
        })
    }

    fn claim(&mut self, claimer: &Claimer) -> Result<Turn, S::Error> {
        let Some(due) = self.sheet.due(self.at)? else {
            return Ok(Turn::default());
        };
        self.on_page(&self.rules.whose(&due.promise.number), |page| {
            page.claim(due.id, claimer)
        })
    }

    fn renew(&mut self, claims: &[Claim], until: Timestamp) -> Result<Turn, S::Error> {
        let mut all = Turn::default();
        for claim in claims {
            all.add(self.on_page_of(claim.id, |page| page.renew(*claim, until))?);
        }
        Ok(all)
    }

    fn look(&mut self, desk: &DeskId) -> Result<Turn, S::Error> {
        let late = self.sheet.late(self.at, PAGES_MAX)?;
        let at = self.at;
        let has_lapsed =
            |row: &Callback| !row.is_held_at(desk) && row.lapses().is_some_and(|when| when <= at);
        self.on_pages(late, |page| {
            page.lapse(has_lapsed);
            page.warn();
        })
    }

    fn restart(&mut self, desk: &DeskId) -> Result<Turn, S::Error> {
        let dialled = self.sheet.dialled_by(desk)?;
        self.on_pages(dialled, |page| page.lapse(|row| row.is_held_at(desk)))
    }

    /// The attempts of rows that are known are known, too.
    fn restore(
        &mut self,
        rows: &[Callback],
        attempts: &[(CallbackId, Attempt)],
    ) -> Result<Turn, S::Error> {
        let mut all = Turn::default();
        for row in rows {
            let known = self.sheet.row(row.id)?.is_some();
            if known || self.sheet.retried(&row.promise)?.is_some() {
                continue;
            }
            all.add(
                self.on_page(&self.rules.whose(&row.promise.number), |page| {
                    page.restore(row.clone())
                })?,
            );
            let its: Vec<_> = attempts
                .iter()
                .filter(|(id, _)| *id == row.id)
                .cloned()
                .collect();
            self.sheet.write(&[], &its, self.at)?;
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
            self.sheet.write(&turn.rows, &turn.attempts, self.at)?;
        }
        Ok(turn)
    }
}

fn refused(id: CallbackId, promise: &Promise, why: Refusal) -> Turn {
    let told = Told {
        id,
        origin: promise.origin,
        kind: promise.kind,
        news: News::Refused(why),
    };
    Turn {
        told: vec![told],
        ..Turn::default()
    }
}
