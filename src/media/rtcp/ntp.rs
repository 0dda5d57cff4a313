use std::time::Duration;

use super::Echo;
use crate::words::Moment;

/// A round trip longer than this is a clock that is wrong.
const ROUND_TRIP_MAX: Duration = Duration::from_secs(10);

/// How long a report and its answer were on the way; none where the clocks cannot be right (RFC 3550 6.4.1).
pub fn round_trip(echo: Echo, now: Moment) -> Option<Duration> {
    let on_the_way = middle(time(now))
        .wrapping_sub(echo.ntp)
        .wrapping_sub(echo.held);
    let span = Duration::from_nanos((u64::from(on_the_way) * 1_000_000_000) >> 16);
    (span <= ROUND_TRIP_MAX).then_some(span)
}

/// Boot time as NTP time: RFC 3550 4 allows any clock whose differences are right.
pub(super) fn time(now: Moment) -> u64 {
    span(now.since(Moment::ZERO))
}

/// Seconds in 32.32 fixed point.
pub(super) fn span(span: Duration) -> u64 {
    let fraction = (u64::from(span.subsec_nanos()) << 32) / 1_000_000_000;
    span.as_secs() << 32 | fraction
}

/// Seconds in 16.16 fixed point.
pub(super) fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}
