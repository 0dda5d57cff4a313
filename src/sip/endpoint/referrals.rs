//! The referrals of one leg: who asked whom to call somebody else, and how that is told.

use std::time::Duration;

use super::gate::Request;
use crate::sip::transaction::ServerKey;
use crate::words::Moment;

/// How long a referral of ours waits for the next NOTIFY, whatever they promise.
pub(super) const HEARD_WITHIN: Duration = Duration::from_secs(180);

/// At most one each way.
#[derive(Debug, Default)]
pub(super) struct Referrals {
    pub(super) ours: Option<OurReferral>,
    pub(super) theirs: TheirReferral,
}

/// A REFER of ours, and the subscription it implies (RFC 3515 2.4.4).
#[derive(Debug)]
pub(super) struct OurReferral {
    /// The CSeq number of the REFER: what `id` in their Event names.
    pub(super) id: u32,
    /// When it is given up.
    pub(super) until: Moment,
    /// A final code was told: what follows only ends the subscription.
    pub(super) told: bool,
}

/// A REFER of theirs.
#[derive(Debug, Default)]
pub(super) enum TheirReferral {
    #[default]
    None,
    /// The desk has not decided.
    Asked(Box<AskedReferral>),
    /// We do it and tell how it goes; `silent` when they want no NOTIFY (RFC 4488).
    Accepted { id: u32, silent: bool },
    /// It is over. A BYE of theirs may still be its end.
    Done,
}

#[derive(Debug)]
pub(super) struct AskedReferral {
    pub(super) server: ServerKey,
    pub(super) request: Request,
}

impl Referrals {
    pub(super) fn timeout(&self) -> Option<Moment> {
        self.ours.as_ref().map(|ours| ours.until)
    }

    pub(super) fn is_due(&self, now: Moment) -> bool {
        self.timeout().is_some_and(|until| now >= until)
    }

    /// Whether we took a REFER of theirs: their BYE is then its natural end (D23).
    pub(super) fn took_theirs(&self) -> bool {
        match self.theirs {
            TheirReferral::Accepted { .. } | TheirReferral::Done => true,
            TheirReferral::None | TheirReferral::Asked(_) => false,
        }
    }
}
