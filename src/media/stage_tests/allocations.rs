//! The media thread allocates nothing for a frame, whatever it does.

use super::*;

/// What comes of a party: packets made before they are counted.
struct Stream {
    leg: LegKey,
    datagrams: Vec<Vec<u8>>,
}

impl Stream {
    fn new(leg: LegKey, codec: Codec, frames: usize) -> Self {
        let mut encoder = Encoder::new(codec);
        let datagram = |n: usize| {
            let header = RtpHeader {
                payload_type: codec.payload_type(),
                marker: n == 0,
                sequence: n as u16,
                timestamp: n as u32 * codec.frame_ticks(),
                ssrc: 1_000 + leg.number(),
            };
            let tone = |k: usize| (6_000.0 * ((n * 320 + k) as f32 * 0.3).sin()) as i16;
            let sound: Vec<i16> = (0..codec.rate().frame_samples()).map(tone).collect();
            let mut datagram = Vec::new();
            header.write(&mut datagram);
            let mut payload = [0; 320];
            let length = encoder.encode(&sound, &mut payload);
            datagram.extend_from_slice(&payload[..length]);
            datagram
        };
        Self {
            leg,
            datagrams: (0..frames).map(datagram).collect(),
        }
    }
}

/// Lets every stream go on for its frames, and throws away what the stage sends.
fn run(stage: &mut Stage, streams: &mut [Stream], frames: std::ops::Range<usize>) {
    for n in frames {
        let now = Moment::from_nanos(1_000_000_000 + n as u64 * 20_000_000);
        for stream in streams.iter_mut() {
            let datagram = &mut stream.datagrams[n];
            stage.receive_rtp(stream.leg, remote(stream.leg), datagram, now);
        }
        stage.tick(now);
        stage.drain(|_| {});
        while stage.poll_report().is_some() {}
    }
}

/// The allocations of 4 s in the middle of a call of 8 s.
fn counted(rig: &mut Rig, codecs: &[(LegKey, Codec)]) -> u64 {
    let mut streams: Vec<Stream> = codecs
        .iter()
        .map(|(leg, codec)| Stream::new(*leg, *codec, 400))
        .collect();
    run(&mut rig.stage, &mut streams, 0..200);
    let measured =
        allocation_counter::measure(|| run(&mut rig.stage, &mut streams, 200..400));
    measured.count_total
}
