//! docker/compose.yml without Docker: its files and its commands, on loopback addresses that end as its own do.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use thirdring::records::What;
use thirdring::words::Because;

use super::agent::TOKEN;
use super::events::Events;
use super::kamailio;
use super::missing::{Need, can_run};
use super::program::{free_ports, has_socket};
use super::scene::A_WHILE;
use super::scratch::Scratch;

const COMPOSE: &str = include_str!("../../docker/compose.yml");
const REGISTRAR: &str = include_str!("../../docker/registrar.cfg");
const AGENT: &str = include_str!("../../docker/thirdring.toml");
const PASSWORD: &str = "for-this-network-only";
const EXCHANGE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 30, 0, 40));
const REP: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 30, 0, 20));

/// An agent waits for up to half a minute before it registers: two hundred may start at once.
const REGISTERS_WITHIN: Duration = Duration::from_secs(60);

/// The network of the compose file: its addresses on loopback, its ports ones that nobody has.
struct Network {
    scratch: Scratch,
    sip: u16,
    rep: u16,
}

impl Network {
    fn new() -> Self {
        Self {
            scratch: Scratch::new("compose"),
            sip: free_ports(EXCHANGE),
            rep: free_ports(REP),
        }
    }

    fn translate(&self, text: &str) -> String {
        text.replace("172.30.", "127.30.")
            .replace("5060", &self.sip.to_string())
            .replace("5090", &self.rep.to_string())
    }

    fn start(&self, name: &str, mut command: Command) -> Service {
        let log = self.scratch.path(&format!("{name}.log"));
        let child = command
            .env("PBX_PASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .stderr(File::create(&log).expect("the folder is ours"))
            .spawn()
            .expect("start what a container would");
        Service { child, log }
    }

    fn start_with_socket(&self, name: &str, command: Command, address: SocketAddr) -> Service {
        let mut service = self.start(name, command);
        while !has_socket(address) {
            assert!(matches!(service.child.try_wait(), Ok(None)), "{address}");
            thread::yield_now();
        }
        service
    }

    /// SIPp with the words that stand below a service.
    fn sipp(&self, service: &str) -> Command {
        let (_, below) = COMPOSE
            .split_once(&format!("\n  {service}:\n"))
            .expect("it is a service");
        let (_, words) = below.split_once("command:").expect("it has one");
        let words = words.split_inclusive(']').next().expect("a list ends");
        let words: Vec<String> =
            serde_json::from_str(&self.translate(words)).expect("words in quotes");
        let mut command = Command::new("sipp");
        command.args(words).stdout(Stdio::null());
        command
    }

    fn registrar(&self) -> Service {
        let settings = self
            .scratch
            .write("registrar.cfg", self.translate(REGISTRAR));
        let command = kamailio::command(&self.scratch, &settings);
        self.start_with_socket("registrar", command, (EXCHANGE, self.sip).into())
    }

    fn rep(&self) -> Service {
        self.start_with_socket("rep", self.sipp("rep"), (REP, self.rep).into())
    }

    fn caller(&self) -> Service {
        self.start("caller", self.sipp("caller"))
    }

    /// The agent, and where its API is; in the container that is always 127.0.0.1:8080.
    fn agent(&self) -> (Service, SocketAddr) {
        let settings = self.scratch.write("thirdring.toml", self.translate(AGENT));
        let mut command = Command::new(env!("CARGO_BIN_EXE_thirdring"));
        command
            .args(["run", "--set", "api.listen=127.0.0.1:0", "-c"])
            .arg(settings)
            .arg("--state")
            .arg(self.scratch.path("state"))
            .env("THIRDRING_TOKEN", TOKEN)
            .stdout(Stdio::piped());
        let mut service = self.start("agent", command);
        let stdout = service.child.stdout.take().expect("it is piped");
        let mut told = String::new();
        BufReader::new(stdout)
            .read_line(&mut told)
            .expect("it tells its ports");
        let told: Value = serde_json::from_str(&told).expect("as JSON");
        let api = told["api"].as_str().expect("it listens");
        (service, api.parse().expect("an address"))
    }
}

/// A container that is none; it ends with its owner, and what it said is told where the test fails.
struct Service {
    child: Child,
    log: PathBuf,
}

impl Drop for Service {
    fn drop(&mut self) {
        let pid = self.child.id().to_string();
        // It may have ended already; Kamailio ends its own processes when it is asked.
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let ended = self.child.wait();
        if thread::panicking() {
            let said = fs::read_to_string(&self.log).unwrap_or_default();
            eprintln!("{}: {ended:?}\n{said}", self.log.display());
        }
    }
}

#[test]
fn the_silent_caller_of_the_compose_file_is_greeted_and_parted_from() {
    if !can_run(&[Need::Sipp, Need::Kamailio]) {
        return;
    }
    let network = Network::new();
    let _registrar = network.registrar();
    let _rep = network.rep();
    let (_agent, api) = network.agent();
    let mut events = Events::follow(api);
    events.registered(REGISTERS_WITHIN);
    let _caller = network.caller();
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
