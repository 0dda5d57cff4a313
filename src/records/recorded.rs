use serde::{Deserialize, Serialize};

/// A call's recording: its file, and when nothing was kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Below the folder of recordings.
    pub file: String,
    /// How much of the call is in it, in seconds.
    pub seconds: f64,
    pub paused: Vec<Paused>,
    /// It was ended before the call was: the disk was full, or the folder gone.
    pub failed: bool,
}

/// Silence in the file, in seconds from its beginning; `to_s` is open where it was never resumed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paused {
    pub from_s: f64,
    pub to_s: Option<f64>,
}

/// Pauses of one call; the rest is in the timeline.
const PAUSED_MAX: usize = 500;

impl Recorded {
    /// Takes in what `What::Recording` says.
    pub(super) fn add(&mut self, news: &str, file: &str, at_s: f64) {
        self.file = file.to_owned();
        match news {
            "paused" if self.paused.len() < PAUSED_MAX => self.paused.push(Paused {
                from_s: at_s,
                to_s: None,
            }),
            "resumed" => {
                if let Some(last) = self.paused.last_mut() {
                    last.to_s.get_or_insert(at_s);
                }
            }
            "failed" => self.fail(at_s),
            "ended" if !self.failed => self.seconds = at_s,
            _ => {}
        }
    }

    fn fail(&mut self, at_s: f64) {
        self.failed = true;
        self.seconds = at_s;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_says_when_nothing_was_kept() {
        let mut recorded = Recorded::default();
        for (news, at_s) in [
            ("began", 0.0),
            ("paused", 4.0),
            ("resumed", 9.5),
            ("paused", 12.0),
            ("ended", 20.0),
        ] {
            recorded.add(news, "2026-11-22/a.wav", at_s);
        }
        let spans: Vec<_> = recorded
            .paused
            .iter()
            .map(|it| (it.from_s, it.to_s))
            .collect();
        assert_eq!(spans, [(4.0, Some(9.5)), (12.0, None)]);
        assert_eq!((recorded.seconds, recorded.failed), (20.0, false));
    }

    #[test]
    fn a_recording_is_as_long_as_it_was_when_it_failed() {
        let mut recorded = Recorded::default();
        recorded.add("failed", "a.wav", 3.0);
        recorded.add("ended", "a.wav", 20.0);
        assert_eq!((recorded.seconds, recorded.failed), (3.0, true));
    }
}
