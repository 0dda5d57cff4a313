use std::sync::Arc;

use super::settings::Sends;
use super::tongue::{Speaker, Tongue};
use crate::media::sender::Sent;
use crate::media::telephone_event::KeySender;
use crate::media::{Clip, FRAME_SAMPLES, RtpHeader};
use crate::words::{Entropy, Key};

/// What a phone sends: one frame each 20 ms.
pub(super) struct Mouth {
    tongue: Tongue,
    speaker: Speaker,
    header: RtpHeader,
    sends: Sends,
    /// Samples of `sends` said so far.
    position: usize,
    speaking: Option<(Arc<Clip>, usize)>,
    keys: KeySender,
    sent: Sent,
}

impl Mouth {
    pub(super) fn new(tongue: Tongue, sends: Sends, entropy: &mut Entropy) -> Self {
        Self {
            tongue,
            speaker: Speaker::new(tongue.codec),
            header: RtpHeader {
                payload_type: tongue.payload_type,
                marker: true,
                sequence: entropy.u16(),
                timestamp: entropy.u32(),
                ssrc: entropy.u32(),
            },
            sends,
            position: 0,
            speaking: None,
            keys: KeySender::default(),
            sent: Sent::default(),
        }
    }

    /// Says a clip once, then what it said before.
    pub(super) fn speak(&mut self, clip: Arc<Clip>) {
        self.speaking = Some((clip, 0));
    }

    pub(super) fn send(&mut self, sends: Sends) {
        (self.sends, self.position, self.speaking) = (sends, 0, None);
    }

    pub(super) fn talk_as(&mut self, tongue: Tongue) {
        if tongue.codec != self.speaker.codec() {
            self.speaker = Speaker::new(tongue.codec);
        }
        self.tongue = tongue;
    }

    pub(super) fn press(&mut self, keys: &[Key]) {
        self.keys.press(keys);
    }

    pub(super) fn ssrc(&self) -> u32 {
        self.header.ssrc
    }

    pub(super) fn timestamp(&self) -> u32 {
        self.header.timestamp
    }

    pub(super) fn sent(&self) -> Sent {
        self.sent
    }

    /// Writes the packet of this frame, if there is one; returns what it sounds like.
    pub(super) fn frame(&mut self, packet: &mut Vec<u8>) -> [i16; FRAME_SAMPLES] {
        packet.clear();
        let silent = matches!(self.sends, Sends::Nothing) && self.speaking.is_none();
        let samples = self.samples();
        if !self.write_key(packet) && !silent {
            self.header.payload_type = self.tongue.payload_type;
            self.header.write(packet);
            let before = packet.len();
            self.speaker.speak(&samples, packet);
            self.count(packet.len() - before);
        }
        let ticks = self.tongue.codec.frame_ticks();
        self.header.timestamp = self.header.timestamp.wrapping_add(ticks);
        samples
    }

    fn write_key(&mut self, packet: &mut Vec<u8>) -> bool {
        let Some(payload_type) = self.tongue.telephone_event else {
            return false;
        };
        let Some(event) = self
            .keys
            .next_packet(self.header.timestamp, self.tongue.codec.frame_ticks())
        else {
            return false;
        };
        let header = RtpHeader {
            payload_type,
            marker: event.marker,
            timestamp: event.timestamp,
            ..self.header
        };
        header.write(packet);
        packet.extend_from_slice(&event.payload);
        self.count(4);
        true
    }

    fn count(&mut self, octets: usize) {
        self.header.sequence = self.header.sequence.wrapping_add(1);
        self.header.marker = false;
        self.sent.packets = self.sent.packets.wrapping_add(1);
        self.sent.octets = self.sent.octets.wrapping_add(octets as u32);
    }

    fn samples(&mut self) -> [i16; FRAME_SAMPLES] {
        if let Some((clip, at)) = &mut self.speaking {
            let from = *at;
            *at += FRAME_SAMPLES;
            let samples = std::array::from_fn(|n| clip.sample(from + n));
            if *at >= clip.len() {
                self.speaking = None;
            }
            return samples;
        }
        let from = self.position;
        self.position += FRAME_SAMPLES;
        std::array::from_fn(|n| said(&self.sends, from + n))
    }
}

fn said(sends: &Sends, at: usize) -> i16 {
    match sends {
        Sends::Speech(clip) => clip.sample(at % clip.len().max(1)),
        Sends::Silence | Sends::Nothing => 0,
        // 440 Hz at 8 kHz repeats after 200 samples, at -15 dBov.
        Sends::Tone => {
            let turn = (at % 200) as f32 * 440.0 / 8000.0 * std::f32::consts::TAU;
            (8000.0 * turn.sin()) as i16
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{Codec, RtpPacket};

    fn mouth(sends: Sends) -> Mouth {
        let tongue = Tongue {
            codec: Codec::Pcma,
            payload_type: 8,
            telephone_event: Some(101),
        };
        Mouth::new(tongue, sends, &mut Entropy::from_number(1))
    }

    fn frames(mouth: &mut Mouth, count: usize) -> Vec<Vec<u8>> {
        let mut packet = Vec::new();
        let one = |mouth: &mut Mouth, packet: &mut Vec<u8>| {
            mouth.frame(packet);
            packet.clone()
        };
        (0..count).map(|_| one(mouth, &mut packet)).collect()
    }

    #[test]
    fn timestamps_rise_by_160_with_and_without_packets() {
        let mut mouth = mouth(Sends::Silence);
        let first = frames(&mut mouth, 1);
        mouth.send(Sends::Nothing);
        assert!(frames(&mut mouth, 3).iter().all(Vec::is_empty));
        mouth.send(Sends::Tone);
        let later = frames(&mut mouth, 1);
        let [first, later] = [&first[0], &later[0]].map(|p| RtpPacket::parse(p).unwrap().header);
        assert_eq!(later.timestamp.wrapping_sub(first.timestamp), 640);
        assert_eq!(later.sequence.wrapping_sub(first.sequence), 1);
        assert!(first.marker && !later.marker);
    }

    #[test]
    fn a_key_takes_the_place_of_sound() {
        let mut mouth = mouth(Sends::Tone);
        mouth.press(&[Key::ONE]);
        let packet = &frames(&mut mouth, 1)[0];
        let packet = RtpPacket::parse(packet).unwrap();
        assert_eq!((packet.header.payload_type, packet.payload[0]), (101, 1));
    }

    #[test]
    fn a_clip_is_spoken_once_even_by_a_phone_that_sends_nothing() {
        let mut mouth = mouth(Sends::Nothing);
        mouth.speak(Arc::new(Clip::from_samples(vec![900; 300])));
        let sent: Vec<bool> = frames(&mut mouth, 3)
            .iter()
            .map(|p| !p.is_empty())
            .collect();
        assert_eq!(sent, [true, true, false]);
    }
}
