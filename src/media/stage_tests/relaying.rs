//! What a leg is sent of another leg.

use super::*;

#[test]
fn a_relayed_packet_leaves_the_moment_it_comes() {
    let mut rig = Rig::new(&[CALLER, REP]);
    rig.order(Order::Retarget {
        leg: REP,
        spec: spec(REP, Codec::Pcmu),
    });
    rig.hear(REP, &[CALLER]);
    rig.run(FRAME);
    let mut caller = Source::new(CALLER, &rig);
    caller.speak(&mut rig, ms(2_000));
    let sent = rig.sent(REP);
    let relayed: Vec<&Packet> = sent
        .iter()
        .filter(|p| (p.at - ms(3)).as_nanos().is_multiple_of(20_000_000))
        .collect();
    assert_eq!(relayed.len(), 100);
    let loud = |p: &Packet| {
        p.payload
            .iter()
            .any(|byte| Law::Mu.decode(*byte).abs() > 2_500)
    };
    assert!(
        relayed
            .iter()
            .all(|packet| loud(packet) && packet.header.payload_type == 0)
    );
    let steps = steps(&sent);
    assert!(
        steps
            .iter()
            .all(|step| step.0 == 1 && step.1 == 160 && step.2 <= ms(40)),
        "{steps:?}"
    );
}

#[test]
fn timestamps_never_go_back_between_relay_and_phrase() {
    let mut rig = Rig::new(&[CALLER, REP]);
    rig.hear(CALLER, &[REP]);
    let mut rep = Source::new(REP, &rig);
    for n in 0..20 {
        rep.speak(&mut rig, ms(500 + 7 * n));
        rig.say(CALLER, n, &clip(ms(313), 9_000), rig.now + ms(60));
        rep.speak(&mut rig, ms(500));
    }
    let sent = rig.sent(CALLER);
    let steps = steps(&sent);
    assert!(
        steps
            .iter()
            .all(|step| step.0 == 1 && step.1 > 0 && step.1 <= 4 * 160),
        "{steps:?}"
    );
    assert!(steps.iter().all(|step| step.2 <= ms(40)), "{steps:?}");
    assert_eq!(rig.ended().len(), 20);
    for n in 0..20 {
        let (timestamp, at) = rig.started(n);
        let twin = sent
            .iter()
            .filter(|packet| packet.header.timestamp == timestamp)
            .count();
        assert_eq!(twin, 1);
        let from = sent
            .iter()
            .position(|packet| packet.header.timestamp == timestamp)
            .unwrap();
        assert!(
            sent[from..from + 15].iter().all(|p| loudest(p) > 8_000),
            "phrase {n} at {at:?}"
        );
    }
}

#[test]
fn a_quiet_source_is_replaced_by_silence_and_heard_again() {
    let mut rig = Rig::new(&[CALLER, REP]);
    rig.hear(CALLER, &[REP]);
    let mut rep = Source::new(REP, &rig);
    rep.speak(&mut rig, ms(1_000));
    let gap = ms(1_000);
    rig.run(gap);
    rep.next += gap;
    rep.header.timestamp = rep.header.timestamp.wrapping_add(8_000);
    rep.speak(&mut rig, ms(1_000));
    let steps = steps(&rig.sent(CALLER));
    assert!(
        steps
            .iter()
            .all(|step| step.0 == 1 && step.1 <= 640 && step.2 <= ms(100)),
        "{steps:?}"
    );
    assert!(
        rig.packets
            .iter()
            .filter(|p| p.leg == CALLER && loudest(p) > 2_500)
            .count()
            >= 99
    );
}

#[test]
fn a_key_counts_once_and_is_relayed_only_where_allowed() {
    let mut rig = Rig::new(&[CALLER, REP]);
    let press = |rig: &mut Rig, timestamp: u32| {
        for sequence in 0..3 {
            let header = RtpHeader {
                payload_type: 101,
                marker: false,
                sequence,
                timestamp,
                ssrc: 1,
            };
            rig.receive(CALLER, header, &[1, 10, 0, 160]);
        }
    };
    rig.hear(REP, &[CALLER]);
    rig.run(ms(100));
    press(&mut rig, 1_000);
    assert!(
        rig.sent(REP)
            .iter()
            .all(|packet| packet.header.payload_type == 8)
    );
    rig.order(Order::Hear {
        leg: REP,
        hears: Hears {
            keys: true,
            ..hears(&[CALLER])
        },
    });
    rig.run(ms(20));
    press(&mut rig, 2_000);
    let relayed: Vec<Packet> = rig
        .sent(REP)
        .into_iter()
        .filter(|packet| packet.header.payload_type == 101)
        .collect();
    assert_eq!(relayed.len(), 3);
    assert!(
        relayed
            .iter()
            .all(|p| p.header.timestamp == relayed[0].header.timestamp)
    );
    let keys = rig
        .reports
        .iter()
        .filter(|report| matches!(report, Report::Key { .. }))
        .count();
    assert_eq!(keys, 2);
}

/// Each 20 ms a packet of a key that is held, and three of its end; `joined` comes after the first.
fn hold_a_key(rig: &mut Rig, timestamp: u32, packets: u16, joined: Option<Order>) {
    let mut joined = joined;
    for sequence in 1..=packets + 3 {
        let header = RtpHeader {
            payload_type: 101,
            marker: sequence == 1,
            sequence,
            timestamp,
            ssrc: 1,
        };
        let end = if sequence > packets { 0x80 } else { 0 };
        let [high, low] = (sequence.min(packets) * 160).to_be_bytes();
        rig.run(ms(20));
        rig.receive(CALLER, header, &[1, end | 10, high, low]);
        if let Some(order) = joined.take() {
            rig.order(order);
        }
    }
}

/// Who accepts a transferred caller by a key presses nothing for the caller.
#[test]
fn a_key_that_went_down_before_they_were_joined_is_not_passed_on() {
    let mut rig = Rig::new(&[CALLER, REP]);
    let joined = Order::Hear {
        leg: REP,
        hears: Hears {
            keys: true,
            ..hears(&[CALLER])
        },
    };
    let passed_on = |rig: &Rig| {
        let sent = rig.sent(REP).into_iter();
        sent.filter(|packet| packet.header.payload_type == 101)
            .count()
    };
    hold_a_key(&mut rig, 1_000, 8, Some(joined));
    assert_eq!(passed_on(&rig), 0);
    hold_a_key(&mut rig, 9_000, 8, None);
    assert_eq!(passed_on(&rig), 11);
}

#[test]
fn the_rep_hears_the_caller_and_our_phrases_to_the_caller() {
    let mut rig = Rig::new(&[CALLER, REP]);
    rig.order(Order::Hear {
        leg: REP,
        hears: Hears {
            phrases_to: Some(CALLER),
            ..hears(&[CALLER])
        },
    });
    let mut caller = Source::new(CALLER, &rig);
    caller.speak(&mut rig, ms(500));
    rig.say(CALLER, 1, &clip(ms(1_000), 9_000), rig.now + ms(60));
    caller.speak(&mut rig, ms(2_000));
    let both = rig
        .sent(REP)
        .into_iter()
        .filter(|packet| loudest(packet) > 10_000)
        .count();
    assert!((47..=51).contains(&both), "{both}");
    let steps = steps(&rig.sent(REP));
    assert!(
        steps
            .iter()
            .all(|step| step.0 == 1 && step.1 > 0 && step.2 <= ms(60)),
        "{steps:?}"
    );
}

#[test]
fn two_parties_are_mixed_for_the_third() {
    let mut rig = Rig::new(&[CALLER, REP, TARGET]);
    rig.hear(TARGET, &[CALLER, REP]);
    let (mut caller, mut rep) = (Source::new(CALLER, &rig), Source::new(REP, &rig));
    rep.next = caller.next;
    for _ in 0..50 {
        caller.speak(&mut rig, ms(0));
        rep.speak(&mut rig, ms(20));
    }
    let mixed = rig
        .sent(TARGET)
        .into_iter()
        .filter(|packet| loudest(packet) > 5_500)
        .count();
    assert!(mixed >= 45, "{mixed}");
    assert!(
        steps(&rig.sent(TARGET))
            .iter()
            .all(|step| *step == (1, 160, FRAME))
    );
}

#[test]
fn thirty_millisecond_packets_are_cut_anew() {
    let mut rig = Rig::new(&[CALLER, REP]);
    rig.hear(REP, &[CALLER]);
    let mut caller = Source {
        frame: 240,
        ..Source::new(CALLER, &rig)
    };
    caller.speak(&mut rig, ms(3_000));
    let sent = rig.sent(REP);
    assert!(sent.iter().all(|packet| packet.payload.len() == 160));
    assert!(steps(&sent).iter().all(|step| *step == (1, 160, FRAME)));
    assert!(sent.iter().filter(|packet| loudest(packet) > 2_500).count() >= 145);
}

#[test]
fn another_ssrc_is_followed() {
    let mut rig = Rig::new(&[CALLER, REP]);
    rig.hear(REP, &[CALLER]);
    rig.run(FRAME);
    let mut caller = Source::new(CALLER, &rig);
    caller.speak(&mut rig, ms(1_000));
    caller.header = RtpHeader {
        ssrc: 77,
        sequence: 3,
        timestamp: 50_003,
        ..caller.header
    };
    caller.speak(&mut rig, ms(1_000));
    assert_eq!(
        rig.sent(REP)
            .iter()
            .filter(|packet| loudest(packet) > 2_500)
            .count(),
        100
    );
    assert!(
        steps(&rig.sent(REP))
            .iter()
            .all(|step| step.0 == 1 && step.1 <= 320)
    );
}

#[test]
fn a_source_whose_clock_runs_slow_is_followed_without_running_late() {
    let mut rig = Rig::new(&[CALLER, REP]);
    rig.hear(REP, &[CALLER]);
    let mut caller = Source {
        late_by: Duration::from_micros(200),
        ..Source::new(CALLER, &rig)
    };
    caller.speak(&mut rig, Duration::from_secs(60));
    let sent = rig.sent(REP);
    let span = sent.last().unwrap().at.since(sent[0].at).as_millis() as i64;
    let ticks = sent
        .last()
        .unwrap()
        .header
        .timestamp
        .wrapping_sub(sent[0].header.timestamp);
    assert!((i64::from(ticks) / 8 - span).abs() <= 80);
    let relayed = sent.iter().filter(|packet| loudest(packet) > 2_500).count();
    assert!(relayed >= 2_960, "{relayed} of 2970");
}

#[test]
fn music_gives_way_to_the_rep_within_a_frame() {
    let mut rig = Rig::new(&[CALLER, REP]);
    let mut rep = Source::new(REP, &rig);
    let bed = Bed::Music(clip(ms(5_000), 6_000), Under::Silence);
    let hold = Hears {
        bed: bed.clone(),
        ..Hears::default()
    };
    rig.order(Order::Hear {
        leg: CALLER,
        hears: hold,
    });
    rep.speak(&mut rig, ms(1_000));
    let back = rig.now;
    rig.order(Order::Hear {
        leg: CALLER,
        hears: Hears {
            bed,
            ..hears(&[REP])
        },
    });
    rep.speak(&mut rig, ms(1_000));
    let sent = rig.sent(CALLER);
    let music_after = |p: &&Packet| p.at > back + FRAME && loudest(p) > 4_000;
    assert_eq!(sent.iter().filter(music_after).count(), 0);
    let rep_heard = sent
        .iter()
        .filter(|p| p.at > back && loudest(p) > 2_500)
        .count();
    assert!(rep_heard >= 48, "{rep_heard}");
    assert!(
        steps(&sent)
            .iter()
            .all(|step| step.0 == 1 && step.2 <= ms(40))
    );
}

#[test]
fn a_quiet_caller_is_made_louder_for_the_rep_and_for_nobody_else() {
    let mut rig = Rig::new(&[CALLER, REP, TARGET]);
    let levelled = Hears {
        levelled: true,
        ..hears(&[CALLER])
    };
    for (leg, hears) in [(REP, levelled), (TARGET, hears(&[CALLER]))] {
        rig.order(Order::Hear { leg, hears });
    }
    let mut caller = Source {
        level: 200,
        ..Source::new(CALLER, &rig)
    };
    // Words with pauses between them.
    for _ in 0..20 {
        caller.speak(&mut rig, ms(800));
        let word = std::mem::replace(&mut caller.level, 2);
        caller.speak(&mut rig, ms(400));
        caller.level = word;
    }
    caller.speak(&mut rig, ms(200));
    let last = |leg| rig.sent(leg).iter().rev().take(5).map(loudest).max();
    assert!(last(REP) > Some(700), "{:?}", last(REP));
    assert!(last(TARGET) < Some(220), "{:?}", last(TARGET));
}

#[test]
fn a_recorded_call_has_both_directions_in_every_frame() {
    let mut rig = Rig::new(&[CALLER, REP]);
    rig.hear(CALLER, &[REP]);
    let (mut caller, mut rep) = (Source::new(CALLER, &rig), Source::new(REP, &rig));
    rep.level = 7_000;
    rig.order(Order::Record {
        leg: CALLER,
        recording: Recording::On,
    });
    for _ in 0..100 {
        caller.speak(&mut rig, FRAME);
        rep.speak(&mut rig, ms(0));
    }
    rig.say(CALLER, 1, &clip(ms(500), 12_000), rig.now);
    caller.speak(&mut rig, ms(1_000));
    let mut frames = Vec::new();
    rig.stage.drain_recorded(|frame| frames.push(frame));
    assert!(frames.len() >= 145, "{}", frames.len());
    assert!(
        frames
            .windows(2)
            .all(|pair| pair[1].at.since(pair[0].at) == FRAME)
    );
    let level = |side: &[i16]| side.iter().map(|sample| sample.abs()).max().unwrap();
    let sides = |frame: &RecordedFrame| frame.sides().map(level);
    let both = |n: &usize| matches!(sides(&frames[*n]), [6_700..=7_300, 2_800..=3_200]);
    assert!(
        (10..95).all(|n| both(&n)),
        "{:?}",
        frames.iter().map(sides).collect::<Vec<_>>()
    );
    let phrase = frames
        .iter()
        .filter(|frame| sides(frame)[0] > 11_000)
        .count();
    assert_eq!(phrase, 25);
}

#[test]
fn a_relayed_pause_sounds_like_the_room_and_is_judged_as_what_it_is() {
    let mut rig = Rig::new(&[CALLER, REP]);
    rig.watch(CALLER);
    rig.hear(REP, &[CALLER]);
    let mut caller = Source::new(CALLER, &rig);
    caller.level = 80;
    caller.speak(&mut rig, ms(3_000));
    let stopped = rig.now;
    rig.run(ms(4_000));
    let sent = rig.sent(REP);
    let paused = |p: &&Packet| p.at.since(stopped) > ms(200);
    let samples = sent.iter().filter(paused).flat_map(|p| &p.payload);
    let squares = samples.map(|byte| f64::from(Law::A.decode(*byte)).powi(2));
    let (sum, count) = squares.fold((0.0, 0), |(sum, count), it| (sum + it, count + 1));
    let rms = (sum / f64::from(count)).sqrt();
    assert!((65.0..95.0).contains(&rms), "{rms}");
    assert!(count > 160 * 180);
    let verdicts = rig.verdicts(CALLER);
    let last = verdicts.last().map(|(verdict, _)| *verdict);
    assert_eq!(last, Some(Verdict::MediaStopped), "{verdicts:?}");
}

#[test]
fn a_noise_that_was_described_is_relayed() {
    let mut rig = Rig::new(&[CALLER, REP]);
    rig.watch(CALLER);
    rig.hear(REP, &[CALLER]);
    let mut caller = Source::new(CALLER, &rig);
    caller.speak(&mut rig, ms(1_000));
    let mut header = caller.header;
    header.payload_type = 13;
    rig.run_until(caller.next);
    rig.receive(CALLER, header, &[50]);
    let described = rig.now;
    rig.run(ms(1_000));
    let sent = rig.sent(REP);
    let late = sent.iter().filter(|p| p.at.since(described) > ms(300));
    let loud: Vec<i16> = late.map(loudest).collect();
    assert!(
        loud.len() > 30 && loud.iter().all(|peak| (80..400).contains(peak)),
        "{loud:?}"
    );
}
