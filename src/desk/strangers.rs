use std::time::Duration;

use super::Desk;
use crate::words::Moment;

/// The log tells of them once in so long, however many there are.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// What the log has told of those who are no line, or no phone, of ours.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    requests: Told,
    logins: Told,
}

/// How many were told of, and when.
#[derive(Debug, Default)]
struct Told {
    told: u64,
    last: Option<Moment>,
}

impl Desk {
    /// An admin who forgot a `[[sip.peer]]` finds its address here.
    pub(super) fn tell_of_strangers(&mut self, now: Moment) {
        let counters = self.signalling.endpoint.counters();
        let (in_all, from) = (counters.strangers(), counters.last_stranger());
        if let Some(requests) = self.duty.strangers.requests.news(in_all, now) {
            let last_from = from.map(|from| from.ip().to_string());
            tracing::warn!(
                requests,
                last_from,
                "refused strangers: who may call stands in [[sip.peer]]"
            );
        }
    }

    /// A phone that has the wrong password asks with it for as long as it likes.
    pub(super) fn tell_of_wrong_logins(&mut self, now: Moment) {
        let Some(judged) = self.signalling.endpoint.judgements() else {
            return;
        };
        let (in_all, from) = (judged.wrong(), judged.last_wrong());
        if let Some(logins) = self.duty.strangers.logins.news(in_all, now) {
            let last_from = from.map(|from| from.to_string());
            tracing::warn!(
                logins,
                last_from,
                "refused phones: a wrong username or password"
            );
        }
    }
}

impl Told {
    /// How many came since it was told last, where it is time to tell.
    fn news(&mut self, in_all: u64, now: Moment) -> Option<u64> {
        let is_time = self.last.is_none_or(|last| now.since(last) >= TELL_EVERY);
        let new = in_all
            .checked_sub(self.told)
            .filter(|new| is_time && *new > 0)?;
        (self.told, self.last) = (in_all, Some(now));
        Some(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_strangers_is_one_line_a_minute() {
        let mut strangers = Told::default();
        let at = |seconds| Moment::ZERO + Duration::from_secs(seconds);
        assert_eq!(strangers.news(0, at(0)), None);
        assert_eq!(strangers.news(1, at(1)), Some(1));
        assert_eq!(strangers.news(10_000, at(60)), None);
        assert_eq!(strangers.news(20_000, at(61)), Some(19_999));
        assert_eq!(strangers.news(20_000, at(300)), None);
    }
}
