//! Provisional responses of ours that are repeated until their PRACK (RFC 3262 3).

use bytes::Bytes;

use super::leg::LegTick;
use crate::sip::Hop;
use crate::sip::transaction::{Backoff, GIVE_UP};
use crate::words::Moment;

/// A provisional response as ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) code: u16,
    pub(super) sdp: Option<Bytes>,
}

/// The reliable responses of one INVITE.
#[derive(Debug, Default)]
pub(super) struct Reliable {
    /// The last RSeq used; 0 before the first.
    rseq: u32,
    waiting: Option<Waiting>,
    /// What was ordered while another waited: only the newest is worth sending.
    next: Option<Progress>,
    /// The answer that waits for the PRACK of a description (RFC 3262 3).
    answer: Option<Bytes>,
}

/// The response without a PRACK yet.
#[derive(Debug)]
pub(super) struct Waiting {
    rseq: u32,
    to: Hop,
    response: Bytes,
    described: bool,
    /// None once a final response is out, which ends the repetition.
    repeat: Option<(Backoff, Moment)>,
}

impl Reliable {
    /// The RSeq of the next response; `random` begins the count (RFC 3262 3: 1 to 2^31 - 1).
    pub(super) fn next_rseq(&mut self, random: u32) -> u32 {
        self.rseq = match self.rseq {
            0 => random % 0x7FFF_FFFF,
            last => last,
        };
        self.rseq = self.rseq.saturating_add(1);
        self.rseq
    }

    pub(super) fn sent(&mut self, to: Hop, response: Bytes, described: bool, now: Moment) {
        self.waiting = Some(Waiting {
            rseq: self.rseq,
            to,
            response,
            described,
            repeat: Some((Backoff::doubling(now), now + GIVE_UP)),
        });
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    pub(super) fn is_awaited(&self, rseq: u32) -> bool {
        self.waiting.as_ref().is_some_and(|it| it.rseq == rseq)
    }

    /// Takes the PRACK of the waiting response.
    pub(super) fn acknowledged(&mut self) {
        self.waiting = None;
    }

    pub(super) fn queue(&mut self, progress: Progress) {
        self.next = Some(progress);
    }

    pub(super) fn take_next(&mut self) -> Option<Progress> {
        self.next.take()
    }

    /// Keeps the answer back while a description waits for its PRACK; else gives it back.
    pub(super) fn hold_back(&mut self, answer: Bytes) -> Option<Bytes> {
        if !self.waiting.as_ref().is_some_and(|it| it.described) {
            return Some(answer);
        }
        self.answer = Some(answer);
        None
    }

    pub(super) fn take_answer(&mut self) -> Option<Bytes> {
        self.answer.take()
    }

    /// A final response is out: the PRACK may still come, and nothing is repeated for it.
    pub(super) fn finish(&mut self) {
        self.next = None;
        if let Some(waiting) = &mut self.waiting {
            waiting.repeat = None;
        }
    }

    pub(super) fn timeout(&self) -> Option<Moment> {
        let (repeat, until) = self.waiting.as_ref()?.repeat.as_ref()?;
        Some(repeat.next().min(*until))
    }

    pub(super) fn handle_timeout(&mut self, now: Moment) -> Option<LegTick> {
        let waiting = self.waiting.as_mut()?;
        let (repeat, until) = waiting.repeat.as_mut()?;
        if now >= *until {
            return Some(LegTick::PrackMissing);
        }
        let due = repeat.is_due(now);
        due.then(|| LegTick::Send(waiting.to, waiting.response.clone()))
    }
}

/// A RAck value: RSeq, CSeq number, method (RFC 3262 7.2).
pub(super) fn read_rack(value: &str) -> Option<(u32, u32, &str)> {
    let mut pieces = value.split_ascii_whitespace();
    let rack = (
        pieces.next()?.parse().ok()?,
        pieces.next()?.parse().ok()?,
        pieces.next()?,
    );
    pieces.next().is_none().then_some(rack)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rseq_begins_anywhere_and_rises_by_one() {
        let mut reliable = Reliable::default();
        let first = reliable.next_rseq(u32::MAX);
        assert!((1..=0x7FFF_FFFF).contains(&first));
        assert_eq!(reliable.next_rseq(7), first + 1);
    }

    #[test]
    fn a_rack_has_three_words() {
        assert_eq!(read_rack("776656 1 INVITE"), Some((776_656, 1, "INVITE")));
        for value in [
            "",
            "1 INVITE",
            "1 1 INVITE x",
            "-1 1 INVITE",
            "1 99999999999 INVITE",
        ] {
            assert_eq!(read_rack(value), None, "{value}");
        }
    }
}
