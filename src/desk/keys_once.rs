//! A key that a phone tells twice, in its sound and by INFO, is one key (D11). Pure.

use std::collections::VecDeque;
use std::time::Duration;

use crate::words::{Key, Moment};

/// Who sends both sends the second by the end of the press.
const TWIN_WITHIN: Duration = Duration::from_secs(2);

/// Keys whose twin may still come; the oldest makes room.
const AWAITED_MAX: usize = 16;

/// How a key came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Road {
    /// RFC 4733, or tones.
    Sound,
    Info,
}

/// The last keys of a leg.
#[derive(Debug, Default)]
pub(super) struct KeysOnce(VecDeque<(Key, Road, Moment)>);

impl KeysOnce {
    /// Whether this key has not come by the other road already.
    pub(super) fn is_new(&mut self, key: Key, road: Road, now: Moment) -> bool {
        self.0.retain(|(_, _, at)| now.since(*at) < TWIN_WITHIN);
        let is_twin = |(other, by, _): &(Key, Road, Moment)| *other == key && *by != road;
        if let Some(twin) = self.0.iter().position(is_twin) {
            self.0.remove(twin);
            return false;
        }
        if self.0.len() >= AWAITED_MAX {
            self.0.pop_front();
        }
        self.0.push_back((key, road, now));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(keys: &[(u64, Road)]) -> usize {
        let mut once = KeysOnce::default();
        let at = |ms: u64| Moment::ZERO + Duration::from_millis(ms);
        let new = |(ms, road): &&(u64, Road)| once.is_new(Key::ONE, *road, at(*ms));
        keys.iter().filter(new).count()
    }

    #[test]
    fn a_key_told_on_both_roads_counts_once() {
        assert_eq!(count(&[(0, Road::Sound), (120, Road::Info)]), 1);
        assert_eq!(count(&[(0, Road::Info), (40, Road::Sound)]), 1);
    }

    #[test]
    fn a_key_pressed_twice_counts_twice_whatever_roads_it_takes() {
        assert_eq!(count(&[(0, Road::Sound), (200, Road::Sound)]), 2);
        let both = [
            (0, Road::Sound),
            (100, Road::Info),
            (300, Road::Sound),
            (400, Road::Info),
        ];
        assert_eq!(count(&both), 2);
        let late = [
            (0, Road::Sound),
            (200, Road::Sound),
            (250, Road::Info),
            (450, Road::Info),
        ];
        assert_eq!(count(&late), 2);
    }

    #[test]
    fn after_two_seconds_it_is_another_key() {
        assert_eq!(count(&[(0, Road::Sound), (2_000, Road::Info)]), 2);
    }
}
