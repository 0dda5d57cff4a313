//! docs/tester.md: each command that it gives is run, with ports and folders of the test's own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::{Background, command, free_address, invoke};
use crate::peers::missing::{Need, can_run};
use crate::peers::program::free_ports;
use crate::peers::scratch::Scratch;

const PAGE: &str = include_str!("../../docs/tester.md");

/// What its commands begin with, beside those for `thirdring sim`; each is run by a test here.
const AGENT: &str = "THIRDRING_TOKEN=secret thirdring run ";
const SILENT_CALLER: &str = "sipp -sn uac ";
const ECHO: &str = "sipp -sn uas ";
const DEMO: &str = "thirdring demo ";
const TSHARK: &str = "tshark ";
const REPLAY: &str = "thirdring replay ";

/// The addresses of the page that belong to others here.
const PORTS: [&str; 4] = [
    "127.0.0.1:5060",
    "127.0.0.1:5070",
    "127.0.0.1:5080",
    "127.0.0.1:7000",
];

/// The blocks of this kind of a text.
fn blocks(section: &'static str, kind: &str) -> Vec<&'static str> {
    let fence = format!("```{kind}\n");
    let blocks: Vec<&str> = section.split(&fence).skip(1).collect();
    let ends = |block: &&'static str| Some(block.split_once("\n```")?.0);
    blocks.iter().filter_map(ends).collect()
}

/// What the page has about `thirdring sim`.
fn section() -> &'static str {
    let (_, section) = PAGE.split_once("## A tester that hears").unwrap();
    section.split("\n## ").next().unwrap()
}

/// Each command without its remark.
fn commands(section: &'static str) -> Vec<&'static str> {
    let blocks = blocks(section, "sh");
    let lines = blocks.into_iter().flat_map(str::lines);
    lines
        .map(|line| line.split("  #").next().unwrap().trim_end())
        .collect()
}

fn the_one(begins: &str) -> &'static str {
    let all = commands(PAGE);
    let mut found = all.into_iter().filter(|line| line.starts_with(begins));
    let one = found.next().unwrap_or_else(|| panic!("{begins}"));
    assert_eq!(found.next(), None);
    one
}

/// As a shell does, for quotes around whole words.
fn words(line: &str) -> Vec<String> {
    let pieces = line.split(['"', '\'']).enumerate();
    let words = pieces.flat_map(|(n, piece)| match n % 2 {
        0 => piece.split_whitespace().map(str::to_owned).collect(),
        _ => vec![piece.to_owned()],
    });
    words.collect()
}

/// The test's own addresses, folders and scenarios.
struct Own {
    scratch: Scratch,
    addresses: [(&'static str, String); 4],
}

impl Own {
    fn new(name: &str) -> Self {
        Self {
            scratch: Scratch::new(name),
            addresses: PORTS.map(|port| (port, free_address().to_string())),
        }
    }

    fn text(&self, text: &str) -> String {
        let own = self.addresses.iter();
        own.fold(text.to_owned(), |text, (theirs, own)| {
            text.replace(theirs, own)
        })
    }

    fn word(&self, word: &str) -> String {
        let shown = |path: PathBuf| path.display().to_string();
        if let Some(file) = word.strip_prefix("config/sim/") {
            let text = fs::read_to_string(word).unwrap();
            return shown(self.scratch.write(file, self.text(&text)));
        }
        if word == "first.toml" {
            return shown(self.scratch.write(word, self.text(first())));
        }
        match word.strip_prefix("/tmp/") {
            Some(name) => shown(self.scratch.path(name)),
            None => self.text(word),
        }
    }

    /// What follows `thirdring`.
    fn command(&self, line: &str) -> Command {
        let words: Vec<String> = words(line).iter().map(|it| self.word(it)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert_eq!(words[0], "thirdring");
        command(&words[1..])
    }
}

/// The scenario of the five minutes.
fn first() -> &'static str {
    blocks(section(), "toml").first().unwrap()
}

fn told(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8(both).unwrap()
}

#[test]
fn every_command_of_the_tester_that_hears_does_what_is_said() {
    let own = Own::new("tester-page");
    let mut background = Vec::new();
    let commands = commands(section());
    assert!(commands.len() >= 7, "{commands:?}");
    for line in commands {
        let mut process = own.command(line);
        if line.starts_with("thirdring sim ") && !line.starts_with("thirdring sim relay ") {
            let output = process.output().unwrap();
            assert!(output.status.success(), "{line}: {}", told(&output));
            continue;
        }
        // An agent or a relay: it says where it listens, and goes on while its input is open.
        process.stdin(Stdio::piped()).stderr(Stdio::null());
        let mut process = process.stdout(Stdio::piped()).spawn().unwrap();
        let (mut first, place) = (String::new(), usize::from(!background.is_empty()) * 3);
        let mut tells = BufReader::new(process.stdout.take().unwrap());
        tells.read_line(&mut first).unwrap();
        assert!(first.contains(&own.addresses[place].1), "{line}: {first}");
        background.push((Background(process), tells));
    }
    assert_eq!(background.len(), 2);
    assert!(own.scratch.path("sim.xml").exists());
    assert!(own.scratch.path("sim-wav/greeting-caller.wav").exists());
    the_first_scenario_can_fail(&own);
}

/// As the page has one do to see that it can.
fn the_first_scenario_can_fail(own: &Own) {
    let late = own.text(first()).replace("at = \"0s\"", "at = \"3s\"");
    let file = own.scratch.write("late.toml", late);
    let line = format!("thirdring sim {} --language en", file.display());
    let output = own.command(&line).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(told(&output).contains("shifted"), "{}", told(&output));
}

/// The agent of the page leaves after SIPp's call, which hears our BYE; and its journal is played again.
#[test]
fn sipp_is_the_silent_caller_of_the_page() {
    if !can_run(&[Need::Sipp]) {
        return;
    }
    let own = Own::new("tester-page-sipp");
    let line = the_one(AGENT)
        .strip_prefix("THIRDRING_TOKEN=secret ")
        .unwrap();
    let mut agent = own.command(&line.replace("/tmp/t ", "/tmp/state "));
    agent.env("THIRDRING_TOKEN", "secret");
    agent.args([
        "--set",
        "journal=true",
        "--set",
        "callbacks.quiet_hours.every_day=none",
    ]);
    agent.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut agent = Background(agent.spawn().unwrap());
    let mut ports = String::new();
    // Whose output nobody takes any more leaves.
    let mut tells = BufReader::new(agent.0.stdout.take().unwrap());
    tells.read_line(&mut ports).unwrap();
    let ports: Value = serde_json::from_str(&ports).unwrap();
    let caller = the_one(SILENT_CALLER).replace(PORTS[0], ports["sip"].as_str().unwrap());
    let caller = sipp(&caller).output().unwrap();
    assert_eq!(caller.status.code(), Some(1), "the BYE is unexpected");
    assert!(agent.0.wait().unwrap().success());
    let days = fs::read_dir(own.scratch.path("state/calls")).unwrap();
    let files = days.flat_map(|day| fs::read_dir(day.unwrap().path()).unwrap());
    let mut files = files.map(|file| file.unwrap().path().display().to_string());
    let journal = files.find(|file| file.ends_with(".journal")).unwrap();
    let replay = words(the_one(REPLAY));
    assert_eq!(replay.len(), 3);
    let (code, told) = invoke(&["replay", &journal, "--language", "en"]);
    assert!(code == 0 && told.contains("all of them the same"), "{told}");
}

fn sipp(line: &str) -> Command {
    let words = words(line);
    let mut sipp = Command::new(&words[0]);
    sipp.args(&words[1..]).arg("-nostdin");
    sipp.stdin(Stdio::null());
    sipp
}

/// SIPp as the page starts it, at a port of our own.
pub(super) fn echo() -> (Background, std::net::SocketAddr) {
    let port = free_ports(super::HOST);
    let line = the_one(ECHO).replace("5090", &port.to_string());
    let mut echo = sipp(&line);
    echo.args(["-mi", "127.0.0.1", "-mp", &(port + 2).to_string()]);
    echo.stdout(Stdio::null()).stderr(Stdio::null());
    let echo = Background(echo.spawn().unwrap());
    (echo, (super::HOST, port).into())
}

#[test]
fn the_demo_of_the_page_is_heard() {
    let own = Own::new("tester-page-demo");
    let output = own.command(the_one(DEMO)).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let recordings = fs::read_dir(own.scratch.path("wav")).unwrap();
    assert!(recordings.count() > 0);
}

/// Its SSRC and sequence number are found in a capture that has them.
#[test]
fn a_phrase_of_the_timeline_is_found_in_a_capture() {
    if !can_run(&[Need::Tshark]) {
        return;
    }
    let scratch = Scratch::new("tester-page-pcap");
    let packets = (43_272..43_275).map(|sequence| rtp(0x34e4_f293, sequence));
    let capture = scratch.write("call.pcap", pcap(packets));
    let words = words(the_one(TSHARK));
    let words = words.iter().map(|word| match word.as_str() {
        "call.pcap" => capture.display().to_string(),
        word => word.to_owned(),
    });
    let words: Vec<String> = words.collect();
    let output = Command::new(&words[0]).args(&words[1..]).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let found = String::from_utf8(output.stdout).unwrap();
    let fields: Vec<&str> = found.split_whitespace().collect();
    assert_eq!(fields[1..], ["43273", "160"], "{found}");
}

/// A packet of 20 ms, the nth since 43272.
fn rtp(ssrc: u32, sequence: u16) -> Vec<u8> {
    let timestamp = u32::from(sequence - 43_272) * 160;
    let header = [&[0x80, 8][..], &sequence.to_be_bytes()].concat();
    let header = [header, timestamp.to_be_bytes().to_vec()].concat();
    [header, ssrc.to_be_bytes().to_vec(), vec![0xd5; 160]].concat()
}

/// UDP from and to loopback, 20 ms apart; the link is plain IP.
fn pcap(packets: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut file = Vec::new();
    // Magic, version 2.4, zone and precision, the longest packet, LINKTYPE_RAW.
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101] {
        file.extend(word.to_le_bytes());
    }
    for (n, payload) in (0_u32..).zip(packets) {
        let udp = payload.len() as u16 + 8;
        let length = udp + 20;
        let sizes = u32::from(length);
        for word in [0, 20_000 * n, sizes, sizes] {
            file.extend(word.to_le_bytes());
        }
        file.extend([0x45, 0]);
        file.extend(length.to_be_bytes());
        // No fragment, 64 hops, UDP; the sums are left out.
        file.extend([0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
        for half in [30_000, 30_002, udp, 0] {
            file.extend(half.to_be_bytes());
        }
        file.extend(payload);
    }
    file
}

/// None is left that no test runs; and what stands in a sentence is a command that there is.
#[test]
fn every_command_of_the_page_is_run_by_a_test() {
    let here = [AGENT, SILENT_CALLER, ECHO, DEMO, TSHARK, REPLAY];
    let of_sim = commands(section());
    let all = commands(PAGE).into_iter();
    let left: Vec<&str> = all
        .filter(|line| !of_sim.contains(line) && !here.iter().any(|it| line.starts_with(it)))
        .collect();
    assert_eq!(left, Vec::<&str>::new());
    let prose = PAGE.split("```").step_by(2);
    let spoken = prose.flat_map(|text| text.split('`').skip(1).step_by(2));
    for line in spoken.filter(|code| code.starts_with("thirdring ")) {
        let words = words(line);
        let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        let (code, told) = invoke(&[&words[..], &["--help"]].concat());
        assert_eq!(code, 0, "{line}: {told}");
    }
}
