use std::time::Duration;

use bytes::Bytes;

use super::legs::LegId;
use crate::sip::Hop;
use crate::sip::wire::{NameAddr, Uri};
use crate::words::{Key, Moment, Pii};

/// What a leg has to tell.
#[derive(Clone, Debug)]
pub enum Event {
    /// A call to us: `ring`, `answer` or `reject` it.
    Invited(Box<Invited>),
    /// The caller gave up before our answer; the leg is over. `reason` is the Reason header.
    Cancelled { reason: Option<String> },
    /// Our answer arrived. `answer` is theirs to the offer in our 200, and comes again for a
    /// re-INVITE without an offer.
    Acked { answer: Option<Bytes> },
    /// No ACK in 32 s (RFC 3261 13.3.1.4): hang up.
    AckMissing,
    /// A 1xx other than 100 to our INVITE.
    Provisional { code: u16, sdp: Option<Bytes> },
    /// Our INVITE was answered; the ACK has been sent.
    Answered { sdp: Option<Bytes> },
    /// Our INVITE was refused, redirected (3xx) or cancelled (487); the leg is over.
    Refused {
        code: u16,
        reason: String,
        /// The telephone network's cause (Q.850), where they tell it (RFC 3326, RFC 6432).
        cause: Option<u16>,
        retry_after: Option<Duration>,
    },
    /// Nobody answered our INVITE in 32 s; the leg is over.
    NoResponse,
    /// Their PRACK answers the offer of our `progress`.
    Pracked { answer: Bytes },
    /// No PRACK in 32 s: the INVITE is refused with 504, the leg is over (RFC 3262 3).
    PrackMissing,
    /// A re-INVITE, or an UPDATE or PRACK with a description: `accept_offer` or `refuse_offer`.
    /// Without `sdp` they ask for our offer; their answer comes with `Acked`.
    Offered { sdp: Option<Bytes> },
    /// Our `reoffer` or `update` was accepted, or a re-INVITE that kept the session alive.
    OfferTaken { sdp: Option<Bytes> },
    /// Our `reoffer` or `update` was refused; the leg lives on as it was.
    OfferRefused { code: u16 },
    /// Nobody has refreshed the session: unless somebody still does, the BYE goes out at `at`
    /// (RFC 4028 10), early enough for a farewell (D27).
    Expiring { at: Moment },
    /// The session was not refreshed: our BYE is out, the leg is over.
    Expired,
    /// They ask us to call somebody: `accept_refer` or `refuse_refer`.
    ReferAsked(Box<ReferAsked>),
    /// The call that our `refer` asked for goes on: 100, 180.
    ReferProgress { code: u16 },
    /// The last word about our `refer`: how that call, or the REFER itself, was answered; none
    /// when they never tell.
    ReferOver { code: Option<u16> },
    /// They hung up; the leg is over. `reason` is the Reason header; `after_refer` when we had
    /// taken a REFER of theirs, which their BYE then completes (D23).
    HungUp {
        reason: Option<String>,
        after_refer: bool,
    },
    /// The dialog is gone on their side (408 or 481); the leg is over.
    Lost { code: u16 },
    /// Keys by INFO.
    Keys(Vec<Key>),
}

/// An INVITE that begins a call.
#[derive(Clone, Debug)]
pub struct Invited {
    pub call_id: String,
    pub from: NameAddr,
    /// Who it is by the word of the network: P-Asserted-Identity, then Remote-Party-ID.
    pub identities: Vec<NameAddr>,
    /// The Request-URI.
    pub called: Uri,
    /// None when they want our offer in the 200.
    pub offer: Option<Bytes>,
    pub source: Hop,
    /// The leg whose place this call is to take (RFC 3891): answer this one, hang up that one.
    pub replaces: Option<LegId>,
    /// They ask that we answer by ourselves, after this wait; whether they may is the desk's to say.
    pub auto_answer: Option<Duration>,
    /// The headers of interest in the order they came: name, value.
    pub headers: Vec<(&'static str, Pii<String>)>,
}

impl Invited {
    /// The first value of a header of interest.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.reveal().as_str())
    }
}

/// A call that they ask us to make (RFC 3515).
#[derive(Clone, Debug)]
pub struct ReferAsked {
    pub to: Uri,
    /// The leg of ours whose place the new call is to take at the target, when it is ours.
    pub replaces: Option<LegId>,
    /// The Replaces value for the new INVITE, whoever's dialog it names.
    pub replaces_value: Option<String>,
    pub referred_by: Option<NameAddr>,
}
