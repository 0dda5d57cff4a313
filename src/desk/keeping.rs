//! How long promises are kept that are over, and how they are handed out.

use std::time::Duration;

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
    pub(super) next: Moment,
}

impl Expiry {
    pub(super) fn after(keep: Duration) -> Self {
        let next = Moment::ZERO;
        Self { keep, next }
    }
}

impl Desk {
    /// Has the keeper delete what was settled long enough ago.
    pub(super) fn expire_promises(&mut self, now: Moment) {
        let Some(expiry) = self.promises.expiry.as_mut().filter(|it| it.next <= now) else {
            return;
        };
        expiry.next = now + EXPIRE_EVERY;
        if let Ok(before) = clock::utc().checked_sub(expiry.keep) {
            self.keeper.spare(Job::Expire(before));
        }
    }

    /// There may be more than go at a time.
    pub(super) fn expired(&mut self, count: u64, now: Moment) {
        tracing::info!(promises = count, "deleted promises that were over for long");
        self.chronicle.metrics.promises_deleted.inc_by(count);
        if let Some(expiry) = &mut self.promises.expiry {
            expiry.next = now;
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
