//! What is told of a line, and what we tell the other side.

use super::*;

#[test]
fn a_stranger_is_neither_heard_nor_answered() {
    let mut rig = Rig::new(&[CALLER, REP]);
    rig.hear(REP, &[CALLER]);
    let mut caller = Source::new(CALLER, &rig);
    caller.speak(&mut rig, ms(500));
    let stranger: SocketAddr = "198.51.100.1:4000".parse().unwrap();
    let mut datagram = Vec::new();
    RtpHeader {
        ssrc: 9,
        ..caller.header
    }
    .write(&mut datagram);
    datagram.extend_from_slice(&[Law::A.encode(30_000); 160]);
    for _ in 0..1_000 {
        rig.stage
            .receive_rtp(CALLER, stranger, &mut datagram, rig.now);
    }
    caller.speak(&mut rig, ms(500));
    assert!(rig.packets.iter().all(|packet| loudest(packet) < 4_000));
    rig.order(Order::Close { leg: CALLER });
    let strangers = rig.reports.iter().find_map(|report| match report {
        Report::Closed { stats, .. } => Some(stats.strangers),
        _ => None,
    });
    assert_eq!(strangers, Some(1_000));
}

#[test]
fn no_media_and_stopped_media_are_told_on_time() {
    let mut rig = Rig::new(&[CALLER]);
    rig.watch(CALLER);
    let start = rig.now;
    rig.run(ms(5_000));
    let mut caller = Source::new(CALLER, &rig);
    caller.speak(&mut rig, ms(2_000));
    let last = caller.next - FRAME;
    rig.run(ms(5_000));
    let verdicts = rig.verdicts(CALLER);
    let kinds: Vec<Verdict> = verdicts.iter().map(|(verdict, _)| *verdict).collect();
    assert_eq!(
        kinds,
        [
            Verdict::NoMedia,
            Verdict::Fine,
            Verdict::MediaLate,
            Verdict::MediaStopped
        ]
    );
    assert!((ms(2_000)..=ms(2_040)).contains(&verdicts[0].1.since(start)));
    assert!((ms(1_500)..=ms(1_540)).contains(&verdicts[2].1.since(last)));
    assert!((ms(3_000)..=ms(3_040)).contains(&verdicts[3].1.since(last)));
}

#[test]
fn digital_silence_is_told_after_three_seconds() {
    let mut rig = Rig::new(&[CALLER]);
    rig.watch(CALLER);
    let mut caller = Source {
        level: 0,
        ..Source::new(CALLER, &rig)
    };
    let first = caller.next;
    caller.speak(&mut rig, ms(4_000));
    let (verdict, at) = rig.verdicts(CALLER)[0];
    assert_eq!(verdict, Verdict::DigitalSilence);
    assert!((ms(3_000)..=ms(3_040)).contains(&at.since(first)));
}

#[test]
fn frozen_reports_and_missing_blocks_say_that_they_do_not_receive() {
    for (second, evidence) in [
        (Some(100), Evidence::FrozenReports),
        (None, Evidence::MissingBlock),
    ] {
        let mut rig = Rig::new(&[CALLER]);
        rig.watch(CALLER);
        let mut caller = Source::new(CALLER, &rig);
        for highest in [Some(100), second, second] {
            caller.speak(&mut rig, ms(5_000));
            rig.receive_report(CALLER, highest);
        }
        caller.speak(&mut rig, ms(100));
        assert_eq!(
            rig.verdicts(CALLER)[0].0,
            Verdict::TheyDoNotReceive(evidence)
        );
    }
}

#[test]
fn icmp_over_two_seconds_says_that_they_do_not_receive() {
    let mut rig = Rig::new(&[CALLER]);
    rig.watch(CALLER);
    let mut caller = Source::new(CALLER, &rig);
    let first = rig.now;
    for _ in 0..5 {
        rig.stage.unreachable(CALLER, rig.now);
        caller.speak(&mut rig, ms(500));
    }
    let (verdict, at) = rig.verdicts(CALLER)[0];
    assert_eq!(verdict, Verdict::TheyDoNotReceive(Evidence::Unreachable));
    assert!((ms(2_000)..=ms(2_040)).contains(&at.since(first)));
}

#[test]
fn a_healthy_peer_without_rtcp_gets_no_verdict_in_five_minutes() {
    let mut rig = Rig::new(&[CALLER]);
    rig.watch(CALLER);
    let mut caller = Source::new(CALLER, &rig);
    caller.speak(&mut rig, Duration::from_secs(300));
    assert_eq!(rig.verdicts(CALLER), []);
}

#[test]
fn their_hold_pauses_the_watch() {
    let mut rig = Rig::new(&[CALLER]);
    rig.watch(CALLER);
    let mut caller = Source::new(CALLER, &rig);
    caller.speak(&mut rig, ms(2_000));
    let held = LegSpec {
        receives: false,
        ..spec(CALLER, Codec::Pcma)
    };
    rig.order(Order::Retarget {
        leg: CALLER,
        spec: held,
    });
    rig.run(Duration::from_secs(60));
    assert_eq!(rig.verdicts(CALLER), []);
    rig.order(Order::Retarget {
        leg: CALLER,
        spec: spec(CALLER, Codec::Pcma),
    });
    rig.run(ms(3_100));
    let last = rig.verdicts(CALLER).pop();
    assert_eq!(last.map(|told| told.0), Some(Verdict::MediaStopped));
}

#[test]
fn we_report_every_five_seconds_and_say_goodbye() {
    let mut rig = Rig::new(&[CALLER]);
    let mut caller = Source::new(CALLER, &rig);
    caller.speak(&mut rig, ms(8_000));
    assert_eq!(rig.rtcp.len(), 2);
    let heard = rtcp::read(&rig.rtcp[1].1, 1_001).unwrap();
    assert!(heard.ntp.is_some() && heard.highest_of_ours().is_some());
    rig.order(Order::Close { leg: CALLER });
    assert!(rtcp::read(&rig.rtcp[2].1, 1_001).unwrap().goodbye);
    assert_eq!(
        rig.stage.due().and_then(|due| {
            rig.run_until(due);
            rig.stage.due()
        }),
        None
    );
}
