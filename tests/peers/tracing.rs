//! A call that is over is drawn: on a terminal, as a picture, as a capture.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::agent::{Agent, House, TOKEN};
use super::missing::{Need, can_run};
use super::scene::{NUMBER, Scene};

/// A call that the caller ends; and its id.
fn hung_up(house: House) -> (Agent, String) {
    let mut scene = Scene::talking(house);
    scene.hang_up();
    let id = scene.call.id.to_string();
    (scene.agent, id)
}

/// `thirdring trace CALL`.
fn traced(agent: &Agent, call: &str, words: &[&str]) -> String {
    let told = Command::new(env!("CARGO_BIN_EXE_thirdring"))
        .args(["trace", call, "--api"])
        .arg(format!("http://{}", agent.api))
        .args(words)
        .env("THIRDRING_TOKEN", TOKEN)
        .output()
        .expect("the agent's own program");
    let said = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success(), "{said}");
    String::from_utf8(told.stdout).expect("text")
}

/// What another program reads of it: of each packet what it says by SIP, whether its checksums are right, and complaints.
fn read_by_tshark(capture: &Path) -> Vec<String> {
    let fields = [
        "sip.Method",
        "sip.Status-Code",
        "ip.checksum.status",
        "udp.checksum.status",
        "_ws.expert.message",
    ];
    let read = Command::new("tshark")
        .args([
            "-o",
            "ip.check_checksum:TRUE",
            "-o",
            "udp.check_checksum:TRUE",
            "-T",
            "fields",
        ])
        .args(fields.iter().flat_map(|field| ["-e", field]))
        .arg("-r")
        .arg(capture)
        .output()
        .expect("tests/run.sh installs it");
    assert!(
        read.status.success(),
        "{}",
        String::from_utf8_lossy(&read.stderr)
    );
    let text = String::from_utf8(read.stdout).expect("text");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_call_is_traced_from_its_invite_to_its_end() {
    let (agent, call) = hung_up(House::fast().seat("rep1", "echo"));
    let svg = agent.path("call.svg");
    let svg_path = svg.to_string_lossy();
    let told = traced(
        &agent,
        &call,
        &["--language", "en", "--messages", "--svg", &svg_path],
    );
    assert!(told.starts_with("Ended by the caller, hung up, "), "{told}");
    let mut rest = &*told;
    for said in [
        "─ INVITE sdp ─│",
        "│─ 180 Ringing ─",
        "│─ 200 OK sdp ─",
        "─ ACK ─│",
        "state state=greeting",
        "state state=talking",
        "─ BYE ─│",
        "│─ 200 OK BYE ─",
        "ended ",
        "SIP/2.0 180 Ringing",
    ] {
        let place = rest.find(said);
        let place = place.unwrap_or_else(|| panic!("no {said} in its place in\n{told}"));
        rest = &rest[place + said.len()..];
    }
    // Of the number two digits stay; the Call-ID is the phone's own.
    assert!(told.contains("From: <sip:xxxxxxxxx00@"), "{told}");
    assert!(!told.contains(&format!("sip:{NUMBER}")), "{told}");
    let picture = fs::read_to_string(&svg).expect("it was written");
    assert!(
        picture.contains(">INVITE sdp</text>") && picture.contains(&call),
        "{picture}"
    );

    let told = traced(&agent, &call, &["--language", "zh-CN"]);
    assert!(told.starts_with("由来电人结束：挂机；接通后 "), "{told}");
}

#[test]
fn another_program_opens_the_capture_without_a_complaint() {
    if !can_run(&[Need::Tshark]) {
        return;
    }
    let (agent, call) = hung_up(House::fast().seat("rep1", "echo"));
    let capture = agent.path("call.pcap");
    traced(&agent, &call, &["--pcap", &capture.to_string_lossy()]);
    let packets = read_by_tshark(&capture);
    let said: Vec<&str> = packets.iter().map(|packet| packet.trim()).collect();
    // A method or a status, and both checksums right (1); then nothing.
    let expected = [
        "INVITE\t\t1\t1",
        "180\t1\t1",
        "200\t1\t1",
        "ACK\t\t1\t1",
        "BYE\t\t1\t1",
        "200\t1\t1",
    ];
    let but_trying: Vec<&str> = said
        .into_iter()
        .filter(|it| !it.starts_with("100\t"))
        .collect();
    assert_eq!(but_trying, expected);
}

#[test]
fn where_nothing_is_kept_the_timeline_is_drawn_alone() {
    let (agent, call) = hung_up(House::fast().seat("rep1", "echo").set("sip.trace = false"));
    let told = traced(&agent, &call, &["--language", "en"]);
    assert!(told.contains("No SIP messages were kept"), "{told}");
    assert!(
        told.contains("state state=talking") && !told.contains("INVITE"),
        "{told}"
    );
}
