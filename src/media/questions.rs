use std::collections::VecDeque;
use std::time::Duration;

use super::hearing::{Block, WINDOW_BLOCKS};
use super::order::LegKey;
use crate::words::Moment;

/// Blocks to be asked about between two drains.
const WAITING_MAX: usize = 1_024;

/// All legs together may ask about a block so often, 3,200 a second: of 75 us each, a quarter of a core. Whoever is
/// refused asks again half a second later, and hears by level meanwhile.
const EVERY: Duration = Duration::from_nanos(312_500);

/// What may be asked at once when nobody asked for a while: 60 windows begin in the same moment.
const AT_ONCE_MAX: u32 = 1_024;

/// What the detector of human voices is asked, by all legs together.
#[derive(Debug)]
pub(super) struct Questions {
    waiting: VecDeque<(LegKey, Block)>,
    /// Blocks for which there is time, as of a moment.
    time_for: u32,
    at: Moment,
}

impl Default for Questions {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            time_for: AT_ONCE_MAX,
            at: Moment::ZERO,
        }
    }
}

impl Questions {
    /// Takes a block, unless it begins a window for which there is no time.
    pub(super) fn ask(&mut self, leg: LegKey, block: Block, now: Moment) -> bool {
        if self.waiting.len() >= WAITING_MAX || (block.begins && !self.take_time(now)) {
            return false;
        }
        self.waiting.push_back((leg, block));
        true
    }

    pub(super) fn poll(&mut self) -> Option<(LegKey, Block)> {
        self.waiting.pop_front()
    }

    fn take_time(&mut self, now: Moment) -> bool {
        let blocks = now.since(self.at).as_nanos() / EVERY.as_nanos();
        let blocks = u32::try_from(blocks).unwrap_or(u32::MAX).min(AT_ONCE_MAX);
        self.time_for = AT_ONCE_MAX.min(self.time_for + blocks);
        self.at = match blocks {
            AT_ONCE_MAX => now,
            few => self.at + EVERY * few,
        };
        match self.time_for.checked_sub(u32::from(WINDOW_BLOCKS)) {
            Some(left) => {
                self.time_for = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::hearing::BLOCK_SAMPLES;

    fn block(begins: bool) -> Block {
        Block {
            samples: [0; BLOCK_SAMPLES],
            follows: !begins,
            begins,
        }
    }

    #[test]
    fn more_windows_than_there_is_time_for_are_refused_as_a_whole() {
        let mut questions = Questions::default();
        let leg = LegKey::new(1);
        let mut begun = 0;
        for millis in 0..10_000 {
            let now = Moment::ZERO + Duration::from_millis(millis);
            begun += u32::from(questions.ask(leg, block(true), now));
            while questions.poll().is_some() {}
        }
        let blocks = begun * u32::from(WINDOW_BLOCKS);
        assert!((32_000..=33_024).contains(&blocks), "{blocks}");
        let now = Moment::ZERO + Duration::from_secs(10);
        assert!(
            questions.ask(leg, block(false), now),
            "of a window that began"
        );
    }

    #[test]
    fn what_nobody_drains_is_refused() {
        let mut questions = Questions::default();
        let asked =
            (0..2_000).filter(|_| questions.ask(LegKey::new(1), block(false), Moment::ZERO));
        assert_eq!(asked.count(), WAITING_MAX);
    }
}
