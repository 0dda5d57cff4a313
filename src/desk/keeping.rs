//! How long promises are kept that are over, and how they are handed out.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::callbacks::store::{Kept, StoreError};
use crate::console::{Answer, Code, Export, Problem};
use crate::words::Moment;

use super::keeper::Job;
use super::requests::Reply;
use super::{Desk, clock, exporting};

/// How often it is looked for promises that are old enough to be deleted.
const EXPIRE_EVERY: Duration = Duration::from_secs(3_600);

/// When promises are deleted that are over.
#[derive(Debug)]
pub(super) struct Expiry {
    keep: Duration,
    next: Moment,
}

impl Expiry {
    /// The first time at the start.
    pub(super) fn after(keep: Duration) -> Self {
        let next = Moment::ZERO;
        Self { keep, next }
    }

    pub(super) fn timeout(&self) -> Moment {
        self.next
    }

    /// Once an hour: what was settled before then is to be deleted.
    fn look(&mut self, now: Moment, utc: Timestamp) -> Option<Timestamp> {
        if now < self.next {
            return None;
        }
        self.next = now + EXPIRE_EVERY;
        utc.checked_sub(self.keep).ok()
    }

    /// Some were deleted. There may be more than go at a time.
    fn look_again(&mut self, now: Moment) {
        self.next = now;
    }
}

impl Desk {
    /// Has the keeper delete what was settled long enough ago.
    pub(super) fn expire_promises(&mut self, now: Moment) {
        let expiry = self.promises.expiry.as_mut();
        if let Some(before) = expiry.and_then(|expiry| expiry.look(now, clock::utc())) {
            self.keeper.spare(Job::Expire(before));
        }
    }

    pub(super) fn expired(&mut self, count: u64, now: Moment) {
        tracing::info!(promises = count, "deleted promises that were over for long");
        self.chronicle.metrics.promises_deleted.inc_by(count);
        if let Some(expiry) = &mut self.promises.expiry {
            expiry.look_again(now);
        }
    }

    /// Promises with their attempts, in lines; those that are not on disk are not among them.
    pub(super) fn export_promises(&self, export: Export, reply: Reply) {
        let (told, history) = oneshot::channel();
        if !self.keeper.must(Job::History(export.after, told)) {
            // Who has left does not want to know.
            let _ = reply.send(Err(Code::StoreFailed.into()));
            return;
        }
        if let Some(by) = &export.by {
            tracing::info!(by, "promises are exported with their numbers");
        }
        tokio::spawn(async move {
            let answer = match history.await {
                Ok(Ok(kept)) => Ok(exported(&kept, &export)),
                Ok(Err(problem)) => Err(failed(&problem)),
                // The keeper is gone: the desk is stopping.
                Err(_) => Err(Code::StoreFailed.into()),
            };
            let _ = reply.send(answer);
        });
    }
}

fn exported(kept: &[Kept], export: &Export) -> Answer {
    let body = exporting::lines(kept, export);
    Answer::Exported {
        format: export.format,
        body,
    }
}

fn failed(problem: &StoreError) -> Problem {
    tracing::error!(%problem, "export the promises");
    Code::StoreFailed.into()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use jiff::SignedDuration;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::callbacks::store::{Sqlite, Store};
    use crate::callbacks::{Callback, CallbackId, Kind, Order, Promise, Rules, State};
    use crate::words::{Country, Language, PhoneNumber, Pii};

    const DAY: Duration = Duration::from_secs(24 * 3_600);

    struct Folder(PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn began() -> Timestamp {
        "2026-05-04T04:00:00Z".parse().unwrap()
    }

    #[test]
    fn it_is_looked_at_the_start_and_every_hour_and_at_once_where_something_was_found() {
        let mut expiry = Expiry::after(DAY);
        let looks = |expiry: &mut Expiry, minutes: u64| {
            let passed = Duration::from_secs(minutes * 60);
            let utc = began() + SignedDuration::try_from(passed).unwrap();
            let before = expiry.look(Moment::ZERO + passed, utc);
            before.map(|before| utc.duration_since(before))
        };
        let day = SignedDuration::from_hours(24);
        assert_eq!(looks(&mut expiry, 0), Some(day));
        assert_eq!(expiry.timeout(), Moment::ZERO + EXPIRE_EVERY);
        assert_eq!(looks(&mut expiry, 59), None);
        assert_eq!(looks(&mut expiry, 60), Some(day));
        expiry.look_again(Moment::ZERO + EXPIRE_EVERY);
        assert_eq!(looks(&mut expiry, 60), Some(day));
        assert_eq!(looks(&mut expiry, 119), None);
        assert_eq!(looks(&mut expiry, 120), Some(day));
    }

    /// More than go at a time, on a disk.
    #[test]
    fn what_is_over_for_a_day_is_gone_within_the_hour_and_what_is_owed_stays() {
        let name = format!("thirdring-expiry-{}", std::process::id());
        let folder = Folder(std::env::temp_dir().join(name));
        std::fs::create_dir_all(&folder.0).unwrap();
        let rules = Rules::standard(Country::Cn, TimeZone::UTC);
        let path = folder.0.join("desk.sqlite");
        let mut store = Sqlite::open(&path, &rules, began()).unwrap().0;
        let ms = u64::try_from(began().as_millisecond()).unwrap();
        let ids: Vec<CallbackId> = (0..700).map(|n| CallbackId::new(ms + n, [0; 10])).collect();
        let (over, owed) = ids.split_at(650);
        let rows = ids.iter().zip(0..).map(|(id, n)| Callback {
            state: match over.contains(id) {
                true => State::Done,
                false => State::Open,
            },
            ..Callback::new(*id, promised(n))
        });
        let noted = Order::Restore {
            rows: rows.collect(),
            attempts: Vec::new(),
            wishes: Vec::new(),
        };
        store.take(&noted, &rules, began()).unwrap();

        let (mut expiry, mut now, mut looks) = (Expiry::after(DAY), Moment::ZERO, Vec::new());
        let end = Moment::ZERO + DAY + EXPIRE_EVERY;
        while expiry.timeout() <= end {
            now = now.max(expiry.timeout());
            let utc = began() + SignedDuration::try_from(now.since(Moment::ZERO)).unwrap();
            let Some(before) = expiry.look(now, utc) else {
                panic!("it was time");
            };
            let count = store.expire(before).unwrap();
            if count > 0 {
                looks.push((now.since(Moment::ZERO), count));
                expiry.look_again(now);
            }
        }
        let gone_by = DAY + EXPIRE_EVERY;
        assert_eq!(looks, [(gone_by, 500), (gone_by, 150)]);
        let left: Vec<CallbackId> = store
            .callbacks()
            .unwrap()
            .iter()
            .map(|row| row.id)
            .collect();
        assert_eq!(left, owed);
    }

    fn promised(n: u32) -> Promise {
        let number = PhoneNumber::parse(&format!("138{n:08}")).unwrap();
        Promise {
            kind: Kind::Rep,
            number: Pii::new(number),
            origin: None,
            key: None,
            reason: String::new(),
            due: began() + SignedDuration::from_hours(2_400),
            seat: None,
            note: Pii::new(String::new()),
            recording: None,
            language: Language::En,
            made_at: began(),
            place: None,
        }
    }
}
