//! Whatever a device or a peer gives.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Capture(Vec<f32>),
    Receive(Vec<u8>),
    Sound {
        sequence: u16,
        timestamp: u32,
        length: usize,
    },
    Play(usize),
    Mute(bool),
    Signal(usize, bool),
    Wait(u64),
}

fn any_sample() -> impl Strategy<Value = f32> {
    prop_oneof![
        6 => -1.0_f32..1.0,
        1 => Just(f32::NAN),
        1 => Just(f32::INFINITY),
        1 => Just(f32::NEG_INFINITY),
        1 => any::<f32>(),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop::collection::vec(any_sample(), 0..3_000).prop_map(Step::Capture),
        1 => prop::collection::vec(any::<u8>(), 0..300).prop_map(Step::Receive),
        4 => (0..40_u16, any::<u32>(), 0..900_usize)
            .prop_map(|(sequence, timestamp, length)| Step::Sound { sequence, timestamp, length }),
        4 => (0..5_000_usize).prop_map(Step::Play),
        1 => any::<bool>().prop_map(Step::Mute),
        1 => (0..Signal::ALL.len(), any::<bool>()).prop_map(|(n, starts)| Step::Signal(n, starts)),
        1 => prop_oneof![0..100_000_000_u64, Just(u64::MAX)].prop_map(Step::Wait),
    ]
}

fn datagram(codec: Codec, sequence: u16, timestamp: u32, length: usize) -> Vec<u8> {
    let header = RtpHeader {
        payload_type: codec.payload_type(),
        marker: false,
        sequence,
        // Mostly near by, so that it is played.
        timestamp: timestamp % 8_000,
        ssrc: 7,
    };
    let mut datagram = Vec::new();
    header.write(&mut datagram);
    datagram.extend((0..length).map(|n| (n * 37) as u8));
    datagram
}

fn take(headset: &mut Headset, codec: Codec, step: Step, now: &mut Moment) {
    match step {
        Step::Capture(samples) => headset.capture(&samples, |it| assert!(it.len() <= 172), *now),
        Step::Receive(datagram) => headset.receive(&datagram, *now),
        Step::Sound {
            sequence,
            timestamp,
            length,
        } => {
            headset.receive(&datagram(codec, sequence, timestamp, length), *now);
        }
        Step::Play(samples) => {
            let mut out = vec![f32::NAN; samples];
            headset.play(&mut out, *now);
            assert!(out.iter().all(|it| (-1.0..=1.0).contains(it)));
        }
        Step::Mute(muted) => headset.set_muted(muted),
        Step::Signal(n, true) => headset.start(Signal::ALL[n]),
        Step::Signal(n, false) => headset.stop(Signal::ALL[n]),
        Step::Wait(nanos) => *now += Duration::from_nanos(nanos),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_panics_and_what_is_played_is_sound(
        steps in prop::collection::vec(any_step(), 0..60),
        codec in prop::sample::select(&[Codec::Pcma, Codec::Pcmu, Codec::G722][..]),
        echo_cancel in prop::sample::select(&[EchoCancel::Auto, EchoCancel::On, EchoCancel::Off][..]),
        noise in prop::sample::select(&[Noise::Off, Noise::Low][..]),
    ) {
        let voice = VoiceSpec { echo_cancel, noise, gain: Gain::Auto };
        let spec = HeadsetSpec { voice, ..spec(codec) };
        let mut headset = Headset::new(&spec, &mut Entropy::from_number(1));
        let mut now = Moment::ZERO;
        for step in steps {
            take(&mut headset, codec, step, &mut now);
        }
        let news = all_news(&mut headset);
        prop_assert!(news.len() <= 4);
    }
}
