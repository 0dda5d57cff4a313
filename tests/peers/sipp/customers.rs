//! tests/sipp/customers: whom the agent calls back, and what he makes of it. SIPp judges the messages, the ear what was
//! said, the promise's row what came of it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::json;
use thirdring::records::What;
use ureq::http::Method;

use super::super::agent::{Agent, House};
use super::super::events::Events;
use super::super::missing::{Need, can_run};
use super::super::pcap::{Capture, Datagram, recording_towards};
use super::super::scene::A_WHILE;

/// Why we call: they were promised it.
const OPENING: &str = "callback_open_promise";

/// Each customer in the order of the files, the outcome in his promise's row, and what he hears; `|`: he does not hear all of it.
pub(super) const PACK: [(&str, &str, Hears); 21] = [
    ("answer", "joined", Hears::Opening),
    ("busy-everywhere", "busy", Hears::Nothing),
    ("bye-in-the-opening", "abandoned", Hears::Beginning),
    // His 200 is repeated for 32 s, and he is spoken to all the same.
    ("deaf", "joined", Hears::Opening),
    ("declined", "refused", Hears::Nothing),
    ("early-announcement", "switched-off", Hears::Nothing),
    ("early-busy-tone", "busy", Hears::Nothing),
    ("early-busy", "busy", Hears::Nothing),
    ("early-ringback", "no-answer", Hears::Nothing),
    ("early-special-tones", "no-such-number", Hears::Nothing),
    ("fax", "fax", Hears::Anything),
    ("forked", "joined", Hears::Opening),
    // Networks play their tones even in a 200, and speak after them; until they are known they may be spoken to.
    ("late-busy-tone", "busy", Hears::Beginning),
    ("late-special-tones", "no-such-number", Hears::Beginning),
    // It may be spoken to in its pauses, until it is known for what it is.
    ("machine", "machine", Hears::Anything),
    ("moved", "diverted", Hears::Nothing),
    ("no-trunk", "failed", Hears::Nothing),
    ("not-found", "no-such-number", Hears::Nothing),
    ("rings-on", "no-answer", Hears::Nothing),
    ("switched-off", "switched-off", Hears::Nothing),
    ("unavailable", "no-answer", Hears::Nothing),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hears {
    Nothing,
    /// Why we call, whole.
    Opening,
    /// The beginning of it.
    Beginning,
    Anything,
}

/// Where the customers are called, the nth ten ports above; and where they take their audio.
const FIRST_PORT: u16 = 12_000;
const CALLED_EVERY: u16 = 10;
const AUDIO: (u16, u16) = (12_400, 13_239);
const AUDIO_EACH: u16 = 40;

#[test]
fn every_customer_of_the_pack_has_his_outcome() {
    if !can_run(&[Need::Sipp, Need::Capture]) {
        return;
    }
    let agent = house().open();
    let mut events = agent.events();
    let capture = Capture::start("lo", AUDIO);
    let mut pack = run();
    let promises: Vec<String> = (0..PACK.len()).map(|n| promise(&agent, n)).collect();
    let outcomes: Vec<String> = promises
        .iter()
        .map(|id| outcome(&agent, &mut events, id))
        .collect();
    // The network behind says why: it is kept beside the status.
    let switched_off = PACK.iter().position(|(name, ..)| *name == "switched-off");
    let refused = &promises[switched_off.expect("one of the pack")];
    let refused = &agent.get(&format!("/callbacks/{refused}"))["history"][0];
    assert_eq!(
        (&refused["sip_status"], &refused["q850"]),
        (&json!(480), &json!(20))
    );
    let passed = pack.wait().expect("it was ours").success();
    let datagrams = capture.finish();
    let mut faults = Vec::new();
    for (n, ((name, expected, hears), outcome)) in PACK.iter().zip(&outcomes).enumerate() {
        println!("{name:22} {outcome}");
        if outcome != expected {
            faults.push(format!("{name}: {outcome}, not {expected}"));
        }
        faults.extend(misheard(&datagrams, n, *hears).map(|heard| format!("{name}: {heard}")));
    }
    assert!(passed && faults.is_empty(), "{faults:#?}");
}

/// Each customer has a number, and a line of his own.
fn house() -> House {
    let seats = (0..PACK.len()).fold(House::fast(), |house, n| {
        house.seat(&format!("rep{n}"), "echo")
    });
    let house = seats.policy("callback", "rings_for", "\"30s\"");
    (0..PACK.len()).fold(house, |house, n| {
        let port = FIRST_PORT + CALLED_EVERY * n as u16;
        let number = number(n);
        house
            .account(&format!(
                "name = \"customer{n}\"\nusername = \"hotline{n}\"\ndomain = \"127.0.0.1\"\n\
                 outbound_proxy = \"127.0.0.1:{port}\"\nregister = false"
            ))
            .dial_rule(&format!("match = \"{number}\"\nvia = \"customer{n}\""))
    })
}

fn number(n: usize) -> String {
    format!("139000000{n:02}")
}

/// Starts all customers, and waits until they wait.
fn run() -> Child {
    let mut pack = Command::new("bash")
        .args(["tests/sipp/run.sh", "called"])
        .arg(format!("127.0.0.1:{FIRST_PORT}"))
        .env("SIPP_PORTS", AUDIO.0.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("bash runs");
    let mut lines = BufReader::new(pack.stdout.take().expect("it is piped")).lines();
    let waits = lines.by_ref().map_while(Result::ok).take(PACK.len());
    let names: Vec<String> = waits
        .filter_map(|line| {
            Some(
                line.strip_prefix("waits")?
                    .split_whitespace()
                    .next()?
                    .to_owned(),
            )
        })
        .collect();
    assert_eq!(names, PACK.map(|(name, ..)| name));
    // What they tell in the end is shown where something failed.
    std::thread::spawn(move || {
        lines
            .map_while(Result::ok)
            .for_each(|line| println!("{line}"))
    });
    pack
}

/// Promises a callback; its id.
fn promise(agent: &Agent, n: usize) -> String {
    let asked = json!({"number": number(n), "reason": "asked for it"});
    let (status, row) = agent.ask(Method::POST, "/callbacks", &asked);
    assert_eq!(status, 201, "{row}");
    row["id"].as_str().expect("an id").to_owned()
}

/// What came of the first attempt, by the promise's row.
fn outcome(agent: &Agent, events: &mut Events, id: &str) -> String {
    let before = ["noted", "attempted", "near", "overdue"];
    events.wait("an outcome", 2 * A_WHILE, |entry| {
        matches!(&entry.what, What::Promise { callback, news, .. }
            if callback.as_deref() == Some(id) && !before.contains(&news.as_str()))
    });
    let row = agent.get(&format!("/callbacks/{id}"));
    row["outcomes"][0].as_str().unwrap_or_default().to_owned()
}

/// What the nth customer heard, where it is not what he should.
fn misheard(datagrams: &[Datagram], n: usize, hears: Hears) -> Option<String> {
    let first = AUDIO.0 + AUDIO_EACH * n as u16;
    let heard = recording_towards(datagrams, (first, first + AUDIO_EACH - 1));
    let phrases = heard.phrases();
    let openings: BTreeMap<bool, usize> = phrases
        .iter()
        .filter(|phrase| phrase.id == OPENING)
        .fold(BTreeMap::new(), |mut counts, phrase| {
            *counts.entry(phrase.whole).or_default() += 1;
            counts
        });
    let well = match hears {
        Hears::Nothing => phrases.is_empty(),
        Hears::Opening => openings == BTreeMap::from([(true, 1)]),
        Hears::Beginning => !openings.contains_key(&true),
        Hears::Anything => true,
    };
    (!well).then(|| format!("heard {heard}"))
}
