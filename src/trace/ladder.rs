use std::time::Duration;

use jiff::Timestamp;

use super::label::label;
use crate::records::{SipMessage, Way};
use crate::words::{Moment, Party};

/// Messages between us and the parties, in their order, with what happened meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// Whom we exchanged messages with; each has a column, and we have the first.
    pub parties: Vec<Party>,
    /// When the first row was.
    pub began: Option<Timestamp>,
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Since the first row.
    pub after: Duration,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Message {
        party: Party,
        way: Way,
        /// The message in a few words.
        label: String,
        /// The same was said before: it was repeated (RFC 3261 17.1.1.2).
        again: bool,
    },
    /// Something else that happened.
    Event(String),
}

impl Ladder {
    /// `events` are in words, each with its time.
    pub fn new(messages: &[SipMessage], events: Vec<(Moment, Timestamp, String)>) -> Self {
        let is_repeated = |n: usize| {
            let before = &messages[..n];
            before.iter().any(|other| is_same(other, &messages[n]))
        };
        let said = messages.iter().enumerate().map(|(n, message)| {
            let what = What::Message {
                party: message.party,
                way: message.way,
                label: label(message),
                again: is_repeated(n),
            };
            (message.at, message.utc, what)
        });
        let happened = events
            .into_iter()
            .map(|(at, utc, words)| (at, utc, What::Event(words)));
        let mut all: Vec<_> = said.chain(happened).collect();
        // Stable: what came at one moment stays in its order, messages before what they led to.
        all.sort_by_key(|(at, _, _)| *at);
        let first = all.first().map(|(at, utc, _)| (*at, *utc));
        let start = first.map_or(Moment::ZERO, |(at, _)| at);
        let parties = Party::ALL.into_iter();
        Self {
            parties: parties
                .filter(|party| messages.iter().any(|message| message.party == *party))
                .collect(),
            began: first.map(|(_, utc)| utc),
            rows: all
                .into_iter()
                .map(|(at, _, what)| Row {
                    after: at.since(start),
                    what,
                })
                .collect(),
        }
    }

    /// The column of a party, counted from ours.
    pub(super) fn column(&self, party: Party) -> usize {
        let place = self.parties.iter().position(|it| *it == party);
        place.map_or(0, |place| place + 1)
    }
}

fn is_same(one: &SipMessage, other: &SipMessage) -> bool {
    (one.party, one.way, one.theirs) == (other.party, other.way, other.theirs)
        && one.text == other.text
}
