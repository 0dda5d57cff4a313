use std::time::Duration;

use tokio::time::Instant;

/// After this many errors in a row a socket is bound anew.
const ERRORS_MAX: u32 = 3;
/// The rest after an error, doubled with each further one.
const REST: Duration = Duration::from_millis(100);
const REST_MAX: Duration = Duration::from_secs(10);

/// How a socket that fails is treated: it rests, longer each time, and is bound anew.
#[derive(Debug, Default)]
pub(super) struct Mending {
    /// Errors since it last worked.
    errors: u32,
    rest_until: Option<Instant>,
}

/// What an error calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cure {
    /// The first one: it is worth a line in the log, and may pass.
    Tell,
    Rest,
    BindAnew,
}

impl Mending {
    pub(super) fn works(&mut self) {
        *self = Self::default();
    }

    pub(super) fn failed(&mut self, now: Instant) -> Cure {
        let doubled = REST * 2_u32.saturating_pow(self.errors.min(10));
        self.rest_until = Some(now + doubled.min(REST_MAX));
        self.errors = self.errors.saturating_add(1);
        match self.errors {
            1 => Cure::Tell,
            2..ERRORS_MAX => Cure::Rest,
            _ => Cure::BindAnew,
        }
    }

    /// Until when it is left alone.
    pub(super) fn rest_until(&self) -> Option<Instant> {
        self.rest_until
    }

    pub(super) fn rested(&mut self) {
        self.rest_until = None;
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a place to start from")]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_to_ten_seconds_and_the_third_error_is_one_too_many() {
        let now = Instant::now();
        let mut mending = Mending::default();
        let cures: Vec<Cure> = (0..4).map(|_| mending.failed(now)).collect();
        assert_eq!(
            cures,
            [Cure::Tell, Cure::Rest, Cure::BindAnew, Cure::BindAnew]
        );
        assert_eq!(mending.rest_until(), Some(now + Duration::from_millis(800)));
        for _ in 0..20 {
            mending.failed(now);
        }
        assert_eq!(mending.rest_until(), Some(now + REST_MAX));
        mending.works();
        assert_eq!(mending.failed(now), Cure::Tell);
    }
}
