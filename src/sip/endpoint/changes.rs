//! What either side wants changed inside a dialog: re-INVITE and UPDATE (RFC 3261 14, RFC 3311).

use std::time::Duration;

use bytes::Bytes;

use super::gate::Request;
use super::leg::Begun;
use crate::sip::transaction::ServerKey;
use crate::sip::wire::Message;
use crate::words::{Entropy, Moment};

/// RFC 3261 14.1: the owner of the Call-ID waits 2.1 to 4 s after a 491, the other 0 to 2 s, both
/// in steps of 10 ms.
const STEP: Duration = Duration::from_millis(10);
const OWNER_STEPS: (u32, u32) = (210, 400);
const OTHER_STEPS: (u32, u32) = (0, 200);

/// A re-INVITE or UPDATE of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) by: By,
    /// Our offer; a re-INVITE always has one.
    pub(super) sdp: Option<Bytes>,
    pub(super) why: Why,
    /// How often a refusal made us send it anew in another form.
    pub(super) reshaped: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Invite,
    Update,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The desk ordered it and hears how it went.
    Ordered,
    /// It keeps the session from expiring.
    Refresh,
}

/// What the desk has not answered yet: a re-INVITE, or an UPDATE or PRACK with an offer.
#[derive(Debug)]
pub(super) struct Offered {
    pub(super) server: ServerKey,
    pub(super) request: Request,
}

/// The changes of one leg, both ways.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) theirs: Option<Offered>,
    /// Ours on its way.
    pub(super) ours: Option<Change>,
    /// Ours that met a 491, and when it goes out again.
    again: Option<(Moment, Change)>,
    /// Our description in force: what a re-INVITE repeats that changes nothing.
    pub(super) described: Bytes,
    /// Whether their Allow names UPDATE.
    pub(super) they_take_update: bool,
}

impl Change {
    pub(super) fn ordered(by: By, sdp: Option<Bytes>) -> Self {
        Self {
            by,
            sdp,
            why: Why::Ordered,
            reshaped: 0,
        }
    }

    pub(super) fn is_invite(&self) -> bool {
        self.by == By::Invite
    }

    /// Whether it begins an exchange of offer and answer.
    pub(super) fn offers(&self) -> bool {
        self.is_invite() || self.sdp.is_some()
    }

    pub(super) fn method(&self) -> &'static str {
        match self.by {
            By::Invite => "INVITE",
            By::Update => "UPDATE",
        }
    }
}

impl Changes {
    /// Whether none of ours is under way and `change` would cross none of theirs.
    pub(super) fn is_free(&self, change: &Change) -> bool {
        let crosses = self.theirs.is_some() && change.offers();
        self.ours.is_none() && self.again.is_none() && !crosses
    }

    /// Whether we wait for their answer to an offer, or for our re-INVITE to end.
    pub(super) fn awaits_their_answer(&self) -> bool {
        self.ours.as_ref().is_some_and(Change::offers)
    }

    /// Notes what their message says they take.
    pub(super) fn learn(&mut self, theirs: &Message) {
        if theirs.value("Allow").is_some() {
            self.they_take_update = theirs.tokens("Allow").any(|method| method == "UPDATE");
        }
    }

    /// The change that keeps the session, in the form they take (RFC 4028 7.4).
    pub(super) fn refresh(&self) -> Change {
        let (by, sdp) = match self.they_take_update {
            true => (By::Update, None),
            false => (By::Invite, Some(self.described.clone())),
        };
        Change {
            why: Why::Refresh,
            ..Change::ordered(by, sdp)
        }
    }

    /// Puts off what met a 491.
    pub(super) fn put_off(
        &mut self,
        change: Change,
        begun: Begun,
        entropy: &mut Entropy,
        now: Moment,
    ) {
        let (least, most) = match begun {
            Begun::ByUs => OWNER_STEPS,
            Begun::ByThem => OTHER_STEPS,
        };
        let steps =
            least.saturating_add(entropy.below(most.saturating_sub(least).saturating_add(1)));
        self.again = Some((now + STEP.saturating_mul(steps), change));
    }

    pub(super) fn take_again(&mut self) -> Option<Change> {
        self.again.take().map(|(_, change)| change)
    }

    pub(super) fn timeout(&self) -> Option<Moment> {
        self.again.as_ref().map(|(at, _)| *at)
    }

    pub(super) fn is_due(&self, now: Moment) -> bool {
        self.timeout().is_some_and(|at| now >= at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(begun: Begun, seed: u64) -> Duration {
        let mut changes = Changes::default();
        let change = Change::ordered(By::Update, None);
        let mut entropy = Entropy::from_number(seed);
        changes.put_off(change, begun, &mut entropy, Moment::ZERO);
        Duration::from_nanos(changes.timeout().unwrap().as_nanos())
    }

    #[test]
    fn the_owner_of_the_call_id_waits_longer_than_the_other() {
        let of = |begun| (0..500).map(move |seed| wait(begun, seed).as_millis());
        let (owner, other): (Vec<u128>, Vec<u128>) =
            (of(Begun::ByUs).collect(), of(Begun::ByThem).collect());
        assert!(owner.iter().all(|ms| (2100..=4000).contains(ms)));
        assert!(other.iter().all(|ms| (0..=2000).contains(ms)));
        assert!(owner.iter().chain(&other).all(|ms| ms % 10 == 0));
    }
}
