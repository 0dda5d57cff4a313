//! What one headset captures another plays.

use super::*;
use crate::media::codec::Decoder;

/// Silence, then a tone that begins at its crest, so that its onset is sharp.
fn tone_after(silence: usize, hertz: f32, samples: usize) -> Vec<f32> {
    let crest = DEVICE_HZ as f32 / hertz / 4.0;
    let mut sound = vec![0.0; silence];
    sound.extend(tone(hertz, 0.25, samples + crest as usize).split_off(crest as usize));
    sound
}

#[test]
fn a_tone_comes_through_clean_and_soon_in_each_codec() {
    for (codec, clean_db) in [
        (Codec::Pcma, 33.0),
        (Codec::Pcmu, 33.0),
        (Codec::G722, 30.0),
    ] {
        let silence = 48_000;
        let spoken = tone_after(silence, 1_003.0, 96_000);
        let sent = packets(&mut headset(codec), &spoken);
        assert_eq!(sent.len(), spoken.len() / 960);
        let played = heard(&mut headset(codec), &sent, spoken.len(), 48_000.0);
        let snr = signal_to_noise(&played[60_000..140_000], 1_003.0);
        let late = onset(&played, 0.15).unwrap() - silence;
        assert!(snr > clean_db, "{codec:?} {snr}");
        // A frame, the jitter buffer's 20 ms and up to 15 until the ear's next, and two filters of 2 ms.
        assert!(late < 48 * 65, "{codec:?} {late}");
    }
}

#[test]
fn a_microphone_adds_two_milliseconds_to_the_frame() {
    for codec in [Codec::Pcma, Codec::Pcmu, Codec::G722] {
        let silence = 9_600;
        let sent = packets(&mut headset(codec), &tone_after(silence, 1_000.0, 9_600));
        let (mut decoder, mut sound) = (Decoder::new(codec), Vec::new());
        for (_, packet) in &sent {
            let mut frame = [0; 320];
            let samples = decoder.decode(&packet[12..], &mut frame).unwrap();
            sound.extend(frame[..samples].iter().map(|it| f32::from(*it) / 32_768.0));
        }
        let a_ms = codec.rate().hz() as usize / 1_000;
        let late = onset(&sound, 0.12).unwrap() - silence / 48 * a_ms;
        // G.722's own filters have 1.4 ms.
        assert!(late <= 2 * a_ms + a_ms * 3 / 2, "{codec:?} {late}");
    }
}

#[test]
fn a_packet_waits_twenty_milliseconds_and_the_next_block() {
    let mut waits = Vec::new();
    for phase in 0..20 {
        let mut microphone = headset(Codec::Pcma);
        let sent = packets(&mut microphone, &tone(440.0, 0.2, 5 * 48_000));
        let sent: Vec<_> = sent
            .into_iter()
            .map(|(at, it)| (at + phase * MS, it))
            .collect();
        let mut ear = headset(Codec::Pcma);
        heard(&mut ear, &sent, 5 * 48_000, 48_000.0);
        let hearing = ear.hearing();
        assert_eq!(hearing.target, 20 * MS);
        assert_eq!(hearing.counts, Default::default());
        waits.push(hearing.delay);
    }
    waits.sort();
    assert!(waits[10] <= 27 * MS && waits[19] <= 35 * MS, "{waits:?}");
}

#[test]
fn timestamps_are_of_samples_and_run_on_over_a_gap() {
    let mut headset = headset(Codec::Pcma);
    let mut headers = Vec::new();
    let second = vec![0.1; 48_000];
    for began in [0, 48_000, 48_000 * 7 / 2] {
        for (n, block) in second.chunks(BLOCK).enumerate() {
            let now = after(began + (n + 1) * BLOCK, 48_000.0);
            let send = |packet: &[u8]| headers.push(RtpPacket::parse(packet).unwrap().header);
            headset.capture(block, send, now);
        }
    }
    assert_eq!(headers.len(), 150);
    assert!(
        headers
            .iter()
            .enumerate()
            .all(|(n, it)| it.marker == (n == 0 || n == 100))
    );
    let steps: Vec<u32> = headers
        .windows(2)
        .map(|it| it[1].timestamp.wrapping_sub(it[0].timestamp))
        .collect();
    assert!(steps[..99].iter().all(|step| *step == 160));
    assert_eq!(steps[99], 160 + 12_000);
    assert!(
        headers
            .windows(2)
            .all(|it| it[1].sequence == it[0].sequence.wrapping_add(1))
    );
}

#[test]
fn who_is_muted_sends_silence() {
    let mut headset = headset(Codec::Pcma);
    headset.set_muted(true);
    let sent = packets(&mut headset, &tone(440.0, 0.5, 48_000));
    assert_eq!(sent.len(), 50);
    for (_, packet) in &sent {
        assert_eq!(packet[12..], [0xd5; 160]);
    }
}

#[test]
fn a_packet_that_is_none_of_the_leg_is_counted() {
    let mut headset = headset(Codec::Pcma);
    for datagram in [
        &[][..],
        &[0x80; 11],
        &[0x80, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    ] {
        headset.receive(datagram, Moment::ZERO);
    }
    assert_eq!(headset.hearing().unreadable, 3);
}
