use super::codec::{Rate, WIDE_FRAME_SAMPLES};
use super::order::LegKey;
use crate::words::Moment;

/// 20 ms of a recorded call, both directions of one time.
#[derive(Clone, Debug)]
pub struct RecordedFrame {
    /// The caller's leg.
    pub leg: LegKey,
    /// When its tick was due: frames lie whole frame times apart.
    pub at: Moment,
    pub rate: Rate,
    /// All that was sent to the caller; the first `rate.frame_samples()` count.
    pub left: [i16; WIDE_FRAME_SAMPLES],
    /// What came of the caller.
    pub right: [i16; WIDE_FRAME_SAMPLES],
}

impl RecordedFrame {
    /// Left and right, as long as the frame is at its rate.
    pub fn sides(&self) -> [&[i16]; 2] {
        let samples = self.rate.frame_samples();
        [&self.left, &self.right].map(|side| side.get(..samples).unwrap_or_default())
    }
}
