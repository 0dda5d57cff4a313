use super::tongue::{Listener, Tongue};
use crate::media::rtp::ticks_between;
use crate::media::telephone_event::KeysHeard;
use crate::media::{Codec, RtpHeader, RtpPacket};
use crate::words::{Key, Moment};

/// A hole beyond 30 s, or a step backwards beyond it, is a new start of the timestamps.
const HOLE_MAX: i32 = 30 * 8000;
/// How much is handed to the ear at once: half a second.
const PART: usize = 4000;

/// Places received RTP on its timestamp axis: sample n of the stream belongs to one timestamp, whatever was lost.
///
/// Samples are at 8 kHz, whatever the codec.
pub(super) struct Incoming {
    tongue: Tongue,
    listener: Listener,
    axis: Option<Axis>,
    /// Stream position of the first of `samples`.
    position: u64,
    samples: Vec<i16>,
    arrivals: Vec<Arrival>,
    keys: KeysHeard,
}

#[derive(Clone, Copy)]
struct Axis {
    ssrc: u32,
    /// The timestamp after the last sample.
    next: u32,
}

/// Where a packet's first sample lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) sample: u64,
    pub(super) ssrc: u32,
    pub(super) timestamp: u32,
    pub(super) at: Moment,
    pub(super) codec: Codec,
}

/// What goes to the ear.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) samples: Vec<i16>,
    pub(super) arrivals: Vec<Arrival>,
}

impl Incoming {
    pub(super) fn new(tongue: Tongue) -> Self {
        Self {
            tongue,
            listener: Listener::new(tongue.codec),
            axis: None,
            position: 0,
            samples: Vec::new(),
            arrivals: Vec::new(),
            keys: KeysHeard::default(),
        }
    }

    pub(super) fn listen_as(&mut self, tongue: Tongue) {
        self.tongue = tongue;
    }

    /// Takes a packet; returns a key that began with it.
    pub(super) fn take(&mut self, packet: &RtpPacket, now: Moment) -> Option<Key> {
        let RtpHeader {
            payload_type,
            timestamp,
            ..
        } = packet.header;
        if self.tongue.telephone_event == Some(payload_type) {
            let clock_hz = self.tongue.codec.clock_hz();
            return self.keys.receive(timestamp, clock_hz, packet.payload);
        }
        if let Some(codec) = self.tongue.codec_of(payload_type) {
            self.place(packet, codec, now);
        }
        None
    }

    fn place(&mut self, packet: &RtpPacket, codec: Codec, now: Moment) {
        let header = &packet.header;
        if codec != self.listener.codec() {
            self.listener = Listener::new(codec);
        }
        let sound = self.listener.hear(packet.payload);
        let ticks = codec.clock_hz() / 8_000;
        let ahead = match self.axis {
            Some(axis) if axis.ssrc == header.ssrc => {
                ticks_between(axis.next, header.timestamp) / ticks.cast_signed()
            }
            _ => i32::MAX,
        };
        if (-HOLE_MAX..0).contains(&ahead) {
            return self.place_late(ahead, &sound);
        }
        if (0..=HOLE_MAX).contains(&ahead) {
            let hole = usize::try_from(ahead).unwrap_or(0);
            self.samples.resize(self.samples.len() + hole, 0);
        }
        self.arrivals.push(Arrival {
            sample: self.end(),
            ssrc: header.ssrc,
            timestamp: header.timestamp,
            at: now,
            codec,
        });
        let length = u32::try_from(sound.len()).unwrap_or(0) * ticks;
        self.samples.extend(sound);
        self.axis = Some(Axis {
            ssrc: header.ssrc,
            next: header.timestamp.wrapping_add(length),
        });
    }

    /// Puts a packet that was overtaken into the hole it left, unless that has gone to the ear.
    fn place_late(&mut self, ahead: i32, sound: &[i16]) {
        let back = usize::try_from(ahead.unsigned_abs()).unwrap_or(usize::MAX);
        let Some(at) = self.samples.len().checked_sub(back) else {
            return;
        };
        for (place, sample) in self.samples.iter_mut().skip(at).zip(sound) {
            *place = *sample;
        }
    }

    fn end(&self) -> u64 {
        self.position + self.samples.len() as u64
    }

    /// What has come, once it is half a second.
    pub(super) fn part(&mut self) -> Option<Part> {
        (self.samples.len() >= PART).then(|| self.rest())
    }

    /// What has come.
    pub(super) fn rest(&mut self) -> Part {
        self.position = self.end();
        Part {
            samples: std::mem::take(&mut self.samples),
            arrivals: std::mem::take(&mut self.arrivals),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Law;

    fn incoming() -> Incoming {
        Incoming::new(Tongue {
            codec: Codec::Pcma,
            payload_type: 8,
            telephone_event: Some(101),
        })
    }

    fn take(incoming: &mut Incoming, ssrc: u32, timestamp: u32, byte: u8) {
        let payload = [byte; 160];
        let header = RtpHeader {
            payload_type: 8,
            marker: false,
            sequence: 0,
            timestamp,
            ssrc,
        };
        let packet = RtpPacket {
            header,
            payload: &payload,
        };
        incoming.take(&packet, Moment::ZERO);
    }

    #[test]
    fn a_lost_packet_leaves_a_hole_of_its_length() {
        let mut incoming = incoming();
        for timestamp in [u32::MAX - 159, 0, 320] {
            take(&mut incoming, 7, timestamp, 0x55 ^ 0x2a);
        }
        let part = incoming.rest();
        assert_eq!(part.samples.len(), 640);
        assert!(part.samples[320..480].iter().all(|sample| *sample == 0));
        let places: Vec<u64> = part.arrivals.iter().map(|arrival| arrival.sample).collect();
        assert_eq!(places, [0, 160, 480]);
    }

    #[test]
    fn an_overtaken_packet_is_put_where_it_belongs() {
        let mut incoming = incoming();
        for timestamp in [0, 320, 160] {
            take(&mut incoming, 7, timestamp, 0x2a);
        }
        let loud = Law::A.decode(0x2a);
        assert_eq!(incoming.rest().samples, vec![loud; 480]);
    }

    #[test]
    fn a_new_source_goes_on_where_the_old_one_ended() {
        let mut incoming = incoming();
        take(&mut incoming, 7, 5000, 0x2a);
        take(&mut incoming, 8, 900_000, 0x2a);
        let part = incoming.rest();
        assert_eq!(part.samples.len(), 320);
        assert_eq!((part.arrivals[1].sample, part.arrivals[1].ssrc), (160, 8));
    }
}
