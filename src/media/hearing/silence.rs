use std::time::Duration;

use super::level::Level;
use crate::words::Moment;

/// A microphone that lives is louder, in 16-bit steps; A-law's zero is 8.
const PEAK_MAX: u16 = 8;

/// One packet in so many may be louder: 98 % are silent.
const LOUD_ONE_IN: u64 = 50;

/// Digital silence: nothing but the zero, or one constant codeword, packet after packet.
#[derive(Clone, Copy, Debug, Default)]
pub struct DigitalSilence {
    run: Option<Run>,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    since: Moment,
    packets: u64,
    loud: u64,
}

impl DigitalSilence {
    pub fn hear(&mut self, level: Level, now: Moment) {
        let silent = level.peak <= PEAK_MAX || level.constant;
        match &mut self.run {
            None if silent => {
                self.run = Some(Run {
                    since: now,
                    packets: 1,
                    loud: 0,
                })
            }
            None => {}
            Some(run) => {
                run.packets += 1;
                run.loud += u64::from(!silent);
                if run.loud * LOUD_ONE_IN > run.packets {
                    self.run = None;
                }
            }
        }
    }

    /// A gap in the packets is another fault, not silence.
    pub fn forget(&mut self) {
        self.run = None;
    }

    pub fn lasts(&self, at_least: Duration, now: Moment) -> bool {
        self.run.is_some_and(|run| now.since(run.since) >= at_least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENT: Level = Level {
        dbov: -96.0,
        peak: 8,
        constant: true,
        railed: 0,
        samples: 160,
    };
    const STUCK: Level = Level {
        dbov: -20.0,
        peak: 3_000,
        constant: true,
        railed: 0,
        samples: 160,
    };
    const ALIVE: Level = Level {
        dbov: -70.0,
        peak: 40,
        constant: false,
        railed: 0,
        samples: 160,
    };

    fn lasts(levels: impl IntoIterator<Item = Level>) -> bool {
        let mut silence = DigitalSilence::default();
        let mut now = Moment::ZERO;
        for level in levels {
            silence.hear(level, now);
            now += Duration::from_millis(20);
        }
        silence.lasts(Duration::from_secs(3), now)
    }

    #[test]
    fn three_seconds_of_one_codeword_are_silence() {
        assert!(lasts([SILENT; 150]));
        assert!(lasts([STUCK; 150]));
        assert!(!lasts([SILENT; 149]));
    }

    #[test]
    fn a_faint_room_is_not() {
        assert!(!lasts([ALIVE; 500]));
    }

    #[test]
    fn two_clicks_in_a_hundred_packets_do_not_hide_it() {
        let mut levels = [SILENT; 200];
        levels[90] = ALIVE;
        assert!(lasts(levels));
        levels[91] = ALIVE;
        levels[92] = ALIVE;
        assert!(!lasts(levels));
    }
}
