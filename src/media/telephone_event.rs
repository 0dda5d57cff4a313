use std::collections::VecDeque;
use std::time::Duration;

use super::rtp::ticks_between;
use crate::words::Key;

/// Keys waiting to be sent to one leg; what comes on top is discarded.
const KEYS_MAX: usize = 32;

/// 100 ms of tone: 40 ms is the least a receiver must see, and gateways like more (RFC 4733 2.5.2.3).
const TONE_FRAMES: u16 = 5;

/// The last packet of an event is sent three times (RFC 4733 2.5.1.4).
const END_PACKETS: u16 = 3;

/// 60 ms between two keys.
const PAUSE_FRAMES: u16 = 3;

/// -10 dBm0 (RFC 4733 2.3.4).
const VOLUME: u8 = 10;

/// An event older than this by its timestamp is a new one from a source that restarted its clock.
const REORDERED_SECONDS_MAX: i32 = 5;

/// Hears telephone-events (RFC 4733): a key counts on the first packet of its event, once a timestamp (D11).
#[derive(Clone, Copy, Debug, Default)]
pub struct KeysHeard {
    last: Option<u32>,
}

impl KeysHeard {
    /// `clock_hz` are the ticks a second of the stream's timestamps.
    pub fn receive(&mut self, timestamp: u32, clock_hz: u32, payload: &[u8]) -> Option<Key> {
        let [event, _, _, _, ..] = payload else {
            return None;
        };
        let key = Key::from_event(*event)?;
        let ahead = self.last.map_or(1, |last| ticks_between(last, timestamp));
        let reordered = clock_hz.cast_signed().saturating_mul(REORDERED_SECONDS_MAX);
        if (-reordered..=0).contains(&ahead) {
            return None;
        }
        self.last = Some(timestamp);
        Some(key)
    }
}

/// One packet of an event that we send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPacket {
    pub marker: bool,
    /// The event's own start, the same in all its packets.
    pub timestamp: u32,
    pub payload: [u8; 4],
}

/// An event's payload as another clock counts its length (RFC 4733 2.3.5).
pub fn retimed(payload: [u8; 4], from_hz: u32, to_hz: u32) -> [u8; 4] {
    let [event, volume, high, low] = payload;
    let length = u64::from(u16::from_be_bytes([high, low])) * u64::from(to_hz);
    let length = length.checked_div(from_hz.into()).unwrap_or(0);
    let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    [event, volume, high, low]
}

/// How long the event of this payload has lasted already.
pub fn lasted([_, _, high, low]: [u8; 4], clock_hz: u32) -> Duration {
    let nanos = u64::from(u16::from_be_bytes([high, low])) * 1_000_000_000;
    Duration::from_nanos(nanos.checked_div(clock_hz.into()).unwrap_or(0))
}

/// Sends keys one after the other, a packet each 20 ms.
#[derive(Clone, Debug, Default)]
pub struct KeySender {
    waiting: VecDeque<Key>,
    pressed: Option<Pressed>,
    pause: u16,
}

#[derive(Clone, Copy, Debug)]
struct Pressed {
    key: Key,
    timestamp: u32,
    packet: u16,
}

impl KeySender {
    pub fn press(&mut self, keys: &[Key]) {
        let room = KEYS_MAX.saturating_sub(self.waiting.len());
        self.waiting.extend(keys.iter().take(room));
    }

    pub fn is_idle(&self) -> bool {
        self.pressed.is_none() && self.waiting.is_empty()
    }

    /// The packet for the frame of so many ticks that begins at `timestamp`; none when sound has its turn.
    pub fn next_packet(&mut self, timestamp: u32, frame_ticks: u32) -> Option<EventPacket> {
        if self.pause > 0 {
            self.pause -= 1;
            return None;
        }
        let pressed = match self.pressed {
            Some(pressed) => pressed,
            None => Pressed {
                key: self.waiting.pop_front()?,
                timestamp,
                packet: 0,
            },
        };
        self.advance(pressed);
        Some(pressed.packet(frame_ticks))
    }

    fn advance(&mut self, pressed: Pressed) {
        let packet = pressed.packet + 1;
        let is_last = packet == TONE_FRAMES + END_PACKETS;
        self.pause = if is_last { PAUSE_FRAMES } else { 0 };
        self.pressed = (!is_last).then_some(Pressed { packet, ..pressed });
    }
}

impl Pressed {
    fn packet(self, frame_ticks: u32) -> EventPacket {
        let ends = self.packet >= TONE_FRAMES;
        let frames = (self.packet + 1).min(TONE_FRAMES);
        // Eight frames of 48 kHz are 7,680 ticks.
        let [.., high, low] = (u32::from(frames) * frame_ticks).to_be_bytes();
        EventPacket {
            marker: self.packet == 0,
            timestamp: self.timestamp,
            payload: [self.key.event(), u8::from(ends) << 7 | VOLUME, high, low],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_counts_once_a_timestamp_on_its_first_packet() {
        let mut keys = KeysHeard::default();
        assert_eq!(keys.receive(800, 8_000, &[1, 10, 0, 160]), Some(Key::ONE));
        assert_eq!(keys.receive(800, 8_000, &[1, 0x8a, 3, 32]), None);
        assert_eq!(keys.receive(640, 8_000, &[1, 0x8a, 3, 32]), None);
        assert_eq!(keys.receive(2_400, 8_000, &[1, 10, 0, 160]), Some(Key::ONE));
    }

    #[test]
    fn flash_and_stubs_are_no_keys() {
        let mut keys = KeysHeard::default();
        assert_eq!(keys.receive(1, 8_000, &[16, 10, 0, 160]), None);
        assert_eq!(keys.receive(1, 8_000, &[1, 10]), None);
    }

    #[test]
    fn a_key_is_sent_as_eight_packets_with_three_ends() {
        let mut sender = KeySender::default();
        sender.press(&[Key::TWO, Key::ONE]);
        let packets: Vec<_> = (0..12).map(|n| sender.next_packet(n * 160, 160)).collect();
        let first: Vec<_> = packets[..8].iter().flatten().collect();
        assert!(first.iter().all(|packet| packet.timestamp == 0));
        assert_eq!(first[0].payload, [2, 10, 0, 160]);
        assert_eq!(first[5].payload, [2, 0x8a, 3, 32]);
        assert_eq!(
            first
                .iter()
                .filter(|packet| packet.payload[1] >> 7 == 1)
                .count(),
            3
        );
        assert_eq!(packets[8..11], [None, None, None]);
        assert_eq!(packets[11].map(|packet| packet.timestamp), Some(11 * 160));
    }

    #[test]
    fn an_event_is_as_long_by_another_clock() {
        let event = [1, 10, 3, 32];
        assert_eq!(retimed(event, 8_000, 48_000), [1, 10, 0x12, 0xc0]);
        assert_eq!(retimed([1, 10, 0x12, 0xc0], 48_000, 8_000), event);
        assert_eq!(retimed([1, 10, 255, 255], 8_000, 48_000)[2..], [255, 255]);
    }

    #[test]
    fn the_queue_of_keys_is_bounded() {
        let mut sender = KeySender::default();
        sender.press(&[Key::ONE; 100]);
        assert_eq!(sender.waiting.len(), KEYS_MAX);
    }
}
