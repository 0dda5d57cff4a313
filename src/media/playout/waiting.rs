/// Packets waiting at most: 400 ms of 10 ms packets.
const PACKETS_MAX: usize = 40;

/// Bytes waiting at most: 400 ms of 64 kbit/s.
const BYTES_MAX: usize = 3_200;

/// What most lines never need more than: 100 ms.
const USUAL: (usize, usize) = (PACKETS_MAX / 4, BYTES_MAX / 4);

/// Packets that wait to be played, in the order of their places, not of their arrival.
///
/// All payloads lie in one buffer in that order: the next one is at its front. It has room for what usually waits, and is
/// given all that it may ever need once, when more does.
#[derive(Debug)]
pub(super) struct Waiting {
    packets: Vec<Packet>,
    bytes: Vec<u8>,
}

/// What is known of a packet beside its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    /// Where its first sample lies on the [`super::timeline::Timeline`].
    pub(super) at: i64,
    /// When it came, in samples.
    pub(super) came: i64,
    pub(super) sequence: u16,
    pub(super) kind: Kind,
    /// Bytes of its payload.
    length: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Sound,
    ComfortNoise,
}

/// What became of a packet that was to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It waits; so many older ones made room for it.
    Yes {
        displaced: u64,
    },
    Duplicate,
}

impl Packet {
    pub(super) fn new(at: i64, came: i64, sequence: u16, kind: Kind) -> Self {
        Self {
            at,
            came,
            sequence,
            kind,
            length: 0,
        }
    }
}

impl Waiting {
    pub(super) fn new() -> Self {
        Self {
            packets: Vec::with_capacity(USUAL.0),
            bytes: Vec::with_capacity(USUAL.1),
        }
    }

    /// Whether there can be room for it.
    pub(super) fn fits(payload: &[u8]) -> bool {
        payload.len() <= BYTES_MAX
    }

    /// Puts a packet that fits in its place; where there is no room, the oldest go.
    pub(super) fn insert(&mut self, packet: Packet, payload: &[u8]) -> Kept {
        if self.packets.iter().any(|waits| waits.at == packet.at) {
            return Kept::Duplicate;
        }
        let mut displaced = 0;
        let is_full = |waiting: &Self| {
            waiting.packets.len() >= PACKETS_MAX || waiting.bytes.len() + payload.len() > BYTES_MAX
        };
        while is_full(self) && !self.packets.is_empty() {
            self.discard_first();
            displaced += 1;
        }
        self.have_room_for(payload);
        let index = self.packets.partition_point(|waits| waits.at < packet.at);
        let before = self.packets.iter().take(index);
        let offset: usize = before.map(|p| usize::from(p.length)).sum();
        let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
        self.packets.insert(index, Packet { length, ..packet });
        self.bytes.splice(offset..offset, payload.iter().copied());
        Kept::Yes { displaced }
    }

    fn have_room_for(&mut self, payload: &[u8]) {
        let is_usual = self.packets.len() < self.packets.capacity()
            && self.bytes.len() + payload.len() <= self.bytes.capacity();
        if !is_usual {
            self.packets.reserve_exact(PACKETS_MAX - self.packets.len());
            self.bytes.reserve_exact(BYTES_MAX - self.bytes.len());
        }
    }

    pub(super) fn first(&self) -> Option<(Packet, &[u8])> {
        let packet = *self.packets.first()?;
        Some((packet, self.bytes.get(..packet.length.into())?))
    }

    pub(super) fn discard_first(&mut self) {
        if !self.packets.is_empty() {
            let length = self.packets.remove(0).length;
            self.bytes.drain(..usize::from(length));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(at: i64) -> Packet {
        Packet::new(at, 0, 0, Kind::Sound)
    }

    #[test]
    fn packets_leave_in_the_order_of_their_places() {
        let mut waiting = Waiting::new();
        for (at, payload) in [(320, &[3; 3][..]), (0, &[1; 1]), (160, &[2; 2])] {
            let kept = waiting.insert(sound(at), payload);
            assert_eq!(kept, Kept::Yes { displaced: 0 });
        }
        assert_eq!(waiting.insert(sound(160), &[9]), Kept::Duplicate);
        for (at, payload) in [(0, &[1; 1][..]), (160, &[2; 2]), (320, &[3; 3])] {
            let (packet, bytes) = waiting.first().unwrap();
            assert_eq!((packet.at, bytes), (at, payload));
            waiting.discard_first();
        }
        assert!(waiting.first().is_none());
    }

    #[test]
    fn the_oldest_make_room_and_the_buffers_grow_once() {
        let mut waiting = Waiting::new();
        let room = |waiting: &Waiting| (waiting.packets.capacity(), waiting.bytes.capacity());
        let mut rooms = vec![room(&waiting)];
        for at in 0..200 {
            waiting.insert(sound(at), &[0; 100]);
            rooms.push(room(&waiting));
        }
        rooms.dedup();
        assert_eq!(rooms, [USUAL, (PACKETS_MAX, BYTES_MAX)]);
        let waits = waiting.packets.len();
        assert_eq!(waits, BYTES_MAX / 100);
        assert!(!Waiting::fits(&[0; BYTES_MAX + 1]));
        let displaced = waits as u64;
        assert_eq!(
            waiting.insert(sound(999), &[0; BYTES_MAX]),
            Kept::Yes { displaced }
        );
        assert_eq!(waiting.first().unwrap().0.at, 999);
        assert_eq!(room(&waiting), (PACKETS_MAX, BYTES_MAX));
    }
}
