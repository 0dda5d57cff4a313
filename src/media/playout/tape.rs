use super::Played;
use crate::media::codec::Rate;

/// What has been played is kept for 48.75 ms: three and a quarter of the longest pitch period (G.711 Appendix I).
const HISTORY_AT_8_KHZ: usize = 390;

/// Room for what is to be played: the rest of a frame, what stretching looks at, and a gap and a packet of 60 ms each.
const AHEAD_FRAMES: usize = 9;

/// Changes of kind that are told apart in what is to be played; beyond them a kind goes on too long.
const RUNS_MAX: usize = 16;

/// Linear sound around the moment that is played: what has been, and what is to be.
#[derive(Debug)]
pub(super) struct Tape {
    samples: Vec<i16>,
    /// What has been played ends here, always.
    now: usize,
    end: usize,
    /// Of what kind the samples to be played are, in order.
    runs: Vec<Run>,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    kind: Played,
    samples: usize,
}

/// The end of the tape with room for a gap and the sound after it.
pub(super) struct Splice<'a> {
    pub(super) history: &'a [i16],
    pub(super) gap: &'a mut [i16],
    pub(super) rest: &'a mut [i16],
}

impl Tape {
    pub(super) fn new(rate: Rate) -> Self {
        let now = HISTORY_AT_8_KHZ * rate.factor();
        Self {
            samples: vec![0; now + AHEAD_FRAMES * rate.frame_samples()],
            now,
            end: now,
            runs: Vec::with_capacity(RUNS_MAX),
        }
    }

    /// How many samples wait to be played.
    pub(super) fn ahead(&self) -> usize {
        self.end - self.now
    }

    /// The samples that wait to be played.
    pub(super) fn waiting(&self) -> &[i16] {
        &self.samples[self.now..self.end]
    }

    /// What has been played, and then what waits.
    pub(super) fn sound_mut(&mut self) -> (&mut [i16], &mut [i16]) {
        self.samples[..self.end].split_at_mut(self.now)
    }

    /// The last of all sound so far, the room for a gap of so many samples, and the room behind it.
    pub(super) fn splice(&mut self, gap: usize) -> Splice<'_> {
        let (history, room) = self.samples.split_at_mut(self.end);
        let (gap, rest) = room.split_at_mut(gap.min(room.len()));
        let history = &history[history.len() - self.now..];
        Splice { history, gap, rest }
    }

    /// The first so many samples of the room at the end are sound of this kind.
    pub(super) fn extend(&mut self, samples: usize, kind: Played) {
        let samples = samples.min(self.samples.len() - self.end);
        self.end += samples;
        let is_full = self.runs.len() >= RUNS_MAX;
        match self.runs.last_mut() {
            Some(run) if run.kind == kind || is_full => run.samples += samples,
            _ => self.runs.push(Run { kind, samples }),
        }
    }

    /// Whether all that waits is sound as it was sent.
    pub(super) fn is_sound(&self) -> bool {
        self.runs.iter().all(|run| run.kind == Played::Sound)
    }

    /// Takes out so many samples of what waits, the first ones.
    pub(super) fn cut(&mut self, samples: usize) {
        let samples = samples.min(self.ahead());
        self.samples
            .copy_within(self.now + samples..self.end, self.now);
        self.end -= samples;
        self.consume(samples);
    }

    /// Makes room for so many samples of sound before what waits; false where there is none.
    pub(super) fn insert(&mut self, samples: usize) -> bool {
        if self.end + samples > self.samples.len() {
            return false;
        }
        self.samples
            .copy_within(self.now..self.end, self.now + samples);
        self.end += samples;
        if let Some(run) = self.runs.first_mut() {
            run.samples += samples;
        }
        true
    }

    /// Plays the first samples that wait, and says what most of them are; silence where too few wait.
    pub(super) fn play(&mut self, out: &mut [i16]) -> Played {
        let count = out.len().min(self.ahead());
        let (sound, silence) = out.split_at_mut(count);
        sound.copy_from_slice(&self.samples[self.now..self.now + count]);
        silence.fill(0);
        self.samples.copy_within(count..self.end, 0);
        self.end -= count;
        self.consume(count)
    }

    /// Drops the kinds of the first samples, and says which of them was most.
    fn consume(&mut self, mut samples: usize) -> Played {
        let mut most = Run {
            kind: Played::Nothing,
            samples: 0,
        };
        while samples > 0
            && let Some(run) = self.runs.first_mut()
        {
            let taken = run.samples.min(samples);
            if taken > most.samples {
                most = Run {
                    samples: taken,
                    ..*run
                };
            }
            run.samples -= taken;
            samples -= taken;
            if run.samples == 0 {
                self.runs.remove(0);
            }
        }
        most.kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pieces: &[(i16, usize, Played)]) -> Tape {
        let mut tape = Tape::new(Rate::Narrow);
        for (sample, count, kind) in pieces {
            tape.splice(*count).gap.fill(*sample);
            tape.extend(*count, *kind);
        }
        tape
    }

    #[test]
    fn what_was_appended_is_played_and_then_history() {
        let mut tape = with(&[(1, 200, Played::Sound), (2, 60, Played::Concealed)]);
        let mut frame = [9; 160];
        assert_eq!(tape.play(&mut frame), Played::Sound);
        assert_eq!((frame, tape.ahead()), ([1; 160], 100));
        assert_eq!(tape.play(&mut frame), Played::Concealed);
        assert_eq!(frame[..40], [1; 40]);
        assert_eq!(frame[40..100], [2; 60]);
        assert_eq!(frame[100..], [0; 60]);
        assert_eq!(tape.splice(0).history[390 - 60..], [2; 60]);
        assert_eq!(tape.play(&mut frame), Played::Nothing);
    }

    #[test]
    fn sound_is_cut_and_inserted_before_what_waits() {
        let mut tape = with(&[(1, 100, Played::Sound), (2, 100, Played::Sound)]);
        tape.cut(50);
        assert!(tape.insert(20));
        assert_eq!((tape.ahead(), tape.is_sound()), (170, true));
        assert!(!tape.insert(9 * 160));
        assert_eq!(tape.waiting()[..70], [1; 70]);
        assert_eq!(tape.waiting()[70..], [2; 100]);
    }
}
