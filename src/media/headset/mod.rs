//! A rep's headset as the far end of its leg: samples of a sound card on one side, RTP packets on the other.
//!
//! [`Headset`] makes packets of what is captured (`microphone`: frames, level, mute, coder) and sound of what comes (`ear`:
//! play-out, and the [`Signals`] a rep hears beside the line). `room` lies between both: what the ear plays comes back by
//! some microphones, and is taken out where it was heard to (`echo_watch`, `cleaning`, `canceller`).
//!
//! Invariant: whatever a device or a peer gives, no call panics or blocks; 20 ms captured are one packet, muted or not.
//! Nothing allocates for a frame.

mod canceller;
mod cleaning;
mod ear;
mod echo_path;
mod echo_watch;
mod microphone;
mod muted;
mod news;
mod packets;
mod pulse;
mod residue;
mod room;
mod signals;
#[cfg(test)]
mod tests;
mod tones;
mod transform;

use serde::{Deserialize, Serialize};

use super::codec::Codec;
use super::gain::AutoGain;
use crate::words::{Country, Entropy, Moment};
use ear::Ear;
pub use ear::Hearing;
use microphone::Microphone;
pub use news::News;
use news::NewsBoard;
use room::Room;
pub use signals::{Signal, Signals};

/// Samples a second of every device: the sound server resamples what has another rate.
pub const DEVICE_HZ: u32 = 48_000;

/// What a headset speaks, and how its sound is treated.
#[derive(Clone, Copy, Debug)]
pub struct HeadsetSpec {
    pub leg: Leg,
    pub voice: VoiceSpec,
    pub country: Country,
    /// Volume of the ring, 0 to 100.
    pub ring_percent: u8,
}

/// What is spoken with the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Best the caller's: what is relayed is not coded twice.
    pub codec: Codec,
    pub payload_type: u8,
}

/// What is done to the rep's voice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VoiceSpec {
    pub echo_cancel: EchoCancel,
    pub noise: Noise,
    pub gain: Gain,
}

/// Whether what the ear plays is taken out of what the microphone captures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EchoCancel {
    /// From when it is heard to come back.
    #[default]
    Auto,
    On,
    Off,
}

/// How much of the noise behind the rep is taken out: about 6, 12 and 18 dB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Noise {
    #[default]
    Off,
    Low,
    Moderate,
    High,
}

/// Whether a rep who is too quiet is made louder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gain {
    #[default]
    Auto,
    Off,
}

/// The sound of one headset in one leg.
#[derive(Debug)]
pub struct Headset {
    microphone: Microphone,
    ear: Ear,
    room: Room,
    signals: Signals,
    news: NewsBoard,
}

impl Headset {
    pub fn new(spec: &HeadsetSpec, entropy: &mut Entropy) -> Self {
        let HeadsetSpec { leg, voice, .. } = *spec;
        let rate = leg.codec.rate();
        let gain = (voice.gain == Gain::Auto).then(|| AutoGain::new(rate));
        Self {
            microphone: Microphone::new(leg, gain, entropy),
            ear: Ear::new(leg),
            room: Room::new(rate, voice),
            signals: Signals::new(rate.hz(), spec.country, spec.ring_percent),
            news: NewsBoard::default(),
        }
    }

    /// Takes in all samples that were captured since the last time, full scale being 1, and hands out the packets that
    /// are full with them. Where the device lost some, the packets' time goes on all the same.
    pub fn capture(&mut self, samples: &[f32], send: impl FnMut(&[u8]), now: Moment) {
        let Self {
            microphone,
            room,
            signals,
            news,
            ..
        } = self;
        let tell = |told: News| {
            if told == News::TalkingWhileMuted {
                signals.start(Signal::StillMuted);
            }
            news.tell(told);
        };
        microphone.capture(samples, |frame| room.clean(frame), tell, send, now);
    }

    /// Takes in an RTP packet from the desk.
    pub fn receive(&mut self, datagram: &[u8], now: Moment) {
        self.ear.receive(datagram, now);
    }

    /// Fills `out` with what the ear plays next, full scale being 1.
    pub fn play(&mut self, out: &mut [f32], now: Moment) {
        let Self {
            ear, room, signals, ..
        } = self;
        let over = |frame: &mut [i16]| {
            signals.mix(frame);
            room.hear_played(frame);
        };
        ear.play(out, over, now);
    }

    /// A rep who is muted sends silence.
    pub fn set_muted(&mut self, muted: bool) {
        self.microphone.set_muted(muted);
    }

    pub fn start(&mut self, signal: Signal) {
        self.signals.start(signal);
    }

    pub fn stop(&mut self, signal: Signal) {
        self.signals.stop(signal);
    }

    pub fn poll_news(&mut self) -> Option<News> {
        self.news.fetch()
    }

    /// How the sound comes that the rep hears.
    pub fn hearing(&self) -> Hearing {
        self.ear.hearing()
    }
}
