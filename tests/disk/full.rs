//! A disk that fills up with promises while people talk, and has room again.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::symlink;

use serde_json::{Value, json};
use thirdring::console::CallbackView;
use thirdring::records::{Entry, What};
use ureq::http::Method;

use crate::attacks::disk::SmallDisk;
use crate::peers::agent::{Agent, House};
use crate::peers::missing::{Need, can_run};
use crate::peers::phone::Phone;
use crate::peers::scene::{A_WHILE, NUMBER, Scene, hears_himself};
use crate::peers::scratch::Scratch;

/// Whom a promise is made to while it cannot be written.
const CUSTOMER: &str = "13900139000";

/// One after another is refused: then the disk is full.
const REFUSED_IN_A_ROW: usize = 5;
const PROMISES_MAX: u32 = 1_000;

const NEXT_YEARS: &str = "2099-01-01T02:00:00Z";

/// Whether it was acknowledged.
fn promise(agent: &Agent, number: &str, due: Option<&str>) -> bool {
    let note = "很长的备注；".repeat(100);
    let asked = json!({ "number": number, "reason": "tariff", "due": due, "note": note });
    let (status, answer) = agent.ask(Method::POST, "/callbacks", &asked);
    match status {
        201 => true,
        503 => {
            assert_eq!(answer["code"], "store-failed", "{answer}");
            false
        }
        other => panic!("{other}: {answer}"),
    }
}

/// Promises until the disk takes no more: to whom it was acknowledged, and to whom not.
fn fill(agent: &Agent) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut noted, mut refused) = (BTreeSet::new(), BTreeSet::new());
    let mut in_a_row = 0;
    for n in 0..PROMISES_MAX {
        let number = format!("137001{n:05}");
        if promise(agent, &number, Some(NEXT_YEARS)) {
            in_a_row = 0;
            noted.insert(number);
        } else {
            in_a_row += 1;
            refused.insert(number);
        }
        if in_a_row == REFUSED_IN_A_ROW {
            break;
        }
    }
    (noted, refused)
}

/// The promises by number, each once.
fn promises(agent: &Agent) -> BTreeMap<String, CallbackView> {
    let rows = agent.callbacks();
    let count = rows.len();
    let number = |row: &CallbackView| row.number.reveal().as_str().to_owned();
    let rows: BTreeMap<_, _> = rows.into_iter().map(|row| (number(&row), row)).collect();
    assert_eq!(rows.len(), count, "a promise is there twice");
    rows
}

fn is_well(agent: &Agent) -> bool {
    agent.alarms() == Value::from(Vec::<Value>::new())
}

#[test]
fn promises_on_a_full_disk_are_on_it_or_in_memory_and_none_twice() {
    if !can_run(&[Need::Mount]) {
        return;
    }
    let disk = SmallDisk::mount();
    let scratch = Scratch::new("agent");
    symlink(disk.path(), scratch.path("state")).expect("the folder is ours");
    let customer = Phone::open(CUSTOMER);
    let house = House::fast().seat("rep1", "echo").seat("rep2", "echo");
    let house = house
        .set(&format!("sip.trunk = \"{}\"", customer.address))
        .set("callbacks.quiet_hours.every_day = \"none\"");
    let mut scene = Scene::with(house.open_in(scratch), Phone::open(NUMBER));
    let (noted, refused) = fill(&scene.agent);
    println!("{} promises fit, {} did not", noted.len(), refused.len());
    assert!(!noted.is_empty() && refused.len() >= REFUSED_IN_A_ROW);
    assert!(!is_well(&scene.agent));

    // What is in memory only is dialled, and the call that is up goes on.
    assert!(!promise(&scene.agent, CUSTOMER, None));
    customer.called(A_WHILE);
    hears_himself(&scene.caller);
    customer.speak();
    let all: BTreeSet<String> = noted.union(&refused).cloned().collect();
    let there: BTreeSet<String> = promises(&scene.agent).into_keys().collect();
    assert!(there.is_superset(&all), "{:?}", all.difference(&there));

    disk.grow();
    let recovered = (0..400).any(|_| {
        scene.agent.get("/calls");
        scene.caller.hears_more(5);
        is_well(&scene.agent)
    });
    assert!(recovered, "{}", scene.agent.alarms());
    customer.hang_up();
    hears_himself(&scene.caller);
    scene.hang_up();
    for which in ["first", "second"] {
        let over = |entry: &Entry| matches!(entry.what, What::Ended { .. });
        scene
            .events
            .wait(&format!("the end of the {which} call"), A_WHILE, over);
    }
    // Asked after them: what the book has to know of their ends is written.
    promises(&scene.agent);

    // All of it is on the disk, each once.
    let agent = scene.agent.crash_and_restart();
    let rows = promises(&agent);
    let open: BTreeSet<&String> = all.iter().filter(|it| rows[*it].state == "open").collect();
    assert_eq!(open.len(), all.len());
    let kept = &rows[CUSTOMER];
    assert_eq!(
        (kept.state.as_str(), kept.attempts),
        ("done", 1),
        "{kept:?}"
    );
    assert_eq!(customer.count("INVITE"), 1);
}
