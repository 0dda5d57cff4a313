//! How the lines sound: from the media to the API, the timeline and the metrics.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::media::Quality;
use crate::media::quality::{Course, Direction, Summary};
use crate::records::{OneWayQuality, VoiceQuality, What};
use crate::words::{CallId, Moment, Party};

use super::Desk;
use super::calls::DeskCall;

/// How a party's line sounds: now, and so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sounding {
    now: Quality,
    so_far: Summary,
}

/// What users say of a MOS (G.107 Annex B), from the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grade {
    NearlyAllDissatisfied,
    ManyDissatisfied,
    SomeDissatisfied,
    Satisfied,
}

impl Grade {
    fn of(direction: Direction) -> Self {
        match direction.mos {
            mos if mos < 3.1 => Self::NearlyAllDissatisfied,
            mos if mos < 3.6 => Self::ManyDissatisfied,
            mos if mos < 4.03 => Self::SomeDissatisfied,
            _ => Self::Satisfied, // and whatever is no number
        }
    }
}

impl Desk {
    /// Another 5 s were measured; the timeline is told when users would say something else of it.
    pub(super) fn quality(&mut self, id: CallId, party: Party, quality: Quality, now: Moment) {
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        let mut sounding = call.facts.quality.get(party).copied().unwrap_or_default();
        let was = grades(sounding.now);
        sounding.now = quality;
        sounding.so_far.note(quality);
        call.facts.quality.insert(party, sounding);
        if grades(quality) != was {
            let what = What::Quality {
                party,
                whole: false,
                quality: at_the_moment(quality),
            };
            self.note(id, what, now);
        }
        for (name, direction) in [("heard", quality.heard), ("sent", quality.sent)] {
            if let Some(Direction { mos, .. }) = direction {
                self.chronicle.metrics.voice_mos(name, mos.into());
            }
        }
    }

    /// How the call sounded on the whole, before its last line.
    pub(super) fn note_quality(&mut self, id: CallId, now: Moment) {
        let Some(call) = self.calls.get(id) else {
            return;
        };
        for (party, sounding) in call.facts.quality.clone().iter() {
            let what = What::Quality {
                party,
                whole: true,
                quality: on_the_whole(sounding.so_far),
            };
            self.note(id, what, now);
        }
    }
}

/// What the API shows of a call that lives.
pub(super) fn views(call: &DeskCall) -> BTreeMap<Party, VoiceQuality> {
    let all = call.facts.quality.iter();
    all.map(|(party, sounding)| (party, at_the_moment(sounding.now)))
        .collect()
}

/// What it shows of one that is over.
pub(super) fn last_views(call: &DeskCall) -> BTreeMap<Party, VoiceQuality> {
    let all = call.facts.quality.iter();
    all.map(|(party, sounding)| (party, on_the_whole(sounding.so_far)))
        .collect()
}

fn grades(quality: Quality) -> [Option<Grade>; 2] {
    [quality.heard, quality.sent].map(|direction| direction.map(Grade::of))
}

fn at_the_moment(quality: Quality) -> VoiceQuality {
    let view = |direction: Direction| OneWayQuality {
        moscq: hundredths(direction.mos),
        moscq_worst: hundredths(direction.mos),
        nlr_percent: hundredths(direction.loss_percent),
        iaj_ms: millis(direction.jitter),
    };
    VoiceQuality {
        rtd_ms: quality.round_trip.map(millis),
        heard: quality.heard.map(view),
        sent: quality.sent.map(view),
    }
}

fn on_the_whole(summary: Summary) -> VoiceQuality {
    let view = |course: Course| OneWayQuality {
        moscq: hundredths(course.mos_mean),
        moscq_worst: hundredths(course.mos_worst),
        nlr_percent: hundredths(course.loss_percent_mean),
        iaj_ms: millis(course.jitter_worst),
    };
    VoiceQuality {
        rtd_ms: summary.round_trip.map(millis),
        heard: summary.heard.map(view),
        sent: summary.sent.map(view),
    }
}

fn millis(span: Duration) -> u32 {
    u32::try_from(span.as_millis()).unwrap_or(u32::MAX)
}

/// Two places say more than the model knows.
fn hundredths(value: f32) -> f32 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(mos: f32) -> Quality {
        let heard = Direction {
            loss_percent: 1.234,
            jitter: Duration::from_micros(2_700),
            mos,
        };
        Quality {
            heard: Some(heard),
            ..Quality::default()
        }
    }

    #[test]
    fn another_grade_is_news_and_a_little_less_is_not() {
        assert_eq!(grades(heard(4.38)), grades(heard(4.1)));
        assert_ne!(grades(heard(4.1)), grades(heard(3.9)));
        assert_ne!(grades(heard(3.2)), grades(heard(3.0)));
        assert_ne!(grades(Quality::default()), grades(heard(4.3)));
    }

    #[test]
    fn the_whole_is_a_mean_and_a_worst() {
        let mut summary = Summary::default();
        [4.0, 3.0]
            .into_iter()
            .for_each(|mos| summary.note(heard(mos)));
        let whole = on_the_whole(summary).heard.unwrap();
        assert_eq!((whole.moscq, whole.moscq_worst), (3.5, 3.0));
        assert_eq!((whole.nlr_percent, whole.iaj_ms), (1.23, 2));
    }
}
