use super::hum::Hum;
use super::level_history::LevelHistory;
use super::limits::Levels;
use crate::media::codec::Frame;

/// Between the words: the tenth part of the frames that is quietest.
const FLOOR_SHARE: f32 = 0.1;

/// The loudest frames of speech, and how far they stand above its active level, dB.
const PEAK_SHARE: f32 = 0.95;
const PEAK_ABOVE_SPEECH_DB: f32 = 4.5;

/// Noise that was loud must be so much less before it is not, dB.
const HYSTERESIS_DB: f32 = 3.0;

/// What was the loudest is forgotten by so much a frame, dB: 4 dB in 20 s, for who listens is silent for long.
const FORGETS_DB: f32 = 0.004;

/// Noise and hum on the line, and how far the speech stands above them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LineNoise {
    levels: LevelHistory,
    hum: Hum,
    peak_dbov: Option<f32>,
    /// As of the last step.
    floor_dbov: Option<f32>,
    is_loud: bool,
    hums: bool,
}

impl LineNoise {
    pub(super) fn hear(&mut self, frame: &Frame, dbov: f32) {
        self.levels.hear(dbov);
        self.hum.hear(frame);
        self.peak_dbov = self.peak_dbov.map(|peak| peak - FORGETS_DB);
    }

    /// The noise stands still while nothing is heard.
    pub(super) fn forget(&mut self) {
        self.levels.forget();
        self.floor_dbov = None;
        self.is_loud = false;
    }

    /// Every 100 ms: what stands out of the noise now, and whether the noise is too loud for it.
    pub(super) fn step(&mut self, levels: &Levels, speech_dbov: Option<f32>) {
        let margin = if self.hums { HYSTERESIS_DB } else { 0.0 };
        self.hums = self.hum.dbov() > levels.hum_dbov - margin;
        if !self.levels.is_full() {
            return;
        }
        self.floor_dbov = Some(self.levels.quantile_dbov(FLOOR_SHARE));
        let now = self.levels.quantile_dbov(PEAK_SHARE);
        self.peak_dbov = Some(self.peak_dbov.map_or(now, |peak| peak.max(now)));
        let margin = if self.is_loud { HYSTERESIS_DB } else { 0.0 };
        self.is_loud = self
            .floor_dbov
            .is_some_and(|dbov| dbov > levels.noise_dbov - margin)
            && self
                .snr_db(speech_dbov)
                .is_some_and(|db| db < levels.snr_db + margin);
    }

    /// The noise is loud, and the speech hardly stands out of it.
    pub(super) fn is_loud(&self) -> bool {
        self.is_loud
    }

    /// The mains are heard.
    pub(super) fn hums(&self) -> bool {
        self.hums
    }

    /// The noise of the last 5 s, once so much is known, dBov.
    pub(super) fn floor_dbov(&self) -> Option<f32> {
        self.floor_dbov
    }

    /// How far the speech stands above the noise, dB; `speech_dbov` is its level where it was measured.
    pub(super) fn snr_db(&self, speech_dbov: Option<f32>) -> Option<f32> {
        let by_peaks = self.peak_dbov? - PEAK_ABOVE_SPEECH_DB;
        Some(speech_dbov.unwrap_or(by_peaks).max(by_peaks) - self.floor_dbov()?)
    }

    pub(super) fn hum_dbov(&self) -> f32 {
        self.hum.dbov()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::codec::SILENT_FRAME;

    /// Half a second of noise, half a second of speech, and so on.
    fn is_bad(noise_dbov: f32, speech_dbov: f32, frames: usize) -> bool {
        let mut noise = LineNoise::default();
        for frame in 0..frames {
            let dbov = if frame % 50 < 25 {
                noise_dbov
            } else {
                speech_dbov
            };
            noise.hear(&SILENT_FRAME, dbov);
            noise.step(&Levels::default(), None);
        }
        noise.is_loud()
    }

    #[test]
    fn speech_in_loud_noise_is_a_bad_line_after_five_seconds() {
        assert!(is_bad(-35.0, -24.0, 250));
        assert!(!is_bad(-35.0, -24.0, 249));
    }

    #[test]
    fn faint_noise_and_speech_well_above_it_are_not() {
        assert!(!is_bad(-45.0, -40.0, 500));
        assert!(!is_bad(-38.0, -20.0, 500));
    }

    #[test]
    fn who_listens_for_ten_seconds_is_not_a_bad_line() {
        let mut noise = LineNoise::default();
        for frame in 0..750 {
            noise.hear(&SILENT_FRAME, if frame < 250 { -12.0 } else { -38.0 });
            noise.step(&Levels::default(), None);
        }
        assert!(!noise.is_loud());
    }
}
