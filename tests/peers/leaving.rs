//! When the agent itself goes.

use std::fs::{self, File};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::json;
use thirdring::records::What;

use super::agent::{Agent, House, STATE, TOKEN};
use super::phone::{Phone, SOON};
use super::program::{free_ports, has_socket};
use super::scene::{NUMBER, Scene};
use super::scratch::Scratch;

const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[test]
fn an_agent_that_was_opened_for_two_calls_leaves_after_them_and_found_nothing_wrong() {
    let mut agent = House::fast().seat("rep1", "echo").exit_after(2).open();
    for _ in 0..2 {
        let caller = Phone::open(NUMBER);
        caller.call(agent.sip);
        caller.hang_up();
    }
    assert!(agent.has_left(), "the exit code");
}

#[test]
fn an_agent_whose_ports_nobody_reads_stays_for_its_callers() {
    let scratch = Scratch::new("unread");
    let sip = SocketAddr::new(HOST, free_ports(HOST));
    let seat = "id = \"rep1\"\nkind = \"echo\"";
    let settings = format!("sip.listen = \"{sip}\"\napi.listen = \"{HOST}:0\"\n[[seat]]\n{seat}");
    let settings = scratch.write("settings.toml", settings);
    // Like a pipe that is closed, it takes nothing.
    let unread = File::create("/dev/full").expect("Linux has it");
    let mut agent = Command::new(env!("CARGO_BIN_EXE_thirdring"))
        .args(["run", "--test", "--exit-after=1", "-c"])
        .arg(settings)
        .arg("--state")
        .arg(scratch.path(STATE))
        .env("THIRDRING_TOKEN", TOKEN)
        .stdout(unread)
        .stderr(File::create(scratch.path("log")).expect("the folder is ours"))
        .spawn()
        .expect("the agent's own program");
    while !has_socket(sip) && matches!(agent.try_wait(), Ok(None)) {
        thread::yield_now();
    }
    let caller = Phone::open(NUMBER);
    caller.call(sip);
    caller.hang_up();
    assert!(agent.wait().expect("it ends").success());
    let log = fs::read_to_string(scratch.path("log")).expect("it is ours");
    assert!(log.contains("tell the ports"), "{log}");
}

/// `thirdring drain`, in English.
fn asked_to_drain(agent: &Agent, words: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_thirdring"))
        .args(["drain", "--language", "en", "--api"])
        .arg(format!("http://{}", agent.api))
        .args(words)
        .env("THIRDRING_TOKEN", TOKEN)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the agent's own program")
}

/// Its exit code, and what it said.
fn told(drain: Child) -> (Option<i32>, String) {
    let told = drain.wait_with_output().expect("it ends");
    let all = [told.stdout, told.stderr].concat();
    (told.status.code(), String::from_utf8(all).expect("text"))
}

fn refused(agent: &Agent) -> Option<u16> {
    let another = Phone::open("13800138009");
    another.invite(agent.sip);
    another.final_response("INVITE", SOON).status()
}

#[test]
fn an_agent_that_drains_takes_no_calls_and_ends_after_the_last_one() {
    let mut scene = Scene::talking(House::fast().seat("rep1", "echo"));
    let drain = asked_to_drain(&scene.agent, &[]);
    scene.events.wait("drain", SOON, |entry| {
        entry.what == What::Drain { on: true }
    });
    assert_eq!(refused(&scene.agent), Some(480));
    assert_eq!(
        scene.agent.get("/drain"),
        json!({ "on": true, "calls": 1, "unsaved": false })
    );
    scene.hang_up();
    assert!(scene.agent.has_left(), "the exit code");
    let (code, told) = told(drain);
    assert_eq!(code, Some(0), "{told}");
    assert!(
        told.starts_with("No new calls are taken; 1 go on"),
        "{told}"
    );
    assert!(
        told.ends_with("The agent has ended; what it promised is kept\n"),
        "{told}"
    );
}

#[test]
fn an_agent_takes_calls_again_where_somebody_thought_better_of_it() {
    let mut scene = Scene::talking(House::fast().seat("rep1", "echo").seat("rep2", "echo"));
    let waits = asked_to_drain(&scene.agent, &[]);
    scene.events.wait("drain", SOON, |entry| {
        entry.what == What::Drain { on: true }
    });
    let (code, off) = told(asked_to_drain(&scene.agent, &["--cancel"]));
    assert_eq!((code, off.as_str()), (Some(0), "New calls are taken\n"));
    let (code, told) = told(waits);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("Somebody cancelled it"), "{told}");
    scene.hang_up();
    Phone::open("13800138009").call(scene.agent.sip);
}
