use std::time::Duration;

use super::muted::MutedTalk;
use super::packets::Packets;
use super::pulse::Pulse;
use super::{DEVICE_HZ, Leg, News};
use crate::media::gain::AutoGain;
use crate::media::hearing::{EchoFound, Level};
use crate::media::resampling::{Framing, to_i16};
use crate::words::{Entropy, Moment};

/// Samples of the device that are taken in at once: 10 ms.
const BLOCK: usize = 480;

/// A device that is silent for longer has lost what it should have captured; crumbs come less evenly than they were
/// captured.
const GAP: Duration = Duration::from_millis(60);

/// Frames between two reports of the level.
const LEVEL_FRAMES: u8 = 50;

/// From samples of a device to packets of a leg.
#[derive(Debug)]
pub(super) struct Microphone {
    framing: Framing,
    last: Option<Moment>,
    voice: Voice,
}

/// What becomes of a frame.
#[derive(Debug)]
struct Voice {
    muted: bool,
    gain: Option<AutoGain>,
    packets: Packets,
    pulse: Pulse,
    talk: MutedTalk,
    meter: Meter,
}

/// The loudness of a second.
#[derive(Debug, Default)]
struct Meter {
    frames: u8,
    /// Sum of the frames' mean powers, full scale being 1.
    power: f32,
}

impl Microphone {
    pub(super) fn new(leg: Leg, gain: Option<AutoGain>, entropy: &mut Entropy) -> Self {
        let framing = Framing::new(DEVICE_HZ, leg.codec.rate());
        Self {
            framing: framing.expect("48 kHz and a codec's rate have a filter"),
            last: None,
            voice: Voice {
                muted: false,
                gain,
                packets: Packets::new(leg, entropy),
                pulse: Pulse::default(),
                talk: MutedTalk::default(),
                meter: Meter::default(),
            },
        }
    }

    pub(super) fn set_muted(&mut self, muted: bool) {
        self.voice.muted = muted;
    }

    /// Takes in all that the device has captured since the last time; `clean` takes out of a frame what is not the
    /// rep's voice, and says whether an echo was found.
    pub(super) fn capture(
        &mut self,
        samples: &[f32],
        mut clean: impl FnMut(&mut [i16]) -> Option<EchoFound>,
        mut tell: impl FnMut(News),
        mut send: impl FnMut(&[u8]),
        now: Moment,
    ) {
        self.notice_gap(samples.len(), now);
        let mut block = [0; BLOCK];
        for samples in samples.chunks(BLOCK) {
            let block = converted(samples, &mut block);
            self.framing.push(block, |frame| {
                self.voice.listen(frame, &mut tell);
                if let Some(echo) = clean(frame) {
                    tell(News::EchoHeard(echo));
                }
                self.voice.finish(frame, &mut tell, now);
                send(self.voice.packets.make(frame));
            });
        }
    }

    fn notice_gap(&mut self, samples: usize, now: Moment) {
        let captured = Duration::from_secs(samples as u64) / DEVICE_HZ;
        let began = now - captured;
        let gap = self.last.map_or(Duration::ZERO, |last| began.since(last));
        if gap >= GAP {
            self.voice.packets.skip(gap);
        }
        self.last = Some(now);
    }
}

impl Voice {
    /// Hears what the device gave.
    fn listen(&mut self, frame: &[i16], tell: &mut impl FnMut(News)) {
        let level = Level::of(frame);
        if let Some(change) = self.pulse.hear(level) {
            tell(change);
        }
        if let Some(dbov) = self.meter.hear(level) {
            tell(News::Level(dbov));
        }
    }

    /// What is cleaned becomes what is sent.
    fn finish(&mut self, frame: &mut [i16], tell: &mut impl FnMut(News), now: Moment) {
        if self.talk.hear(Level::of(frame), self.muted, now) {
            tell(News::TalkingWhileMuted);
        }
        if let Some(gain) = &mut self.gain {
            gain.apply(frame);
        }
        if self.muted {
            frame.fill(0);
        }
    }
}

impl Meter {
    /// The level of the second that is over with this frame.
    fn hear(&mut self, level: Level) -> Option<f32> {
        self.power += 10_f32.powf(level.dbov / 10.0);
        self.frames += 1;
        if self.frames < LEVEL_FRAMES {
            return None;
        }
        let mean = self.power / f32::from(self.frames);
        *self = Self::default();
        Some(10.0 * mean.log10())
    }
}

/// A device may give anything: what is no number is silence, what is too loud the loudest.
fn converted<'a>(samples: &[f32], block: &'a mut [i16; BLOCK]) -> &'a [i16] {
    let mut length = 0;
    for (place, sample) in block.iter_mut().zip(samples) {
        *place = to_i16(sample * 32_768.0);
        length += 1;
    }
    &block[..length]
}
