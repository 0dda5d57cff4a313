//! Which SIP messages were of which call: they are kept beside its timeline, for `thirdring trace`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use crate::records::{SipMessage, Way};
use crate::sip::{Hop, masked};
use crate::words::{CallId, Moment, Party};

use super::keeper::Job;
use super::{Desk, clock};

/// A message of one that may be ours.
#[derive(Clone, Debug)]
pub(super) struct Tapped {
    at: Moment,
    way: Way,
    ours: SocketAddr,
    theirs: Hop,
    bytes: Bytes,
}

/// Messages of one turn of the desk that may be looked for; the others are not kept.
const TAPPED_MAX: usize = 1_024;
/// Legs that are known by their Call-IDs before those that ended are looked for.
const KNOWN_MIN: usize = 256;
/// How long after its leg a message may come: its transactions are over by then (RFC 3261 17.1.1.2, 64 T1).
const AFTER_LEG: Duration = Duration::from_secs(32);

/// What is heard and said by SIP, until it is known of which call it is.
#[derive(Debug, Default)]
pub(super) struct Tap(Vec<Tapped>);

impl Tap {
    pub(super) fn take_in(
        &mut self,
        way: Way,
        (ours, theirs): (SocketAddr, Hop),
        bytes: Bytes,
        at: Moment,
    ) {
        if self.0.len() < TAPPED_MAX {
            self.0.push(Tapped {
                at,
                way,
                ours,
                theirs,
                bytes,
            });
        }
    }
}

/// Whose messages bear a Call-ID.
#[derive(Debug, Default)]
pub(super) struct CallIds {
    known: BTreeMap<String, Known>,
    /// Once there are so many, those that ended are looked for.
    look_at: usize,
}

#[derive(Debug)]
struct Known {
    call: CallId,
    party: Party,
    last: Moment,
}

impl CallIds {
    fn get(&mut self, call_id: &str, now: Moment) -> Option<(CallId, Party)> {
        let known = self.known.get_mut(call_id)?;
        known.last = now;
        Some((known.call, known.party))
    }

    fn learn(
        &mut self,
        call_id: String,
        (call, party): (CallId, Party),
        now: Moment,
        is_up: impl Fn(CallId) -> bool,
    ) {
        if self.known.len() >= self.look_at.max(KNOWN_MIN) {
            self.known
                .retain(|_, known| is_up(known.call) || now.since(known.last) < AFTER_LEG);
            self.look_at = self.known.len() * 2;
        }
        let known = Known {
            call,
            party,
            last: now,
        };
        self.known.insert(call_id, known);
    }
}

impl Desk {
    /// Hands over what was said and heard since the last time; it may be lost where the disk cannot follow.
    pub(super) fn keep_messages(&mut self, now: Moment) {
        let Some(tap) = &mut self.signalling.tap else {
            return;
        };
        if tap.0.is_empty() {
            return;
        }
        let utc = clock::utc();
        for tapped in std::mem::take(&mut tap.0) {
            let Some(((call, party), is_first)) = self.whose(&tapped.bytes, now) else {
                continue;
            };
            let message = Box::new(tapped.message(party, utc));
            // What was deleted by number does not come back with the last words about it.
            self.keeper
                .spare(match is_first || self.calls.get(call).is_some() {
                    true => Job::SipMessage(call, message),
                    false => Job::SipAfterwards(call, message),
                });
        }
    }

    /// And whether it is the first of its leg.
    fn whose(&mut self, message: &[u8], now: Moment) -> Option<((CallId, Party), bool)> {
        let call_id = call_id(message)?;
        if let Some(whose) = self.call_ids.get(call_id, now) {
            return Some((whose, false));
        }
        let mut legs = self.signalling.endpoint.legs_named(call_id);
        let whose = legs.find_map(|leg| {
            let rep = |call| (call, Party::Rep);
            let second = || self.calls.of_second(leg).map(rep);
            let candidate = || self.calls.candidates.call_of(leg).map(rep);
            self.calls.of_sip(leg).or_else(second).or_else(candidate)
        })?;
        let is_up = |call| self.calls.get(call).is_some();
        self.call_ids.learn(call_id.to_owned(), whose, now, is_up);
        Some((whose, true))
    }
}

impl Tapped {
    fn message(&self, party: Party, utc: jiff::Timestamp) -> SipMessage {
        SipMessage {
            at: self.at,
            utc,
            party,
            way: self.way,
            transport: self.theirs.transport.of_via().to_owned(),
            ours: self.ours,
            theirs: self.theirs.address,
            text: masked(&self.bytes),
        }
    }
}

/// The Call-ID of a message, without reading the rest of it (RFC 3261 20.8).
fn call_id(message: &[u8]) -> Option<&str> {
    let lines = message.split(|byte| *byte == b'\n').skip(1);
    let mut head = lines.take_while(|line| !line.trim_ascii().is_empty());
    let value = head.find_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (line[..colon].trim_ascii(), &line[colon + 1..]);
        let is_it = name.eq_ignore_ascii_case(b"call-id") || name.eq_ignore_ascii_case(b"i");
        is_it.then(|| value.trim_ascii())
    })?;
    std::str::from_utf8(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(n: u8) -> CallId {
        CallId::new(0, [n; 10])
    }

    #[test]
    fn a_message_is_known_by_its_call_id_however_it_is_written() {
        assert_eq!(
            call_id(b"BYE sip:a@b SIP/2.0\r\nVia: x\r\nCall-ID: a1@b\r\n\r\n"),
            Some("a1@b")
        );
        assert_eq!(call_id(b"SIP/2.0 200 OK\r\ni : a2\r\n\r\n"), Some("a2"));
        assert_eq!(
            call_id(b"INFO sip:a@b SIP/2.0\r\nVia: x\r\n\r\nCall-ID: body\r\n"),
            None
        );
        assert_eq!(call_id(b""), None);
    }

    #[test]
    fn the_last_words_of_a_leg_are_its_calls_and_what_ended_is_forgotten() {
        let mut ids = CallIds::default();
        let later = |seconds| Moment::ZERO + Duration::from_secs(seconds);
        for n in 0..KNOWN_MIN {
            ids.learn(
                n.to_string(),
                (call(1), Party::Caller),
                Moment::ZERO,
                |_| false,
            );
        }
        assert_eq!(ids.get("7", later(31)), Some((call(1), Party::Caller)));
        ids.learn("new".to_owned(), (call(2), Party::Rep), later(40), |_| {
            false
        });
        assert_eq!(ids.known.keys().collect::<Vec<_>>(), ["7", "new"]);
    }

    #[test]
    fn calls_that_are_up_stay_known() {
        let mut ids = CallIds::default();
        for n in 0..=KNOWN_MIN {
            let hour = Moment::ZERO + Duration::from_secs(3_600 * n as u64);
            ids.learn(n.to_string(), (call(1), Party::Caller), hour, |_| true);
        }
        assert_eq!(ids.known.len(), KNOWN_MIN + 1);
    }
}
