//! A headset that runs allocates nothing for a frame, on a line that does not jitter.

use super::*;

#[test]
fn no_frame_allocates() {
    for codec in [Codec::Pcma, Codec::Pcmu, Codec::G722] {
        let mut far = headset(codec);
        let sent = packets(&mut far, &tone(440.0, 0.2, 8 * 48_000));
        let voice = VoiceSpec {
            echo_cancel: EchoCancel::On,
            noise: Noise::Low,
            gain: Gain::Auto,
        };
        let spec = HeadsetSpec {
            voice,
            ..spec(codec)
        };
        let mut headset = Headset::new(&spec, &mut Entropy::from_number(2));
        let spoken = tone(300.0, 0.1, BLOCK);
        let mut block = [0.0; BLOCK];
        let mut coming = sent.iter().peekable();
        let mut run = |blocks: std::ops::Range<usize>| {
            for n in blocks {
                let now = after(n * BLOCK, 48_000.0);
                while let Some((at, packet)) = coming.next_if(|(at, _)| *at <= now) {
                    headset.receive(packet, *at);
                }
                headset.start(Signal::CallWaiting);
                headset.play(&mut block, now);
                headset.capture(&spoken, |packet| assert!(packet.len() == 172), now);
                headset.poll_news();
            }
        };
        run(0..800);
        let counted = allocation_counter::measure(|| run(800..1_600));
        assert_eq!(counted.count_total, 0, "{codec:?}");
    }
}
