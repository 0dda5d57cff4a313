//! docker/compose.yml without Docker: its files and its commands, on loopback addresses that end as its own do.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::Value;
use thirdring::records::What;
use thirdring::words::Because;

use super::agent::TOKEN;
use super::events::Events;
use super::kamailio;
use super::missing::{Need, can_run};
use super::program::has_socket;
use super::scene::A_WHILE;
use super::scratch::Scratch;

const COMPOSE: &str = include_str!("../../docker/compose.yml");
const REGISTRAR: &str = include_str!("../../docker/registrar.cfg");
const AGENT: &str = include_str!("../../docker/thirdring.toml");
const PASSWORD: &str = "for-this-network-only";

/// A container that is none; it ends with its owner.
struct Service(Child);

impl Service {
    fn start(mut command: Command) -> Self {
        let child = command
            .env("PBX_PASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.expect("start what a container would"))
    }

    fn with_socket(command: Command, address: &str) -> Self {
        let mut service = Self::start(command);
        let address: SocketAddr = address.parse().expect("an address");
        while !has_socket(address) {
            assert!(matches!(service.0.try_wait(), Ok(None)), "{address}");
            thread::yield_now();
        }
        service
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let pid = self.0.id().to_string();
        // It may have ended already; Kamailio ends its own processes when it is asked.
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let _ = self.0.wait();
    }
}

fn on_loopback(text: &str) -> String {
    text.replace("172.30.", "127.30.")
}

/// SIPp with the words that stand below a service.
fn sipp(service: &str) -> Command {
    let (_, below) = COMPOSE
        .split_once(&format!("\n  {service}:\n"))
        .expect("it is a service");
    let (_, words) = below.split_once("command:").expect("it has one");
    let words = words.split_inclusive(']').next().expect("a list ends");
    let words: Vec<String> = serde_json::from_str(&on_loopback(words)).expect("words in quotes");
    let mut command = Command::new("sipp");
    command.args(words).stdout(Stdio::null());
    command
}

fn registrar(scratch: &Scratch) -> Command {
    let settings = scratch.write("registrar.cfg", on_loopback(REGISTRAR));
    kamailio::command(scratch, &settings)
}

/// The agent, and where its API is; in the container that is always 127.0.0.1:8080.
fn agent(scratch: &Scratch) -> (Service, SocketAddr) {
    let settings = scratch.write("thirdring.toml", on_loopback(AGENT));
    let mut command = Command::new(env!("CARGO_BIN_EXE_thirdring"));
    command
        .args(["run", "--set", "api.listen=127.0.0.1:0", "-c"])
        .arg(settings)
        .arg("--state")
        .arg(scratch.path("state"))
        .env("THIRDRING_TOKEN", TOKEN)
        .stdout(Stdio::piped());
    let mut service = Service::start(command);
    let stdout = service.0.stdout.take().expect("it is piped");
    let mut told = String::new();
    BufReader::new(stdout)
        .read_line(&mut told)
        .expect("it tells its ports");
    let told: Value = serde_json::from_str(&told).expect("as JSON");
    let api = told["api"].as_str().expect("it listens");
    (service, api.parse().expect("an address"))
}

#[test]
fn the_silent_caller_of_the_compose_file_is_greeted_and_parted_from() {
    if !can_run(&[Need::Sipp, Need::Kamailio]) {
        return;
    }
    let scratch = Scratch::new("compose");
    let _registrar = Service::with_socket(registrar(&scratch), "127.30.0.40:5060");
    let _rep = Service::with_socket(sipp("rep"), "127.30.0.20:5090");
    let (_agent, api) = agent(&scratch);
    let mut events = Events::follow(api);
    events.registered(A_WHILE);
    let _caller = Service::start(sipp("caller"));
    for phrase in ["greeting", "connected_please_speak", "closing_short"] {
        events.wait(phrase, A_WHILE, |entry| {
            matches!(&entry.what, What::PhraseStarted { phrase: said, .. } if said.as_str() == phrase)
        });
    }
    let ended = events.wait("the end", A_WHILE, |entry| {
        matches!(entry.what, What::Ended { .. })
    });
    assert!(
        matches!(&ended.what, What::Ended { ending } if ending.because == Because::SilentCaller),
        "{ended:?}"
    );
}

#[test]
fn the_files_that_the_compose_file_names_are_there() {
    for line in COMPOSE.lines() {
        if let Some((_, file)) = line.split_once("dockerfile: ") {
            let file = file.strip_prefix("docker/").unwrap_or(file);
            assert!(fs::exists(format!("docker/{file}")).unwrap(), "{line}");
        }
    }
}
