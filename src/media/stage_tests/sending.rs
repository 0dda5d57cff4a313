//! What a leg is sent: phrases, music, keys, in time.

use super::*;

#[test]
fn phrases_fifteen_seconds_apart_differ_by_exactly_120_000_ticks() {
    let mut rig = Rig::new(&[CALLER]);
    let music = Bed::Music(clip(ms(7_777), 1_000), Under::Duck);
    rig.order(Order::Hear {
        leg: CALLER,
        hears: Hears {
            bed: music,
            ..Hears::default()
        },
    });
    let phrase = clip(ms(4_321), 5_000);
    let start = rig.now + Duration::from_micros(60_137);
    for n in 0..21 {
        let onset = start + Duration::from_secs(15) * n;
        rig.run_until(onset - ms(60));
        rig.say(CALLER, n.into(), &phrase, onset);
    }
    rig.run(Duration::from_secs(15));
    let onsets: Vec<(u32, Moment)> = (0..21).map(|n| rig.started(n)).collect();
    assert!(
        onsets
            .windows(2)
            .all(|pair| pair[1].0.wrapping_sub(pair[0].0) == 120_000)
    );
    assert!(onsets[0].1 >= start && onsets[0].1.since(start) < FRAME);
    let wholes: Vec<(u64, bool)> = (0..21).map(|n| (n, true)).collect();
    assert_eq!(rig.ended(), wholes);
    assert!(
        steps(&rig.sent(CALLER))
            .iter()
            .all(|step| *step == (1, 160, FRAME))
    );
}

#[test]
fn four_hundred_legs_keep_every_packet_on_its_nominal_time() {
    let legs: Vec<LegKey> = (0..400).map(LegKey::new).collect();
    let mut rig = Rig::new(&legs);
    rig.run(Duration::from_secs(60) - ms(1));
    let mut by_leg = vec![Vec::new(); legs.len()];
    for packet in &rig.packets {
        by_leg[packet.leg.number() as usize].push(packet.clone());
    }
    for packets in &by_leg {
        assert_eq!(packets.len(), 3_000);
        assert!(steps(packets).iter().all(|step| *step == (1, 160, FRAME)));
    }
    let at_once = rig
        .packets
        .iter()
        .filter(|packet| packet.at == rig.packets[0].at)
        .count();
    assert_eq!(at_once, 20, "legs are spread over the 20 ms");
}

#[test]
fn a_cut_is_heard_within_forty_milliseconds_and_without_a_step() {
    let mut rig = Rig::new(&[CALLER]);
    rig.say(CALLER, 1, &clip(ms(5_000), 5_000), rig.now);
    rig.run(ms(1_007));
    rig.order(Order::Cut {
        leg: CALLER,
        utterance: 1,
    });
    let cut = rig.now;
    rig.run(ms(200));
    assert_eq!(rig.ended(), [(1, false)]);
    let after: Vec<Packet> = rig
        .sent(CALLER)
        .into_iter()
        .filter(|p| p.at > cut + FRAME)
        .collect();
    assert!(after.iter().all(|packet| loudest(packet) <= 8));
    let heard: Vec<i16> = rig
        .sent(CALLER)
        .iter()
        .skip(2)
        .flat_map(|packet| {
            packet
                .payload
                .iter()
                .map(|byte| Law::A.decode(*byte))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(
        heard
            .windows(2)
            .all(|pair| (pair[0] - pair[1]).abs() <= 300)
    );
}

#[test]
fn a_stall_is_caught_up_with_five_frames_and_a_jump() {
    let mut rig = Rig::new(&[CALLER]);
    rig.run(ms(200));
    let before = rig.packets.len();
    rig.stall(ms(1_000));
    let burst = &rig.packets[before..];
    assert_eq!(burst.len(), 5);
    assert!(burst[0].header.marker);
    let jump = burst[0]
        .header
        .timestamp
        .wrapping_sub(rig.packets[before - 1].header.timestamp);
    assert_eq!(jump % 160, 0);
    assert!(jump > 7_000, "{jump}");
    rig.run(ms(200));
    assert!(
        steps(&rig.packets[before..])
            .iter()
            .all(|step| step.0 == 1 && step.1 == 160)
    );
}

#[test]
fn keys_are_sent_as_events() {
    let mut rig = Rig::new(&[CALLER]);
    rig.run(ms(100));
    rig.order(Order::SendKeys {
        leg: CALLER,
        keys: vec![Key::ONE, Key::TWO],
    });
    rig.run(ms(1_000));
    let sent = rig.sent(CALLER);
    let events: Vec<u8> = sent
        .iter()
        .filter(|p| p.header.payload_type == 101)
        .map(|p| p.payload[0])
        .collect();
    assert_eq!(events, [vec![1; 8], vec![2; 8]].concat());
    assert!(
        steps(&sent)
            .iter()
            .all(|step| step.0 == 1 && step.2 == FRAME)
    );
}

#[test]
fn every_ordered_phrase_ends_even_where_nobody_is() {
    let mut rig = Rig::new(&[CALLER]);
    rig.say(TARGET, 1, &clip(ms(100), 1), rig.now);
    rig.say(CALLER, 2, &clip(ms(100), 1), rig.now + ms(100));
    rig.order(Order::Close { leg: CALLER });
    assert_eq!(rig.ended(), [(1, false), (2, false)]);
}
