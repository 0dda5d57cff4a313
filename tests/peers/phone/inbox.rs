use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::message::Message;

/// How often a count is looked at again, whatever came in.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// All messages a phone got, and which of them a test has read.
#[derive(Default)]
pub(super) struct Inbox {
    messages: Mutex<Vec<(Message, Read)>>,
    news: Condvar,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    Yes,
    No,
}

impl Inbox {
    pub(super) fn put(&self, message: Message) {
        self.messages().push((message, Read::No));
        self.news.notify_all();
    }

    /// The first unread message that is wanted; what came instead when the time is over.
    pub(super) fn take(
        &self,
        within: Duration,
        wanted: impl Fn(&Message) -> bool,
    ) -> Result<Message, Vec<String>> {
        let until = Instant::now() + within;
        let mut messages = self.messages();
        loop {
            let mut unread = messages.iter_mut().filter(|(_, read)| *read == Read::No);
            if let Some((message, read)) = unread.find(|(message, _)| wanted(message)) {
                *read = Read::Yes;
                return Ok(message.clone());
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let came = messages.iter();
                return Err(came
                    .map(|(message, _)| message.first_line.clone())
                    .collect());
            }
            let woken = self.news.wait_timeout(messages, left);
            messages = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// How many requests of this method came in so far, read or not.
    pub(super) fn count(&self, method: &str) -> usize {
        let messages = self.messages();
        let requests = messages.iter().map(|(message, _)| message);
        requests
            .filter(|message| message.status().is_none() && message.method() == method)
            .count()
    }

    /// Waits until there were more of them than before; false when the time is over.
    pub(super) fn counts_more(&self, method: &str, before: usize, within: Duration) -> bool {
        let until = Instant::now() + within;
        while self.count(method) <= before {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            // The count decides, whatever woke us.
            drop(
                self.news
                    .wait_timeout(self.messages(), left.min(LOOK_EVERY)),
            );
        }
        true
    }

    fn messages(&self) -> MutexGuard<'_, Vec<(Message, Read)>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
