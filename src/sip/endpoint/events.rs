use std::time::Duration;

use bytes::Bytes;

use crate::sip::Hop;
use crate::sip::wire::{NameAddr, Uri};
use crate::words::{Key, Pii};

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
        retry_after: Option<Duration>,
    },
    /// Nobody answered our INVITE in 32 s; the leg is over.
    NoResponse,
    /// A re-INVITE, or an UPDATE with a description: `accept_offer` or `refuse_offer`. Without
    /// `sdp` they ask for our offer; their answer comes with `Acked`.
    Offered { sdp: Option<Bytes> },
    /// The re-INVITE of `reoffer` was accepted.
    OfferTaken { sdp: Option<Bytes> },
    /// The re-INVITE of `reoffer` was refused; the leg lives on as it was.
    OfferRefused { code: u16 },
    /// They hung up; the leg is over. `reason` is the Reason header.
    HungUp { reason: Option<String> },
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
