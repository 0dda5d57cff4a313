use crate::media::headset::{DEVICE_HZ, Signal, Signals};
use crate::seats::sound_cards::{CardError, CardName, Playback, SoundCards, StreamId};

use super::HeadsetSettings;

/// Samples written in one go: 200 ms.
const CHUNK: usize = 9_600;

/// A loudspeaker that rings, while a call is there to be answered.
#[derive(Debug)]
pub(super) struct Ringer {
    playback: Playback,
    signals: Signals,
    tone: Box<[i16]>,
    samples: Box<[f32]>,
}

impl Ringer {
    pub(super) fn new(
        cards: &SoundCards,
        loudspeaker: &CardName,
        settings: &HeadsetSettings,
        wake: impl Fn() + Send + 'static,
    ) -> Result<Self, CardError> {
        let mut signals = Signals::new(DEVICE_HZ, settings.country, settings.ring.percent);
        signals.start(Signal::Ring);
        Ok(Self {
            playback: cards.playback(loudspeaker, wake)?,
            signals,
            tone: vec![0; CHUNK].into_boxed_slice(),
            samples: vec![0.0; CHUNK].into_boxed_slice(),
        })
    }

    pub(super) fn stream(&self) -> StreamId {
        self.playback.stream()
    }

    pub(super) fn pump(&mut self) {
        let wanted = self.playback.wanted().min(CHUNK);
        let tone = &mut self.tone[..wanted];
        tone.fill(0);
        self.signals.mix(tone);
        for (sample, tone) in self.samples.iter_mut().zip(tone) {
            *sample = f32::from(*tone) / 32_768.0;
        }
        self.playback.write(&self.samples[..wanted]);
    }
}
