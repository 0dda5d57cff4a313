//! SIPp: the whole pack of tests/sipp, and thirty callers at once.

use std::collections::BTreeMap;
use std::process::Command;

use super::agent::House;
use super::missing::{Need, can_run};
use super::pcap::{Capture, Datagram, recording_towards};

/// Where SIPp takes audio and its RTCP.
const CROWD_PORTS: (u16, u16) = (15_000, 15_001);
const CROWD: usize = 30;

fn house(seats: usize) -> House {
    (1..=seats).fold(House::fast(), |house, n| {
        house.seat(&format!("rep{n}"), "echo")
    })
}

#[test]
fn the_whole_pack_passes() {
    if !can_run(&[Need::Sipp]) {
        return;
    }
    let agent = house(20).open();
    let run = Command::new("bash")
        .args(["tests/sipp/run.sh", &agent.sip.to_string()])
        .output()
        .expect("bash runs");
    let told = String::from_utf8_lossy(&run.stdout);
    println!("{told}");
    assert!(
        run.status.success(),
        "{told}{}",
        String::from_utf8_lossy(&run.stderr)
    );
}

#[test]
fn thirty_callers_at_once_hear_the_whole_greeting() {
    if !can_run(&[Need::Sipp, Need::Capture]) {
        return;
    }
    let agent = house(CROWD).open();
    let capture = Capture::start("lo", CROWD_PORTS);
    let run = Command::new("bash")
        .args([
            "tests/sipp/crowd.sh",
            &agent.sip.to_string(),
            &CROWD.to_string(),
            &CROWD_PORTS.0.to_string(),
        ])
        .output()
        .expect("bash runs");
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stdout)
    );
    // All of SIPp's calls share one port: the streams differ by the agent's.
    let mut streams: BTreeMap<u16, Vec<Datagram>> = BTreeMap::new();
    for datagram in capture.finish() {
        if datagram.to.port() == CROWD_PORTS.0 {
            let stream = streams.entry(datagram.from.port()).or_default();
            stream.push(datagram);
        }
    }
    assert_eq!(streams.len(), CROWD);
    for (port, stream) in streams {
        let heard = recording_towards(&stream, CROWD_PORTS);
        let phrases = heard.phrases();
        let greeting = phrases.first().expect("something was said");
        assert_eq!(greeting.id, "greeting", "{port}: {heard}");
        assert!(greeting.whole && greeting.unbroken, "{port}: {heard}");
        assert_eq!(heard.lost(), 0, "{port}");
    }
}
