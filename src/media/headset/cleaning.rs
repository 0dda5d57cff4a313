use sonora_ns::config::{NS_FRAME_SIZE, NsConfig, SuppressionLevel};
use sonora_ns::noise_suppressor::NoiseSuppressor;

use super::Noise;
use super::canceller::Canceller;
use crate::media::codec::{Rate, WIDE_FRAME_SAMPLES};
use crate::media::resampling::{Bridge, to_i16};

/// Takes echo and noise out of what a microphone gives.
#[derive(Debug)]
pub(super) struct Cleaning {
    /// To 16 kHz, where both work, and back.
    played: Bridge,
    captured: Bridge,
    back: Bridge,
    canceller: Option<Canceller>,
    suppressor: Option<NoiseSuppressor>,
}

impl Cleaning {
    pub(super) fn new(rate: Rate, cancels_echo: bool, noise: Noise) -> Self {
        Self {
            played: Bridge::swift(rate, Rate::Wide),
            captured: Bridge::swift(rate, Rate::Wide),
            back: Bridge::swift(Rate::Wide, rate),
            canceller: cancels_echo.then(Canceller::new),
            suppressor: suppressor(noise),
        }
    }

    /// What the ear plays, 20 ms at most.
    pub(super) fn hear_played(&mut self, frame: &[i16]) {
        let Some(canceller) = &mut self.canceller else {
            return;
        };
        let mut wide = [0.0; WIDE_FRAME_SAMPLES];
        let wide = widened(&mut self.played, frame, &mut wide);
        canceller.hear_played(wide);
    }

    /// Cleans a frame in place.
    pub(super) fn clean(&mut self, frame: &mut [i16]) {
        let mut wide = [0.0; WIDE_FRAME_SAMPLES];
        let wide = widened(&mut self.captured, frame, &mut wide);
        let (blocks, _) = wide.as_chunks_mut::<NS_FRAME_SIZE>();
        if let Some(suppressor) = &mut self.suppressor {
            blocks.iter().for_each(|block| suppressor.analyze(block));
        }
        if let Some(canceller) = &mut self.canceller {
            canceller.clean(wide);
        }
        let (blocks, _) = wide.as_chunks_mut::<NS_FRAME_SIZE>();
        if let Some(suppressor) = &mut self.suppressor {
            blocks
                .iter_mut()
                .for_each(|block| suppressor.process(block));
        }
        let mut cleaned = [0; WIDE_FRAME_SAMPLES];
        for (cleaned, sample) in cleaned.iter_mut().zip(wide.iter()) {
            *cleaned = to_i16(*sample);
        }
        self.back.process(&cleaned[..wide.len()], frame);
    }
}

fn widened<'a>(
    bridge: &mut Bridge,
    frame: &[i16],
    wide: &'a mut [f32; WIDE_FRAME_SAMPLES],
) -> &'a mut [f32] {
    let mut samples = [0; WIDE_FRAME_SAMPLES];
    let length = bridge.process(frame, &mut samples);
    for (wide, sample) in wide.iter_mut().zip(samples) {
        *wide = f32::from(sample);
    }
    &mut wide[..length]
}

fn suppressor(noise: Noise) -> Option<NoiseSuppressor> {
    let target_level = match noise {
        Noise::Off => return None,
        Noise::Low => SuppressionLevel::K6dB,
        Noise::Moderate => SuppressionLevel::K12dB,
        Noise::High => SuppressionLevel::K18dB,
    };
    Some(NoiseSuppressor::new(NsConfig { target_level }))
}
