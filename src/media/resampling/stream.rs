use std::sync::Arc;

use super::filter::{Filter, Place, TAPS_MAX};
use super::{Unusable, to_i16};

/// More than this is filtered piece by piece: 20 ms at 16 kHz.
const BLOCK: usize = 320;

/// Makes sound of one rate into sound of another while it comes, in blocks of any size; nothing is allocated after `new`.
#[derive(Clone, Debug)]
pub struct Resampler {
    filter: Arc<Filter>,
    past: Box<[f32]>,
    /// Of the next sample that goes out, counted from the next one that comes in.
    next: Place,
}

impl Resampler {
    /// Rates of 8 to 96 kHz that have something in common.
    pub fn new(from: u32, to: u32) -> Result<Self, Unusable> {
        Ok(Self::by(Filter::between(from, to)?))
    }

    /// For a headset: 2 ms of delay, aliases and images at -50 dB.
    pub fn swift(from: u32, to: u32) -> Result<Self, Unusable> {
        Ok(Self::by(Filter::swift(from, to)?))
    }

    fn by(filter: Arc<Filter>) -> Self {
        Self {
            past: vec![0.0; filter.taps].into_boxed_slice(),
            filter,
            next: Place::default(),
        }
    }

    /// What it keeps a sound back: 5 ms from and to 8 kHz, 3 ms between higher rates, 2 ms where it is swift, 0 where
    /// nothing changes.
    pub fn delay_ms(&self) -> u32 {
        self.filter.delay_ms
    }

    /// Writes what `sound` becomes to the front of `out`, and says how many samples; what has no room is lost.
    pub fn process(&mut self, sound: &[i16], out: &mut [i16]) -> usize {
        let mut places = out.iter_mut();
        let mut written = 0;
        self.filter(sound, |sample| {
            if let Some(place) = places.next() {
                *place = to_i16(sample);
                written += 1;
            }
        });
        written
    }

    pub(super) fn filter(&mut self, sound: &[i16], mut emit: impl FnMut(f32)) {
        for block in sound.chunks(BLOCK) {
            self.filter_block(block, &mut emit);
        }
    }

    fn filter_block(&mut self, block: &[i16], emit: &mut impl FnMut(f32)) {
        let Self { filter, past, next } = self;
        let mut line = [0.0; TAPS_MAX + BLOCK];
        let line = load(&mut line, past, block);
        while next.samples < block.len() {
            let newest = next.samples + 1;
            if let Some(window) = line.get(newest..newest + filter.taps) {
                emit(filter.apply(*next, window));
            }
            *next = filter.after(*next);
        }
        next.samples -= block.len();
    }
}

/// What was heard before, then the new sound; the last of it is kept for the next time.
fn load<'a>(line: &'a mut [f32], past: &mut [f32], sound: &[i16]) -> &'a [f32] {
    let line = &mut line[..past.len() + sound.len()];
    let (before, new) = line.split_at_mut(past.len());
    before.copy_from_slice(past);
    for (slot, sample) in new.iter_mut().zip(sound) {
        *slot = f32::from(*sample);
    }
    past.copy_from_slice(&line[sound.len()..]);
    line
}
