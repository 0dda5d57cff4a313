//! The media thread allocates nothing for a frame, whatever it does, on a line that does not jitter.

use super::*;
use crate::media::Encoder;

/// What comes of a party: packets made before they are counted.
struct Stream {
    leg: LegKey,
    from: SocketAddr,
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
            from: remote(leg),
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
            stage.receive_rtp(stream.leg, stream.from, datagram, now);
        }
        stage.tick(now);
        stage.drain(|_| {});
        while stage.poll_report().is_some() {}
    }
}

/// The allocations of 4 s in the middle of 8 s in which these parties speak, each by its codec.
fn counted(rig: &mut Rig, parties: &[(LegKey, Codec)]) -> u64 {
    let mut streams: Vec<Stream> = parties
        .iter()
        .map(|(leg, codec)| Stream::new(*leg, *codec, 400))
        .collect();
    run(&mut rig.stage, &mut streams, 0..200);
    allocation_counter::measure(|| run(&mut rig.stage, &mut streams, 200..400)).count_total
}

fn retarget(rig: &mut Rig, leg: LegKey, codec: Codec) {
    let spec = spec(leg, codec);
    rig.order(Order::Retarget { leg, spec });
}

#[test]
fn a_bridged_call_that_is_heard_both_ways_allocates_nothing() {
    let mut rig = Rig::new(&[CALLER, REP]);
    for (leg, other) in [(CALLER, REP), (REP, CALLER)] {
        rig.watch(leg);
        let hears = Hears {
            levelled: true,
            ..hears(&[other])
        };
        rig.order(Order::Hear { leg, hears });
    }
    let parties = [(CALLER, Codec::Pcma), (REP, Codec::Pcmu)];
    retarget(&mut rig, REP, Codec::Pcmu);
    assert_eq!(counted(&mut rig, &parties), 0);
}

#[test]
fn phrases_over_music_allocate_nothing() {
    let mut rig = Rig::new(&[CALLER]);
    rig.watch(CALLER);
    let bed = Bed::Music(clip(ms(3_000), 900), Under::Duck);
    let hears = Hears {
        bed,
        ..Hears::default()
    };
    rig.order(Order::Hear { leg: CALLER, hears });
    let start = rig.now;
    rig.say(CALLER, 1, &clip(ms(2_000), 9_000), start + ms(5_000));
    assert_eq!(counted(&mut rig, &[(CALLER, Codec::Pcma)]), 0);
}

#[test]
fn parties_of_three_codecs_are_mixed_without_allocating() {
    let parties = [
        (CALLER, Codec::Opus),
        (REP, Codec::G722),
        (TARGET, Codec::Pcma),
    ];
    let mut rig = Rig::new(&[CALLER, REP, TARGET]);
    for (leg, codec) in parties {
        retarget(&mut rig, leg, codec);
        rig.watch(leg);
        let others: Vec<LegKey> = [CALLER, REP, TARGET]
            .into_iter()
            .filter(|other| *other != leg)
            .collect();
        let hears = hears(&others);
        rig.order(Order::Hear { leg, hears });
    }
    assert_eq!(counted(&mut rig, &parties), 0);
}
