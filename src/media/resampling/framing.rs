use super::{Resampler, Unusable, to_i16};
use crate::media::codec::Rate;

/// Makes frames of 20 ms of sound that comes in blocks of any size at a device's rate, as microphones give it.
#[derive(Clone, Debug)]
pub struct Framing {
    resampler: Resampler,
    frame: Box<[i16]>,
    filled: usize,
}

impl Framing {
    pub fn new(from: u32, to: Rate) -> Result<Self, Unusable> {
        Ok(Self {
            resampler: Resampler::swift(from, to.hz())?,
            frame: vec![0; to.frame_samples()].into_boxed_slice(),
            filled: 0,
        })
    }

    /// Takes in a block, and hands out the frames that are full with it.
    pub fn push(&mut self, block: &[i16], mut take: impl FnMut(&mut [i16])) {
        let Self {
            resampler,
            frame,
            filled,
        } = self;
        resampler.filter(block, |sample| {
            if let Some(place) = frame.get_mut(*filled) {
                *place = to_i16(sample);
            }
            *filled += 1;
            if *filled == frame.len() {
                take(frame);
                *filled = 0;
            }
        });
    }
}

/// Makes blocks of any size at a device's rate, as earpieces ask for them, of frames that are asked for when they are
/// needed.
#[derive(Clone, Debug)]
pub struct Unframing {
    resampler: Resampler,
    frame: Box<[i16]>,
    /// At the device's rate, in 16-bit steps: what is left of the last frame lies from `played` to `filled`.
    ready: Box<[f32]>,
    played: usize,
    filled: usize,
}

impl Unframing {
    pub fn new(from: Rate, to: u32) -> Result<Self, Unusable> {
        // 20 ms, and the sample more that rates which do not divide give now and then.
        let longest = to as usize / 50 + 2;
        Ok(Self {
            resampler: Resampler::swift(from.hz(), to)?,
            frame: vec![0; from.frame_samples()].into_boxed_slice(),
            ready: vec![0.0; longest].into_boxed_slice(),
            played: 0,
            filled: 0,
        })
    }

    /// Fills `out`, in 16-bit steps. `give` writes the sound that comes next to the front of a frame of 20 ms, and says
    /// how many samples it has; none is silence for the rest of `out`.
    pub fn pull(&mut self, out: &mut [f32], mut give: impl FnMut(&mut [i16]) -> usize) {
        let mut rest = out;
        while !rest.is_empty() {
            if self.played == self.filled && !self.refill(&mut give) {
                return rest.fill(0.0);
            }
            let ready = self.ready.get(self.played..self.filled).unwrap_or_default();
            let samples = ready.len().min(rest.len());
            let (now, later) = rest.split_at_mut(samples);
            now.copy_from_slice(&ready[..samples]);
            self.played += samples;
            rest = later;
        }
    }

    /// False where nothing came.
    fn refill(&mut self, give: &mut impl FnMut(&mut [i16]) -> usize) -> bool {
        let given = give(&mut self.frame).min(self.frame.len());
        let mut places = self.ready.iter_mut();
        let mut filled = 0;
        self.resampler.filter(&self.frame[..given], |sample| {
            if let Some(place) = places.next() {
                *place = sample;
                filled += 1;
            }
        });
        (self.played, self.filled) = (0, filled);
        filled > 0
    }
}
