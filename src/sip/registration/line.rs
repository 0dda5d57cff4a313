use super::stage::Purpose;
use crate::sip::wire::{Message, Uri};
use crate::words::Entropy;

/// The length of tag and Call-ID, in characters of 5 bits.
const TOKEN: usize = 20;
/// RFC 3261 8.1.1.5: a CSeq number is below 2^31.
const CSEQ_MAX: u32 = 0x7FFF_FFFF;

/// What all our REGISTERs share (RFC 3261 10.2).
#[derive(Debug)]
pub(super) struct Line {
    pub(super) call_id: String,
    pub(super) tag: String,
    pub(super) cseq: u32,
    pub(super) contact: Uri,
    /// The Contact the registrar knows, as far as we know.
    pub(super) bound: Option<Uri>,
}

/// The addresses the registrar's name stands for.
#[derive(Debug)]
pub(super) struct Targets {
    pub(super) count: usize,
    /// The one in use; the living one is kept.
    pub(super) current: usize,
    /// Rounds in a row in which all failed.
    pub(super) failures: u32,
}

impl Line {
    pub(super) fn new(contact: Uri, entropy: &mut Entropy) -> Self {
        Self {
            call_id: entropy.token(TOKEN),
            tag: entropy.token(TOKEN),
            cseq: 0,
            contact,
            bound: None,
        }
    }

    pub(super) fn next_cseq(&mut self) -> u32 {
        self.cseq = (self.cseq % CSEQ_MAX).saturating_add(1);
        self.cseq
    }

    /// Whether `response` is one to our latest REGISTER.
    pub(super) fn is_latest(&self, response: &Message) -> bool {
        let value = response.value("CSeq").unwrap_or_default();
        let number = value.split_ascii_whitespace().next();
        number.and_then(|text| text.parse().ok()) == Some(self.cseq)
    }

    /// The Contact a REGISTER is about, and one that leads nowhere by now.
    pub(super) fn contacts(&self, purpose: Purpose) -> (&Uri, Option<&Uri>) {
        let bound = self.bound.as_ref();
        match purpose {
            Purpose::Deregister => (bound.unwrap_or(&self.contact), None),
            Purpose::Register | Purpose::Refresh { .. } => {
                let gone = bound.filter(|bound| !bound.is_same(&self.contact));
                (&self.contact, gone)
            }
        }
    }
}

impl Default for Targets {
    fn default() -> Self {
        Self {
            count: 1,
            current: 0,
            failures: 0,
        }
    }
}

impl Targets {
    pub(super) fn resolved(&mut self, count: usize, in_use: Option<usize>) {
        self.count = count;
        self.current = in_use.filter(|at| *at < count).unwrap_or(0);
    }

    pub(super) fn step(&mut self) {
        let next = self.current.saturating_add(1);
        self.current = if next < self.count { next } else { 0 };
    }
}
