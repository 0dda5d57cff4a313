//! Who answers a call of ours.

use super::Leg;
use crate::media::heard::HeardFrame;
use crate::media::order::{Attended, Report};
use crate::media::outbox::Outbox;
use crate::words::Moment;

impl Leg {
    /// Listens to whom we call, until it is known who he is.
    pub(in crate::media) fn attend(&mut self, call: Attended, now: Moment) {
        match call {
            Attended::Rings => {
                self.answerer.get_or_insert_default();
            }
            Attended::Answered => {
                self.answerer.get_or_insert_default().answered();
                // What his network played says nothing of his line.
                self.line.redirect(now);
            }
            Attended::Over => self.answerer = None,
        }
    }

    /// What is silent without a packet is a pause all the same: many send nothing while nobody speaks.
    pub(super) fn tell_sign(&mut self, frame: HeardFrame<'_>, out: &mut Outbox) {
        let we_speak = self.outgoing.player.playing().is_some();
        let Some(answerer) = &mut self.answerer else {
            return;
        };
        if let Some(sign) = answerer.hear(frame.samples, frame.rate, we_speak) {
            let leg = self.key;
            out.report(Report::Sign { leg, sign });
        }
    }
}
