//! How long to wait: never in step with the other PCs of the house.

use std::time::Duration;

use crate::words::Entropy;

/// RFC 5626 4.5, when no flow is left: base-time ...
const BACK_OFF: Duration = Duration::from_secs(30);
/// ... and max-time.
const BACK_OFF_MAX: Duration = Duration::from_secs(30 * 60);
/// After a refusal: long enough that no fail2ban bars the house.
const REFUSED: Duration = Duration::from_secs(10 * 60);
/// The random part added to it.
const REFUSED_SPREAD: Duration = Duration::from_secs(5 * 60);
/// However little a registrar grants, refreshes are this far apart.
const REFRESH_MIN: Duration = Duration::from_secs(10);
/// A longer Retry-After is not believed.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60 * 60);

/// A random part of the start's jitter.
pub(super) fn start(jitter: Duration, entropy: &mut Entropy) -> Duration {
    part(jitter, entropy)
}

/// 50-90 % of what was granted.
pub(super) fn refresh(granted: Duration, entropy: &mut Entropy) -> Duration {
    let spread = part(granted.mul_f64(0.4), entropy);
    granted.mul_f64(0.5).saturating_add(spread).max(REFRESH_MIN)
}

/// RFC 5626 4.5: 50-100 % of a bound that doubles with each failure in a row (`failures` >= 1).
pub(super) fn back_off(failures: u32, retry_after: Duration, entropy: &mut Entropy) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let bound = BACK_OFF
        .saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX))
        .min(BACK_OFF_MAX);
    let half = bound.mul_f64(0.5);
    half.saturating_add(part(half, entropy)).max(retry_after)
}

pub(super) fn refused(retry_after: Duration, entropy: &mut Entropy) -> Duration {
    let wait = REFUSED.saturating_add(part(REFUSED_SPREAD, entropy));
    wait.max(retry_after)
}

/// What a Retry-After value says (RFC 3261 20.33); zero when it says nothing.
pub(super) fn retry_after(value: Option<&str>) -> Duration {
    let seconds = value.and_then(|value| value.split([' ', ';', '(']).next());
    let seconds = seconds.and_then(|text| text.parse().ok()).unwrap_or(0);
    Duration::from_secs(seconds).min(RETRY_AFTER_MAX)
}

/// Anything from zero to `whole`, in milliseconds.
fn part(whole: Duration, entropy: &mut Entropy) -> Duration {
    let limit_ms = u32::try_from(whole.as_millis()).unwrap_or(u32::MAX);
    let ms = entropy.below(limit_ms.saturating_add(1));
    Duration::from_millis(u64::from(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// The shortest and the longest of a thousand waits.
    fn range(wait: impl Fn(&mut Entropy) -> Duration) -> (Duration, Duration) {
        let mut entropy = Entropy::from_number(1);
        let waits: Vec<_> = (0..1_000).map(|_| wait(&mut entropy)).collect();
        (*waits.iter().min().unwrap(), *waits.iter().max().unwrap())
    }

    #[test]
    fn two_hundred_starts_spread_over_the_whole_jitter() {
        let (first, last) = range(|dice| start(SECOND * 30, dice));
        assert!(first < SECOND && last > SECOND * 29 && last <= SECOND * 30);
        assert_eq!(range(|dice| start(Duration::ZERO, dice)).1, Duration::ZERO);
    }

    #[test]
    fn refreshes_come_at_half_to_nine_tenths() {
        let (first, last) = range(|dice| refresh(SECOND * 100, dice));
        assert!(first >= SECOND * 50 && first < SECOND * 51);
        assert!(last <= SECOND * 90 && last > SECOND * 89);
        assert_eq!(range(|dice| refresh(SECOND, dice)).0, REFRESH_MIN);
    }

    #[test]
    fn a_dead_server_is_tried_ever_more_rarely_up_to_half_an_hour() {
        let (first, last) = range(|dice| back_off(1, Duration::ZERO, dice));
        assert!(first >= SECOND * 15 && last <= SECOND * 30);
        let (first, last) = range(|dice| back_off(3, Duration::ZERO, dice));
        assert!(first >= SECOND * 60 && last <= SECOND * 120);
        let (first, last) = range(|dice| back_off(u32::MAX, Duration::ZERO, dice));
        assert!(first >= SECOND * 900 && last <= SECOND * 1800);
    }

    #[test]
    fn retry_after_is_kept_within_an_hour() {
        assert_eq!(retry_after(Some("120 (busy);duration=9")), SECOND * 120);
        assert_eq!(retry_after(Some("99999999")), SECOND * 3600);
        assert_eq!(retry_after(Some("soon")), Duration::ZERO);
        assert_eq!(retry_after(None), Duration::ZERO);
        let (first, _) = range(|dice| back_off(1, SECOND * 200, dice));
        assert_eq!(first, SECOND * 200);
    }

    #[test]
    fn a_refusal_waits_ten_to_fifteen_minutes() {
        let (first, last) = range(|dice| refused(Duration::ZERO, dice));
        assert!(first >= SECOND * 600 && last <= SECOND * 900 && last > SECOND * 890);
    }
}
