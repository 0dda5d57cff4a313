//! What a tester should see of a policy on the wire, and when.

use std::time::Duration;

use super::{AnswerMode, CountsFrom, Policy};

/// One moment of a call, as SIP and RTP show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timed {
    /// What comes then: `timing.<what>` of the catalogue.
    pub what: &'static str,
    /// What it is counted from: `timing.from.<from>` of the catalogue.
    pub from: &'static str,
    pub after: Duration,
    /// On a machine that keeps up, and without the network's own delay.
    pub tolerance: Duration,
    /// The key of the policy that decides it.
    pub key: &'static str,
}

/// A message of ours leaves when the desk wakes for its timer.
const SIGNALLING: Duration = Duration::from_millis(100);
/// A phrase begins in the first frame that is not before its time; the desk hears of that within one more.
const FRAMES: Duration = Duration::from_millis(40);
/// The grid is counted in samples: 8,000 a second, in whatever frame the onset falls (D3).
const FRAME: Duration = Duration::from_millis(20);

impl Policy {
    /// In the order in which a call meets them; what is set to "never" is left out.
    pub fn timing(&self) -> Vec<Timed> {
        let mut timed = self.of_the_answer();
        timed.extend(self.of_the_opening());
        timed.extend(self.of_the_wait());
        timed.extend(self.of_the_transfer());
        timed.extend(self.of_the_end());
        timed
    }

    fn of_the_answer(&self) -> Vec<Timed> {
        let key = match self.answer.mode {
            AnswerMode::Auto => "answer.after_rings",
            AnswerMode::Manual => "answer.within_rings",
        };
        let waiting = &self.waiting;
        vec![
            sip("answer", "180", self.answer.deadline(), key),
            rtp("greeting", "ack", Duration::ZERO, "answer.say"),
            sip(
                "another-seat",
                "seat-invite",
                waiting.rep_rings_for.get(),
                "waiting.rep_rings_for",
            ),
        ]
    }

    /// The ladder's second and third phrase are counted from the end of the one before (R23-R25).
    fn of_the_opening(&self) -> Vec<Timed> {
        let fault = &self.line_fault;
        let first = rtp(
            "ladder",
            "greeting-end",
            fault.opening_after.get(),
            "line_fault.opening_after",
        );
        let steps = fault.opening.iter().enumerate().map(|(n, step)| {
            let what = match n + 1 < fault.opening.len() {
                true => "ladder-next",
                false => "ladder-farewell",
            };
            rtp(what, "phrase-end", step.wait.get(), "line_fault.opening")
        });
        let lost = sip(
            "lost",
            "last-packet",
            fault.lost_after.get() + self.line.after.media_stopped.get(),
            "line_fault.lost_after",
        );
        [first].into_iter().chain(steps).chain([lost]).collect()
    }

    fn of_the_wait(&self) -> Vec<Timed> {
        let (hold, waiting) = (&self.hold, &self.waiting);
        let grid = match hold.counts_from {
            CountsFrom::Start => "onset",
            CountsFrom::End => "phrase-end",
        };
        let every = Timed {
            tolerance: FRAME,
            ..rtp("grid", grid, hold.every.get(), "hold.every")
        };
        let offers = [
            hold.offer_after
                .get()
                .map(|after| rtp("offer", "hold", after, "hold.offer_after")),
            waiting
                .offer_after
                .get()
                .map(|after| rtp("offer", "waiting", after, "waiting.offer_after")),
        ];
        let mut timed = vec![
            rtp("hold-wait", "hold", Duration::ZERO, "hold.say"),
            every,
            rtp(
                "busy",
                "waiting",
                waiting.busy_after.get(),
                "waiting.busy_after",
            ),
        ];
        timed.extend(offers.into_iter().flatten());
        timed.push(rtp("muted", "mute", hold.muted_for.get(), "hold.muted_for"));
        timed.push(rtp(
            "keys-again",
            "phrase-end",
            self.consent.wait.get(),
            "consent.wait",
        ));
        timed
    }

    fn of_the_transfer(&self) -> Vec<Timed> {
        let (transfer, callback) = (&self.transfer, &self.callback);
        vec![
            sip(
                "target-cancel",
                "target-invite",
                transfer.answer_within.get(),
                "transfer.answer_within",
            ),
            sip(
                "target-bye",
                "briefing-end",
                transfer.accept_within.get(),
                "transfer.accept_within",
            ),
            sip(
                "customer-cancel",
                "customer-invite",
                callback.rings_for.get(),
                "callback.rings_for",
            ),
            rtp(
                "opening-words",
                "customer-200",
                callback.voice_within.get(),
                "callback.voice_within",
            ),
        ]
    }

    fn of_the_end(&self) -> Vec<Timed> {
        vec![
            rtp(
                "closing",
                "rep-bye",
                self.closing.caller_first.get(),
                "closing.caller_first",
            ),
            sip("bye", "farewell-end", Duration::ZERO, "closing.say"),
        ]
    }
}

fn sip(what: &'static str, from: &'static str, after: Duration, key: &'static str) -> Timed {
    Timed {
        what,
        from,
        after,
        tolerance: SIGNALLING,
        key,
    }
}

fn rtp(what: &'static str, from: &'static str, after: Duration, key: &'static str) -> Timed {
    Timed {
        tolerance: FRAMES,
        ..sip(what, from, after, key)
    }
}
