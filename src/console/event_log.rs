use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::records::Entry;
use crate::words::CallId;

/// How many entries `/events` can go back to; older ones are 410 Gone (a busy hour of 30 reps).
const EVENTS_KEPT: usize = 10_000;

/// How many entries a client takes in one go, so that none holds the lock for long.
const BATCH: usize = 256;

/// The newest entries of all calls. The desk writes and never waits; every client reads at its own pace.
#[derive(Debug)]
pub struct EventLog {
    kept: Mutex<Kept>,
    capacity: usize,
    newest: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Kept {
    entries: VecDeque<Arc<Entry>>,
    /// The last that had to go for want of room, and the newest that came, forgotten or not.
    gone: u64,
    newest: u64,
}

/// What was asked for is not kept: too old, or of another run of the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone {
    /// The oldest entry that can be had.
    pub(super) oldest: u64,
}

impl Default for EventLog {
    fn default() -> Self {
        Self::with_capacity(EVENTS_KEPT)
    }
}

impl EventLog {
    /// Keeps at least one entry.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            kept: Mutex::default(),
            capacity: capacity.max(1),
            newest: watch::Sender::new(0),
        }
    }

    /// Adds the next entry; `seq` rises by one each time.
    pub fn push(&self, entry: Entry) {
        let seq = entry.seq;
        let mut kept = self.lock();
        if kept.entries.len() >= self.capacity
            && let Some(oldest) = kept.entries.pop_front()
        {
            kept.gone = oldest.seq;
        }
        kept.newest = seq;
        kept.entries.push_back(Arc::new(entry));
        drop(kept);
        self.newest.send_replace(seq);
    }

    /// What is kept of one call, the oldest first.
    pub fn of_call(&self, call: CallId) -> Vec<Entry> {
        let kept = self.lock();
        let entries = kept.entries.iter().filter(|entry| entry.call == Some(call));
        entries.map(|entry| entry.as_ref().clone()).collect()
    }

    /// Forgets what is kept of these calls.
    pub fn forget(&self, calls: &BTreeSet<CallId>) {
        let is_meant = |entry: &Entry| entry.call.is_some_and(|call| calls.contains(&call));
        self.lock().entries.retain(|entry| !is_meant(entry));
    }

    /// Starts behind entry `since`, or with what comes from here on.
    pub fn follow(self: &Arc<Self>, since: Option<u64>) -> Result<Follower, Gone> {
        let newest = self.newest.subscribe();
        let seen = since.unwrap_or(*newest.borrow());
        self.after(seen)?;
        Ok(Follower {
            log: Arc::clone(self),
            newest,
            seen,
        })
    }

    /// At most `BATCH` entries behind `seen`.
    fn after(&self, seen: u64) -> Result<Vec<Arc<Entry>>, Gone> {
        let kept = self.lock();
        if seen < kept.gone || seen > kept.newest {
            let oldest = kept.gone.saturating_add(1);
            return Err(Gone { oldest });
        }
        let first = kept.entries.partition_point(|entry| entry.seq <= seen);
        let entries = kept.entries.iter().skip(first).take(BATCH);
        Ok(entries.map(Arc::clone).collect())
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One client's place in the log.
pub struct Follower {
    log: Arc<EventLog>,
    newest: watch::Receiver<u64>,
    seen: u64,
}

impl Follower {
    /// The entries that have come since the last time, perhaps none.
    pub fn take(&mut self) -> Result<Vec<Arc<Entry>>, Gone> {
        self.newest.mark_unchanged();
        let entries = self.log.after(self.seen)?;
        if let Some(last) = entries.last() {
            self.seen = last.seq;
        }
        Ok(entries)
    }

    /// Waits until there is something new. May be cancelled.
    pub async fn changed(&mut self) {
        // The sender lives in the log this follower holds, so there is always one.
        let _ = self.newest.changed().await;
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::records::What;
    use crate::words::Moment;

    fn entry(seq: u64) -> Entry {
        Entry {
            seq,
            at: Moment::from_nanos(seq),
            utc: Timestamp::UNIX_EPOCH,
            call: None,
            sip_call_id: None,
            what: What::Alarm {
                alarm: "disk-full".into(),
            },
        }
    }

    fn log(capacity: usize, entries: u64) -> Arc<EventLog> {
        let log = Arc::new(EventLog::with_capacity(capacity));
        (1..=entries).for_each(|seq| log.push(entry(seq)));
        log
    }

    fn seqs(follower: &mut Follower) -> Vec<u64> {
        let entries = follower.take().unwrap();
        entries.iter().map(|entry| entry.seq).collect()
    }

    #[test]
    fn a_client_continues_where_it_left_off() {
        let log = log(10, 5);
        let mut follower = log.follow(Some(3)).unwrap();
        assert_eq!(seqs(&mut follower), [4, 5]);
        log.push(entry(6));
        assert_eq!(seqs(&mut follower), [6]);
        assert_eq!(seqs(&mut follower), [0; 0]);
    }

    #[test]
    fn without_since_only_news_are_told() {
        let log = log(10, 5);
        let mut follower = log.follow(None).unwrap();
        assert_eq!(seqs(&mut follower), [0; 0]);
        log.push(entry(6));
        assert_eq!(seqs(&mut follower), [6]);
    }

    #[test]
    fn what_is_not_kept_is_gone() {
        let log = log(3, 5);
        assert_eq!(log.follow(Some(1)).err(), Some(Gone { oldest: 3 }));
        assert!(log.follow(Some(2)).is_ok());
        assert!(log.follow(Some(5)).is_ok());
        assert!(log.follow(Some(6)).is_err(), "a number of another run");
    }

    #[test]
    fn a_forgotten_call_leaves_no_gap_that_a_client_would_stumble_over() {
        let log = log(10, 1);
        let call = CallId::new(1, [1; 10]);
        let of_call = |seq| Entry {
            call: Some(call),
            ..entry(seq)
        };
        [of_call(2), entry(3), of_call(4)]
            .into_iter()
            .for_each(|it| log.push(it));
        let mut follower = log.follow(Some(4)).unwrap();
        log.forget(&BTreeSet::from([call]));
        assert!(log.of_call(call).is_empty());
        assert_eq!(seqs(&mut follower), [0; 0]);
        log.push(entry(5));
        assert_eq!(seqs(&mut follower), [5]);
        assert_eq!(seqs(&mut log.follow(Some(0)).unwrap()), [1, 3, 5]);
    }

    #[test]
    fn a_client_that_falls_behind_is_told_so() {
        let log = log(3, 3);
        let mut follower = log.follow(None).unwrap();
        (4..=7).for_each(|seq| log.push(entry(seq)));
        assert_eq!(follower.take().err(), Some(Gone { oldest: 5 }));
    }
}
