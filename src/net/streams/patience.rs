use std::time::Duration;

use tokio::time::Instant;

use super::limits::{End, StreamLimits};

/// RFC 5626 4.4.1 allows 10 s for an answer; the second ping in vain is the end.
const PONG_WITHIN: Duration = Duration::from_secs(10);
const PONGS_MISSING_MAX: u32 = 2;

/// How long one connection may still take for what it is about.
#[derive(Debug)]
pub(super) struct Patience {
    limits: StreamLimits,
    /// Until the first message of who connected to us.
    first_by: Option<Instant>,
    /// Until the end of the message that has begun.
    whole_by: Option<Instant>,
    idle_at: Instant,
    pinging: Option<Pinging>,
}

/// Our keep-alive on a flow we opened.
#[derive(Debug)]
struct Pinging {
    every: Duration,
    next: Instant,
    /// Pings without an answer since the last sign of life.
    missing: u32,
    /// Peers that never answer are not outbound-aware (RFC 5626 3.5.1 asks only those to).
    has_answered: bool,
}

/// What time asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    Ping,
    Cut(End),
}

impl Patience {
    /// With who connected to us at `since`.
    pub(super) fn with_them(limits: StreamLimits, since: Instant, now: Instant) -> Self {
        Self {
            limits,
            first_by: Some(since + limits.first_message_within),
            whole_by: None,
            idle_at: now + limits.idle_at_most,
            pinging: None,
        }
    }

    /// With whom we connected to.
    pub(super) fn with_ours(limits: StreamLimits, ping_every: Duration, now: Instant) -> Self {
        Self {
            limits,
            first_by: None,
            whole_by: None,
            idle_at: now + limits.idle_at_most,
            pinging: Some(Pinging {
                every: ping_every,
                next: now + ping_every,
                missing: 0,
                has_answered: false,
            }),
        }
    }

    /// When to ask `due` next.
    pub(super) fn wake(&self) -> Instant {
        let ping = self.pinging.as_ref().map(|pinging| pinging.next);
        let all = [self.first_by, self.whole_by, Some(self.idle_at), ping];
        all.into_iter().flatten().min().unwrap_or(self.idle_at)
    }

    /// A whole message came.
    pub(super) fn message(&mut self, now: Instant) {
        self.first_by = None;
        self.whole_by = None;
        self.idle_at = now + self.limits.idle_at_most;
        self.alive();
    }

    /// The answer to our ping.
    pub(super) fn pong(&mut self) {
        if let Some(pinging) = &mut self.pinging {
            pinging.has_answered = true;
        }
        self.alive();
    }

    /// All that came has been looked at: is there half a message left?
    pub(super) fn looked(&mut self, midway: bool, now: Instant) {
        self.whole_by = midway.then(|| {
            let whole_by = now + self.limits.message_within;
            self.whole_by.unwrap_or(whole_by)
        });
    }

    /// Our last message was sent then.
    pub(super) fn sent(&mut self, at: Instant) {
        self.idle_at = self.idle_at.max(at + self.limits.idle_at_most);
    }

    /// What is to be done now; a flow that is kept may be idle.
    pub(super) fn due(&mut self, kept: bool, now: Instant) -> Due {
        if self.first_by.is_some_and(|by| now >= by) {
            return Due::Cut(End::SlowToBegin);
        }
        if self.whole_by.is_some_and(|by| now >= by) {
            return Due::Cut(End::HalfMessage);
        }
        if now >= self.idle_at {
            if !kept {
                return Due::Cut(End::Idle);
            }
            self.idle_at = now + self.limits.idle_at_most;
        }
        match &mut self.pinging {
            Some(pinging) if now >= pinging.next => pinging.ping(now),
            Some(_) | None => Due::Nothing,
        }
    }

    fn alive(&mut self) {
        if let Some(pinging) = &mut self.pinging {
            pinging.missing = 0;
        }
    }
}

impl Pinging {
    fn ping(&mut self, now: Instant) -> Due {
        if self.missing >= PONGS_MISSING_MAX {
            return Due::Cut(End::Silent);
        }
        if self.has_answered {
            self.missing += 1;
        }
        let last = self.missing >= PONGS_MISSING_MAX;
        self.next = now + if last { PONG_WITHIN } else { self.every };
        Due::Ping
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a place to start from")]
mod tests {
    use super::*;

    const PING_EVERY: Duration = Duration::from_secs(28);

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn who_connects_speaks_within_ten_seconds() {
        let start = Instant::now();
        let mut patience = Patience::with_them(StreamLimits::default(), start, start + s(4));
        assert_eq!(patience.wake(), start + s(10));
        assert_eq!(patience.due(true, start + s(9)), Due::Nothing);
        assert_eq!(
            patience.due(true, start + s(10)),
            Due::Cut(End::SlowToBegin)
        );
    }

    #[test]
    fn a_message_that_drips_is_cut_after_fifteen_seconds() {
        let start = Instant::now();
        let mut patience = Patience::with_them(StreamLimits::default(), start, start);
        patience.message(start);
        patience.looked(true, start);
        patience.looked(true, start + s(14));
        assert_eq!(
            patience.due(true, start + s(15)),
            Due::Cut(End::HalfMessage)
        );
        patience.message(start + s(15));
        patience.looked(true, start + s(15));
        assert_eq!(patience.wake(), start + s(30), "the next one has its own");
    }

    #[test]
    fn only_a_flow_that_is_kept_may_be_idle() {
        let start = Instant::now();
        let mut patience = Patience::with_them(StreamLimits::default(), start, start);
        patience.message(start);
        assert_eq!(patience.due(true, start + s(32)), Due::Nothing);
        assert_eq!(patience.due(false, start + s(63)), Due::Nothing);
        assert_eq!(patience.due(false, start + s(64)), Due::Cut(End::Idle));
    }

    #[test]
    fn a_peer_that_answered_pings_once_and_then_two_in_vain_is_dead() {
        let start = Instant::now();
        let mut patience = Patience::with_ours(StreamLimits::default(), PING_EVERY, start);
        assert_eq!(patience.due(true, start + s(28)), Due::Ping);
        patience.pong();
        assert_eq!(patience.due(true, start + s(56)), Due::Ping);
        assert_eq!(patience.due(true, start + s(84)), Due::Ping);
        assert_eq!(patience.due(true, start + s(93)), Due::Nothing);
        assert_eq!(patience.due(true, start + s(94)), Due::Cut(End::Silent));
    }

    #[test]
    fn a_peer_that_never_answers_pings_may_be_one_that_cannot() {
        let start = Instant::now();
        let mut patience = Patience::with_ours(StreamLimits::default(), PING_EVERY, start);
        for turn in 1..20 {
            let now = start + PING_EVERY * turn;
            assert_eq!(patience.due(true, now), Due::Ping);
        }
    }
}
