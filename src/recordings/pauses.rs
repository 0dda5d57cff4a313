use std::collections::VecDeque;

use crate::words::Moment;

/// When nothing is kept, by the call's time: frames come later than the word that pauses them.
#[derive(Clone, Debug, Default)]
pub(super) struct Pauses {
    spans: VecDeque<Span>,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    from: Moment,
    until: Option<Moment>,
}

/// Spans that are still looked at; with more, the sound between two of them is not kept, either.
const SPANS_MAX: usize = 64;

impl Pauses {
    pub(super) fn pause(&mut self, at: Moment) {
        let is_full = self.spans.len() >= SPANS_MAX;
        match self.spans.back_mut() {
            Some(last) if last.until.is_none() => {}
            Some(last) if is_full => last.until = None,
            Some(_) | None => self.spans.push_back(Span {
                from: at,
                until: None,
            }),
        }
    }

    pub(super) fn resume(&mut self, at: Moment) {
        if let Some(last) = self.spans.back_mut() {
            last.until.get_or_insert(at);
        }
    }

    /// Whether a frame of this moment is kept silent; frames come in their order.
    pub(super) fn hide(&mut self, at: Moment) -> bool {
        while let Some(Span {
            until: Some(until), ..
        }) = self.spans.front()
            && *until <= at
        {
            self.spans.pop_front();
        }
        self.spans.front().is_some_and(|span| span.from <= at)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(ms: u64) -> Moment {
        Moment::ZERO + Duration::from_millis(ms)
    }

    #[test]
    fn frames_on_their_way_are_judged_by_their_own_time() {
        let mut pauses = Pauses::default();
        pauses.pause(at(100));
        pauses.resume(at(200));
        pauses.pause(at(300));
        let hidden = [80, 100, 180, 200, 280, 300, 9_000].map(|ms| pauses.hide(at(ms)));
        assert_eq!(hidden, [false, true, true, false, false, true, true]);
    }

    #[test]
    fn whoever_pauses_without_end_is_not_recorded_in_between() {
        let mut pauses = Pauses::default();
        for round in 0..100 {
            pauses.pause(at(round * 20));
            pauses.resume(at(round * 20 + 10));
        }
        assert!(pauses.spans.len() <= SPANS_MAX);
        assert!(pauses.hide(at(63 * 20 + 15)));
        assert!(!pauses.hide(at(3_000)));
    }
}
