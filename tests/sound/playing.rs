//! A party whose packets are played out as a leg does it: pushed as they come, popped each 20 ms.

use std::time::Duration;

use thirdring::media::{Codec, Content, Counts, Played, Playout};
use thirdring::words::Moment;

use super::network::Packet;

/// 20 ms at 8 kHz.
pub(crate) const FRAME: usize = 160;

/// Its static payload type (RFC 3389 4).
pub(crate) const COMFORT_NOISE: u8 = 13;

/// What came out.
pub(crate) struct Heard {
    pub(crate) sound: Vec<i16>,
    pub(crate) played: Vec<Played>,
    /// What sound waited, frame by frame.
    pub(crate) delays: Vec<Duration>,
    pub(crate) counts: Counts,
}

/// Plays for as many frames as are asked for; nothing of the sound can come before `start`.
pub(crate) fn play(codec: Codec, come: &[Packet], start: Moment, frames: usize) -> Heard {
    let mut playout = Playout::new(codec);
    let mut heard = Heard {
        sound: Vec::new(),
        played: Vec::new(),
        delays: Vec::new(),
        counts: Counts::default(),
    };
    let mut coming = come.iter().peekable();
    for frame in 0..frames as u32 {
        let now = start + Duration::from_millis(20) * frame;
        while let Some(packet) = coming.next_if(|packet| packet.at <= now) {
            let content = match packet.header.payload_type {
                COMFORT_NOISE => Content::ComfortNoise(&packet.payload),
                _ => Content::Sound(&packet.payload),
            };
            playout.push(&packet.header, content, packet.at);
        }
        let mut out = [i16::MAX; FRAME];
        heard.played.push(playout.pop(&mut out, now));
        heard.delays.push(playout.delay());
        heard.sound.extend(out);
    }
    heard.counts = playout.counts();
    heard
}

impl Heard {
    pub(crate) fn mean_delay(&self) -> Duration {
        self.delays.iter().sum::<Duration>() / self.delays.len().max(1) as u32
    }

    /// How many frames were of this kind.
    pub(crate) fn frames(&self, kind: Played) -> usize {
        self.played.iter().filter(|played| **played == kind).count()
    }
}
