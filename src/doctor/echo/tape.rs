//! What is said and what comes back, on one axis of samples since the call was answered.

use std::sync::Arc;
use std::time::Duration;

use crate::ear::{Heard, Reference, Repertoire, hear_all};
use crate::media::codec::PACKET_SAMPLES_MAX;
use crate::media::rtp::ticks_between;
use crate::media::{Codec, Decoder, FRAME_SAMPLES, RtpPacket};
use crate::words::{Language, Moment, PromptId};

/// Samples a second: G.711 is spoken.
pub(super) const RATE: usize = 8_000;
/// How often the phrase is said.
const ROUNDS: usize = 3;
/// Before the first, and after each: an echo that is later than this is taken for the next one's.
const PAUSE: usize = 2 * RATE;
/// A step of the timestamps beyond it is a new start.
const HOLE_MAX: i32 = 5 * RATE as i32;

/// A phrase said again and again.
pub(super) struct Script {
    phrase: Reference,
}

impl Script {
    pub(super) fn new(prompt: PromptId, language: Language, samples: Vec<i16>) -> Self {
        let phrase = Reference {
            prompt,
            language,
            samples,
        };
        Self { phrase }
    }

    /// Where each saying begins.
    pub(super) fn beginnings(&self) -> impl Iterator<Item = usize> {
        let each = self.phrase.samples.len() + PAUSE;
        (0..ROUNDS).map(move |n| PAUSE / 4 + n * each)
    }

    /// Frames of 20 ms from the first to the last that is listened to.
    pub(super) fn frames(&self) -> usize {
        let last = self.beginnings().last().unwrap_or(0);
        (last + self.phrase.samples.len() + PAUSE).div_ceil(FRAME_SAMPLES)
    }

    pub(super) fn frame(&self, n: usize) -> [i16; FRAME_SAMPLES] {
        std::array::from_fn(|at| self.sample(n * FRAME_SAMPLES + at))
    }

    fn sample(&self, at: usize) -> i16 {
        let said = self.beginnings().filter_map(|begins| {
            let within = at.checked_sub(begins)?;
            self.phrase.samples.get(within).copied()
        });
        said.last().unwrap_or(0)
    }

    /// The level of the phrase as it is said, dBov, by the ear's own measure.
    pub(super) fn level_dbov(&self) -> Option<f32> {
        Some(self.hear(&self.phrase.samples).first()?.level_dbov)
    }

    /// What of it is heard in these samples, each with the saying it is the echo of.
    pub(super) fn echoes(&self, samples: &[i16]) -> Vec<Echo> {
        let beginnings: Vec<usize> = self.beginnings().collect();
        let heard = self.hear(samples);
        let heard = heard.iter().filter_map(|heard| {
            let at = usize::try_from(heard.began_at_sample).ok()?;
            let said = beginnings.iter().rposition(|begins| *begins <= at)?;
            let late = at - beginnings.get(said)?;
            Some(Echo {
                said,
                delay: Duration::from_secs(1) * u32::try_from(late).ok()? / RATE as u32,
                heard: heard.clone(),
            })
        });
        heard.collect()
    }

    fn hear(&self, samples: &[i16]) -> Vec<Heard> {
        let repertoire = Arc::new(Repertoire::new(vec![self.phrase.clone()]));
        hear_all(repertoire, samples)
    }

    pub(super) fn rounds(&self) -> usize {
        ROUNDS
    }
}

/// One saying that came back.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::doctor) struct Echo {
    /// Which of them, from 0.
    pub(in crate::doctor) said: usize,
    /// There and back.
    pub(in crate::doctor) delay: Duration,
    pub(in crate::doctor) heard: Heard,
}

/// What comes back, each packet where its timestamp puts it; what is missing is silent.
pub(super) struct Tape {
    began: Moment,
    samples: Vec<i16>,
    axis: Option<Axis>,
    decoder: Decoder,
}

/// A source, and where its first packet lies.
#[derive(Clone, Copy)]
struct Axis {
    ssrc: u32,
    timestamp: u32,
    at: usize,
}

impl Tape {
    /// Room for so many frames; what comes later is not kept.
    pub(super) fn new(codec: Codec, frames: usize, began: Moment) -> Self {
        Self {
            began,
            samples: vec![0; frames * FRAME_SAMPLES],
            axis: None,
            decoder: Decoder::new(codec),
        }
    }

    pub(super) fn take(&mut self, packet: &RtpPacket<'_>, now: Moment) {
        let Some(at) = self.place(packet, now) else {
            return;
        };
        let mut sound = [0; PACKET_SAMPLES_MAX];
        let length = self.decoder.decode(packet.payload, &mut sound).unwrap_or(0);
        let room = self.samples.iter_mut().skip(at);
        for (place, sample) in room.zip(sound.iter().take(length)) {
            *place = *sample;
        }
    }

    /// A source that is new begins when it comes; then its own clock counts.
    fn place(&mut self, packet: &RtpPacket<'_>, now: Moment) -> Option<usize> {
        let header = &packet.header;
        let ahead = |axis: &Axis| ticks_between(axis.timestamp, header.timestamp);
        let last = self.samples.len() as i32 + HOLE_MAX;
        let goes_on =
            |axis: &Axis| axis.ssrc == header.ssrc && (-HOLE_MAX..last).contains(&ahead(axis));
        let axis = match self.axis.filter(goes_on) {
            Some(axis) => axis,
            None => Axis {
                ssrc: header.ssrc,
                timestamp: header.timestamp,
                at: samples_of(now.since(self.began)),
            },
        };
        self.axis = Some(axis);
        axis.at.checked_add_signed(ahead(&axis) as isize)
    }

    pub(super) fn samples(&self) -> &[i16] {
        &self.samples
    }
}

fn samples_of(time: Duration) -> usize {
    (time.as_secs_f64() * RATE as f64).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{Phrasebook, RtpHeader};

    fn script() -> Script {
        let book = Phrasebook::shipped();
        let prompt: PromptId = "greeting".parse().unwrap();
        let clip = book.clip(&prompt, Language::En).unwrap();
        Script::new(prompt, Language::En, clip.samples().to_vec())
    }

    #[test]
    fn each_saying_that_comes_back_is_found_with_its_delay_and_level() {
        let script = script();
        let said: Vec<i16> = (0..script.frames()).flat_map(|n| script.frame(n)).collect();
        let late = [vec![0; 640], said.iter().map(|it| it / 2).collect()].concat();
        let echoes = script.echoes(&late);
        assert_eq!(echoes.len(), script.rounds());
        for (n, echo) in echoes.iter().enumerate() {
            assert_eq!((echo.said, echo.delay), (n, Duration::from_millis(80)));
            let softer = script.level_dbov().unwrap() - echo.heard.level_dbov;
            assert!((softer - 6.0).abs() < 0.2, "{softer}");
        }
        assert!(script.echoes(&vec![0; said.len()]).is_empty());
    }

    #[test]
    fn packets_lie_where_their_timestamps_say_and_what_is_lost_is_silent() {
        let at = |ms: u64| Moment::ZERO + Duration::from_millis(ms);
        let mut tape = Tape::new(Codec::Pcma, 10, Moment::ZERO);
        let take = |tape: &mut Tape, sequence: u16, now: Moment| {
            let header = RtpHeader {
                payload_type: 8,
                marker: false,
                sequence,
                timestamp: (u32::MAX - 100).wrapping_add(u32::from(sequence) * 160),
                ssrc: 7,
            };
            let payload = [0x2A; 160];
            let packet = RtpPacket {
                header,
                payload: &payload,
            };
            tape.take(&packet, now);
        };
        // The second is lost, and the fourth is late.
        take(&mut tape, 0, at(20));
        take(&mut tape, 2, at(61));
        take(&mut tape, 3, at(119));
        let sounds: Vec<bool> = tape.samples().chunks(160).map(|it| it[0] != 0).collect();
        let expected = [
            false, true, false, true, true, false, false, false, false, false,
        ];
        assert_eq!(sounds, expected);
    }
}
