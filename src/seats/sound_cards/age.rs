use std::time::Duration;

use crate::words::Moment;

/// Samples a second of every stream.
pub const SAMPLE_RATE: u32 = 48_000;

/// A stream that moved and is silent for so long has stalled. A busy PC may be late by hundreds of milliseconds, and a
/// caller should not be told to wait for that; a second is promised.
const STALL: Duration = Duration::from_millis(700);

/// A stream that was just opened may take so long: an idle device wakes, Bluetooth changes its profile.
const START: Duration = Duration::from_secs(1);

/// What is moved is counted over so long.
const WINDOW: Duration = Duration::from_secs(1);

/// Samples in one window past which a device does not keep time: four times real time. A device that is read late hands
/// over what waited, which is less.
const RUN_AWAY: u64 = 4 * SAMPLE_RATE as u64;

/// How a stream moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// In real time.
    Flows,
    /// No sample for 700 ms, or none in the first second.
    Stalled,
    /// More than four seconds of samples within one: the device does not wait.
    RunsAway,
}

/// The watch on one stream: two faults of three raise no error, samples only stop or come without end.
#[derive(Clone, Copy, Debug)]
pub struct Age {
    /// None until the first sample or the first fault.
    flow: Option<Flow>,
    moved: Moment,
    window_began: Moment,
    in_window: u64,
}

impl Age {
    pub fn new(now: Moment) -> Self {
        Self {
            flow: None,
            moved: now,
            window_began: now,
            in_window: 0,
        }
    }

    /// How the stream moves; none while it has not begun to.
    pub fn flow(&self) -> Option<Flow> {
        self.flow
    }

    /// How long ago the last sample moved.
    pub fn since_moved(&self, now: Moment) -> Duration {
        now.since(self.moved)
    }

    /// Samples were moved: the new flow where it is another.
    pub fn moved(&mut self, samples: usize, now: Moment) -> Option<Flow> {
        if now.since(self.window_began) >= WINDOW {
            self.end_window(now);
        }
        self.moved = now;
        self.in_window = self.in_window.saturating_add(samples as u64);
        let calm = self.flow != Some(Flow::RunsAway);
        if self.in_window > RUN_AWAY {
            self.change(Flow::RunsAway)
        } else if calm {
            self.change(Flow::Flows)
        } else {
            None
        }
    }

    /// Time has passed: the new flow where it is another.
    pub fn look(&mut self, now: Moment) -> Option<Flow> {
        if now < self.due() {
            return None;
        }
        self.change(Flow::Stalled)
    }

    /// When to look next.
    pub fn due(&self) -> Moment {
        let patience = if self.flow.is_none() { START } else { STALL };
        self.moved + patience
    }

    /// A device that keeps time for a whole window has calmed down.
    fn end_window(&mut self, now: Moment) {
        if self.in_window <= RUN_AWAY && self.flow == Some(Flow::RunsAway) {
            self.flow = Some(Flow::Stalled);
        }
        self.window_began = now;
        self.in_window = 0;
    }

    fn change(&mut self, flow: Flow) -> Option<Flow> {
        (self.flow.replace(flow) != Some(flow)).then_some(flow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn at(ms: u64) -> Moment {
        Moment::ZERO + Duration::from_millis(ms)
    }

    /// 5 ms of sound each 5 ms.
    fn flow_on(age: &mut Age, from_ms: u64, to_ms: u64) -> Vec<Flow> {
        let times = (from_ms..to_ms).step_by(5);
        times.filter_map(|ms| age.moved(240, at(ms))).collect()
    }

    #[test]
    fn a_stream_that_flows_is_told_once() {
        let mut age = Age::new(at(0));
        assert_eq!(flow_on(&mut age, 5, 10_000), [Flow::Flows]);
        assert_eq!(age.look(at(10_000)), None);
    }

    #[test]
    fn a_device_that_stops_has_stalled_after_most_of_a_second() {
        let mut age = Age::new(at(0));
        flow_on(&mut age, 5, 1_000);
        assert_eq!(age.due(), at(995) + 700 * MS);
        assert_eq!(age.look(at(1_694)), None);
        assert_eq!(age.look(at(1_695)), Some(Flow::Stalled));
        assert_eq!(age.look(at(9_000)), None);
        assert_eq!(age.moved(240, at(9_001)), Some(Flow::Flows));
    }

    #[test]
    fn a_device_that_wakes_slowly_has_a_second() {
        let mut age = Age::new(at(0));
        assert_eq!(age.look(at(999)), None);
        assert_eq!(age.look(at(1_000)), Some(Flow::Stalled));
    }

    #[test]
    fn a_device_that_returns_at_once_runs_away_until_it_keeps_time_for_a_second() {
        let mut age = Age::new(at(0));
        let mut news = Vec::new();
        for call in 0..1_000 {
            news.extend(age.moved(480, at(call / 10)));
        }
        assert_eq!(news, [Flow::Flows, Flow::RunsAway]);
        assert_eq!(flow_on(&mut age, 105, 1_000), []);
        assert_eq!(flow_on(&mut age, 1_000, 2_000), []);
        assert_eq!(flow_on(&mut age, 2_000, 2_100), [Flow::Flows]);
    }

    #[test]
    fn what_waited_while_nobody_read_is_no_run_away() {
        let mut age = Age::new(at(0));
        flow_on(&mut age, 5, 1_000);
        assert_eq!(age.moved(2 * 48_000, at(3_000)), None);
    }
}
