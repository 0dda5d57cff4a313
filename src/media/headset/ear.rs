use super::{DEVICE_HZ, Leg};
use crate::media::playout::{Content, Counts, Playout};
use crate::media::resampling::Unframing;
use crate::media::rtp::RtpPacket;
use crate::words::Moment;
use std::time::Duration;

/// The static payload type of comfort noise (RFC 3389 4).
const COMFORT_NOISE: u8 = 13;

/// From packets of a leg to samples of a device.
#[derive(Debug)]
pub(super) struct Ear {
    payload_type: u8,
    playout: Playout,
    unframing: Unframing,
    /// When the first packet is to be played; none before it came.
    begins: Option<Moment>,
    unreadable: u64,
}

/// How the sound came that a rep hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hearing {
    /// What a sample that plays now has waited, from its arrival.
    pub delay: Duration,
    /// What it should wait.
    pub target: Duration,
    pub counts: Counts,
    /// Datagrams that were no packet of this leg.
    pub unreadable: u64,
}

impl Ear {
    pub(super) fn new(leg: Leg) -> Self {
        let unframing = Unframing::new(leg.codec.rate(), DEVICE_HZ);
        Self {
            payload_type: leg.payload_type,
            playout: Playout::new(leg.codec),
            unframing: unframing.expect("a codec's rate and 48 kHz have a filter"),
            begins: None,
            unreadable: 0,
        }
    }

    pub(super) fn receive(&mut self, datagram: &[u8], now: Moment) {
        let packet = RtpPacket::parse(datagram).filter(|packet| !packet.payload.is_empty());
        let content = packet.and_then(|packet| self.content(packet));
        let (Some(packet), Some(content)) = (packet, content) else {
            self.unreadable = self.unreadable.saturating_add(1);
            return;
        };
        self.playout.push(&packet.header, content, now);
        self.begins.get_or_insert(now + self.playout.target());
    }

    /// Fills `out`; `over` may change each frame before it sounds, and hears what sounds.
    pub(super) fn play(&mut self, out: &mut [f32], mut over: impl FnMut(&mut [i16]), now: Moment) {
        let begun = self.begins.is_some_and(|begins| now >= begins);
        self.unframing.pull(out, |frame| {
            let frame = if begun {
                self.playout.pop(frame, now);
                frame
            } else {
                until_it_begins(frame)
            };
            over(frame);
            frame.len()
        });
        for sample in out {
            *sample = (*sample / 32_768.0).clamp(-1.0, 1.0);
        }
    }

    pub(super) fn hearing(&self) -> Hearing {
        Hearing {
            delay: self.playout.delay(),
            target: self.playout.target(),
            counts: self.playout.counts(),
            unreadable: self.unreadable,
        }
    }

    fn content<'a>(&self, packet: RtpPacket<'a>) -> Option<Content<'a>> {
        match packet.header.payload_type {
            own if own == self.payload_type => Some(Content::Sound(packet.payload)),
            COMFORT_NOISE => Some(Content::ComfortNoise(packet.payload)),
            _ => None,
        }
    }
}

/// Half a frame of silence: so the first packet's frames begin when it is due, within 10 ms.
fn until_it_begins(frame: &mut [i16]) -> &mut [i16] {
    let half = frame.len() / 2;
    let frame = &mut frame[..half];
    frame.fill(0);
    frame
}
