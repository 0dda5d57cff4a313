//! tests/sipp with an ear at every caller: SIPp judges the messages, the ear what was said.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use serde_json::json;
use thirdring::records::{Entry, What};

use super::super::agent::Agent;
use super::super::events::Events;
use super::super::hearing::Phrase;
use super::super::missing::{Need, can_run};
use super::super::pcap::{Capture, Datagram, recording_towards};
use super::super::scene::A_WHILE;
use super::house;

/// What every polite caller hears first.
const GREETING: &str = "greeting";

/// What the callers say, in Mandarin; the rep says it back.
const OWN_WORDS: &str = "report_upward";

/// Each caller of the pack, and all that he is told, in order; `|` marks a phrase that was cut.
/// His own words stand where he says them whole and so hears the rep.
/// Who hears nothing gets no packet either.
pub(super) const PACK: [(&str, &[&str]); 17] = [
    ("answer-and-bye", &[GREETING, OWN_WORDS]),
    // It stops for him (D14).
    ("stream", &["greeting|"]),
    ("early-reinvite", &[GREETING, OWN_WORDS]),
    ("lost-ack", &[GREETING, OWN_WORDS]),
    ("info-keys", &[GREETING]),
    ("rtp-keys", &[GREETING]),
    // Before and after his own hold.
    ("hold-and-resume", &[GREETING, OWN_WORDS]),
    // The rep holds him, and returns after the first point of the grid.
    (
        "held",
        &[
            GREETING,
            "hold_wait",
            "hold_still",
            "hold_return",
            OWN_WORDS,
        ],
    ),
    // The agent asks him for the rep, and he agrees by key: `hold_wait` would say it twice (D12).
    (
        "asked",
        &[GREETING, "hold_request", "consent_keys", "hold_still"],
    ),
    (
        "silent-caller",
        &[
            GREETING,
            "connected_please_speak",
            "no_voice_repeat",
            "fault_cannot_hear_caller",
            "closing_short",
        ],
    ),
    (
        "digital-silence",
        &[
            GREETING,
            "please_speak",
            "no_voice_repeat",
            "fault_cannot_hear_caller",
            "closing_short",
        ],
    ),
    ("cancel-while-ringing", &[]),
    ("options", &[]),
    ("unknown-method", &[]),
    ("require-unknown", &[]),
    ("unsupported-media", &[]),
    ("stray-bye", &[]),
];

/// Where run.sh puts the callers' audio, and how many ports each of them has.
const PORTS: (u16, u16) = (14_000, 14_999);
const PORTS_EACH: u16 = 40;

#[test]
fn every_caller_of_the_pack_hears_what_the_standard_says() {
    if !can_run(&[Need::Sipp, Need::Capture]) {
        return;
    }
    let agent = house(20).policy("hold", "asked_by", "\"agent\"").open();
    let capture = Capture::start("lo", PORTS);
    let callers = run(&agent);
    let datagrams = capture.finish();
    let faults: Vec<String> = PACK
        .iter()
        .filter_map(|(name, expected)| {
            let port = callers.get(*name);
            let port = port.unwrap_or_else(|| panic!("run.sh did not run {name}: {callers:?}"));
            fault(name, &datagrams, *port, expected)
        })
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
    assert_eq!(callers.len(), PACK.len(), "{callers:?}");
}

/// Runs the whole pack, with a rep where one is needed; returns where each caller took his audio.
fn run(agent: &Agent) -> BTreeMap<String, u16> {
    let pack = Command::new("bash")
        .args(["tests/sipp/run.sh", &agent.sip.to_string()])
        .env("SIPP_PORTS", PORTS.0.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bash runs");
    rep_acts(agent);
    let run = pack.wait_with_output().expect("it was ours");
    let told = String::from_utf8_lossy(&run.stdout);
    println!("{told}");
    let wrong = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{told}{wrong}");
    let passed = told.lines().filter_map(|line| {
        let (name, port) = line.strip_prefix("ok")?.split_once(", RTP at ")?;
        Some((name.trim().to_owned(), port.parse().ok()?))
    });
    passed.collect()
}

/// Two of the callers say a word: one of them the rep holds, the other he has asked.
fn rep_acts(agent: &Agent) {
    let mut events = agent.events();
    let (held, asked) = (call_of(&mut events, "held"), call_of(&mut events, "asked"));
    for id in [&held, &asked] {
        events.voice(id, true);
        events.voice(id, false);
    }
    agent.command(&agent.call_of(&held), "hold", json!({"agreed": true}));
    agent.command(&agent.call_of(&asked), "hold", json!({}));
    events.phrase_over(&held, "hold_still", A_WHILE);
    agent.command(&agent.call_of(&held), "return", json!({}));
}

/// The SIP Call-ID of the caller with this scenario.
fn call_of(events: &mut Events, scenario: &str) -> String {
    let prefix = format!("{scenario}-");
    let is_his = |entry: &Entry| {
        let id = entry.sip_call_id.as_deref().unwrap_or_default();
        matches!(entry.what, What::Begun { .. }) && id.starts_with(&prefix)
    };
    let begun = events.wait(&format!("a call of {scenario}"), A_WHILE, is_his);
    begun.sip_call_id.expect("it came by SIP")
}

/// What the caller at this port did not hear as he should.
fn fault(name: &str, datagrams: &[Datagram], port: u16, expected: &[&str]) -> Option<String> {
    let heard = recording_towards(datagrams, (port, port + PORTS_EACH - 1));
    if expected.is_empty() && !heard.packets.is_empty() {
        return Some(format!("{name}: got {} packets", heard.packets.len()));
    }
    let phrases = heard.phrases();
    let told = phrases.iter().filter(|phrase| {
        let own = phrase.id == OWN_WORDS;
        // The rep says back what he hears, and falls silent where the caller does.
        !own || (phrase.whole && expected.contains(&OWN_WORDS))
    });
    let told: Vec<String> = told.map(shown).collect();
    let mut ours = phrases.iter().filter(|phrase| phrase.id != OWN_WORDS);
    let unbroken = ours.all(|phrase| phrase.unbroken);
    let well = told == expected && unbroken && heard.lost() == 0;
    (!well).then(|| {
        format!(
            "{name}: expected {expected:?}, heard {heard}, {} lost",
            heard.lost()
        )
    })
}

fn shown(phrase: &Phrase) -> String {
    let cut = if phrase.whole { "" } else { "|" };
    format!("{}{cut}", phrase.id)
}
