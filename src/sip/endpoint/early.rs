//! The early dialogs of one INVITE of ours: one for each fork that rings (RFC 3261 12.1, 13.2.2.4).

use bytes::Bytes;

use crate::sip::dialog::Dialog;

/// The most forks kept apart; what a further one says is told, and its reliable responses are left
/// without PRACK, so that it gives up.
const EARLIES_MAX: usize = 8;

/// The forks that rang, the one heard last at the end.
#[derive(Debug, Default)]
pub(super) struct Earlies(Vec<Early>);

/// One fork.
#[derive(Debug)]
pub(super) struct Early {
    pub(super) dialog: Dialog,
    /// The RSeq of its last reliable response in order.
    rseq: Option<u32>,
    /// Its reliable answer to our offer: then either side may offer anew (RFC 3311 5.1), and its
    /// 2xx need not say it again.
    pub(super) answer: Option<Bytes>,
}

impl Early {
    /// Takes the RSeq of a reliable response; false for one that came again or too early, which is
    /// neither acknowledged nor read (RFC 3262 4).
    pub(super) fn take_rseq(&mut self, rseq: u32) -> bool {
        let in_order = self.rseq.is_none_or(|last| rseq == last.wrapping_add(1));
        if in_order {
            self.rseq = Some(rseq);
        }
        in_order
    }
}

impl Earlies {
    pub(super) fn last(&self) -> Option<&Early> {
        self.0.last()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Early> {
        self.0.iter_mut()
    }

    pub(super) fn get_mut(&mut self, remote_tag: &str) -> Option<&mut Early> {
        let mut earlies = self.0.iter_mut();
        earlies.find(|early| early.dialog.remote_tag() == remote_tag)
    }

    /// Whether the fork of this side answered our offer reliably.
    pub(super) fn is_settled(&self, remote_tag: &str) -> bool {
        let mut earlies = self.0.iter();
        earlies.any(|early| early.answer.is_some() && early.dialog.remote_tag() == remote_tag)
    }

    /// Whether a request of this side may belong here: before the first 1xx anyone's may.
    pub(super) fn may_know(&self, remote_tag: &str) -> bool {
        let mut earlies = self.0.iter();
        self.0.is_empty() || earlies.any(|early| early.dialog.remote_tag() == remote_tag)
    }

    /// Notes that the fork of `dialog` was heard; none past the limit.
    pub(super) fn hear(&mut self, dialog: Dialog) -> Option<&mut Early> {
        let known = |early: &Early| early.dialog.remote_tag() == dialog.remote_tag();
        match self.0.iter().position(known) {
            Some(at) => {
                let early = self.0.remove(at);
                self.0.push(early);
            }
            None if self.0.len() < EARLIES_MAX => self.0.push(Early {
                dialog,
                rseq: None,
                answer: None,
            }),
            None => return None,
        }
        self.0.last_mut()
    }
}
