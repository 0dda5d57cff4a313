//! Requests outside any dialog that somebody else makes: REGISTER, OPTIONS.

use std::collections::VecDeque;

use super::Endpoint;
use super::orders::NotPossible;
use crate::sip::Hop;
use crate::sip::transaction::Use;
use crate::sip::wire::Message;
use crate::words::Moment;

/// One request of [`Endpoint::ask`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskId(u64);

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The final response, and the hop it came over.
    Response(Box<Message>, Hop),
    /// Nobody answered, or nothing could be sent there (RFC 3261 8.1.3.1: as if 408 or 503 had come).
    None,
}

/// The answers waiting to be polled: one a transaction, so the transactions' limit is theirs, too.
#[derive(Debug, Default)]
pub(super) struct Asked {
    next: u64,
    pub(super) answers: VecDeque<(AskId, Answer)>,
}

impl Asked {
    pub(super) fn answer(&mut self, id: AskId, answer: Answer) {
        self.answers.push_back((id, answer));
    }
}

impl Endpoint {
    /// Sends a request that is complete but for its Via; `poll_answer` tells what came of it.
    pub fn ask(&mut self, request: Message, to: Hop, now: Moment) -> Result<AskId, NotPossible> {
        if self.clients.is_full() {
            return Err(NotPossible::TooMany);
        }
        let id = AskId(self.asked.next);
        self.asked.next = self.asked.next.saturating_add(1);
        let branch = self.branch();
        let request = request.under(self.our_via(&branch, to.transport));
        self.begin(request, &branch, to, Use::Ask(id), now);
        Ok(id)
    }

    pub fn poll_answer(&mut self) -> Option<(AskId, Answer)> {
        self.asked.answers.pop_front()
    }

    /// What our Contact is where this transport is used.
    pub fn contact(&self, to: Hop) -> String {
        self.our_contact(to.transport)
    }
}
