//! Another program in the agent's place: while nobody is on the line, with a way back.

use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use thirdring::callbacks::store::{Examined, Sqlite};
use thirdring::records::What;

use super::agent::{House, STATE, TOKEN};
use super::phone::{Phone, SOON};
use super::phones::HOST;
use super::program::free_ports;
use super::scene::{NUMBER, Scene};

const THIRDRING: &str = env!("CARGO_BIN_EXE_thirdring");

/// A PC with an agent that talks, a program in its place, and how the agent is started there.
struct Pc {
    scene: Scene,
    sip: SocketAddr,
    api: SocketAddr,
}

impl Pc {
    fn with_a_call() -> Self {
        // It starts again where it was: nobody is given these by the system meanwhile.
        let port = free_ports(HOST);
        let [sip, api] = [port, port + 1].map(|port| SocketAddr::new(HOST, port));
        let house = House::fast()
            .listening(&sip.to_string())
            .seat("rep1", "echo")
            .env("THIRDRING__API__LISTEN", api.to_string());
        let scene = Scene::talking(house);
        let pc = Self { scene, sip, api };
        pc.program("thirdring", "# The first.\n");
        pc
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scene.agent.path(name)
    }

    /// A program of its own that does what ours does, but for what `before` does first.
    fn program(&self, name: &str, before: &str) -> PathBuf {
        let path = self.path(name);
        let script = format!("#!/bin/sh\n{before}exec {THIRDRING} \"$@\"\n");
        fs::write(&path, script).expect("the folder is ours");
        fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("it is ours");
        path
    }

    fn installed(&self) -> String {
        fs::read_to_string(self.path("thirdring")).expect("there is always a program")
    }

    fn update(&self, words: &[&str]) -> Child {
        let (settings, state, pid) = (
            self.path("settings.toml"),
            self.path(STATE),
            self.path("pid"),
        );
        let start = format!(
            "{:?} run --test -c {settings:?} --state {state:?} > {:?} 2>&1 & echo $! >> {pid:?}",
            self.path("thirdring"),
            self.path("output"),
        );
        Command::new(THIRDRING)
            .args(["update", "--language", "en", "--installed"])
            .arg(self.path("thirdring"))
            .arg("-c")
            .arg(&settings)
            .args(["--set", "test=true", "--state"])
            .arg(&state)
            .args(["--api", &format!("http://{}", self.api)])
            .args(["--restart", &start])
            .args(words)
            .env("THIRDRING_TOKEN", TOKEN)
            .env("THIRDRING__API__LISTEN", self.api.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the agent's own program")
    }

    fn drains(&mut self) {
        self.scene.events.wait("drain", SOON, |entry| {
            entry.what == What::Drain { on: true }
        });
    }
}

impl Drop for Pc {
    /// Ends the agents that updates have started.
    fn drop(&mut self) {
        let started = fs::read_to_string(self.path("pid")).unwrap_or_default();
        for pid in started.lines() {
            let _ = Command::new("kill").arg(pid).status();
        }
    }
}

/// The exit code, and what was said.
fn told(update: Child) -> (Option<i32>, String) {
    let told = update.wait_with_output().expect("it ends");
    let all = [told.stdout, told.stderr].concat();
    (told.status.code(), String::from_utf8(all).expect("text"))
}

#[test]
fn a_program_is_swapped_after_the_last_call_and_takes_the_next_one() {
    let mut pc = Pc::with_a_call();
    let newer = pc.program("download", "# The second.\n");
    let update = pc.update(&[newer.to_str().expect("a path")]);
    pc.drains();
    assert!(pc.installed().contains("The first"), "somebody talks");
    pc.scene.hang_up();
    let (code, told) = told(update);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("takes calls"), "{told}");
    assert!(pc.installed().contains("The second"));
    let previous = fs::read_to_string(pc.path("thirdring.previous"));
    assert!(previous.expect("it is kept").contains("The first"));
    let snapshot = Sqlite::examine(&pc.path(STATE).join("before-update.sqlite"));
    assert!(
        matches!(snapshot, Ok(Examined::Whole { .. })),
        "{snapshot:?}"
    );
    let caller = Phone::open(NUMBER);
    caller.call(pc.sip);
    caller.hang_up();
}

#[test]
fn a_program_that_does_not_start_gives_its_place_back() {
    let mut pc = Pc::with_a_call();
    pc.scene.hang_up();
    let broken = pc.program("download", "[ \"$1\" != run ] || exit 1\n");
    let (code, told) = told(pc.update(&[broken.to_str().expect("a path")]));
    assert_eq!(code, Some(1), "{told}");
    assert!(
        told.contains("the previous one is back and takes calls"),
        "{told}"
    );
    assert!(pc.installed().contains("The first"));
    Phone::open(NUMBER).call(pc.sip);
}

#[test]
fn a_program_that_is_none_or_refuses_the_settings_is_not_waited_for() {
    let pc = Pc::with_a_call();
    for (before, why) in [
        ("exit 1\n", "does not tell its version"),
        (
            "if [ \"$1\" = config ]; then echo 'no key like that'; exit 1; fi\n",
            "no key like that",
        ),
    ] {
        let program = pc.program("download", before);
        let (code, told) = told(pc.update(&[program.to_str().expect("a path")]));
        assert_eq!(code, Some(1), "{told}");
        assert!(told.contains(why), "{told}");
    }
    let other = pc.program("download", "");
    let (other, nought) = (other.to_str().expect("a path"), "0".repeat(64));
    let (code, told) = told(pc.update(&[other, "--sha256", &nought]));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("download it again"), "{told}");
    let (code, told) = self::told(pc.update(&[other, "--sha256", &"+f".repeat(32)]));
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("64 hexadecimal digits"), "{told}");
    assert!(pc.installed().contains("The first"));
    assert!(!pc.path("thirdring.next").exists());
    let drain = pc.scene.agent.get("/drain");
    assert_eq!(drain["on"], false, "the call goes on, and others come");
}

/// What fails between the end of one agent and the start of another leaves none.
#[test]
fn an_update_that_fails_half_way_leaves_an_agent_that_takes_calls() {
    let mut pc = Pc::with_a_call();
    pc.scene.hang_up();
    let in_the_way = pc.path(STATE).join("before-update.sqlite");
    fs::create_dir_all(in_the_way.join("something")).expect("the folder is ours");
    let newer = pc.program("download", "# The second.\n");
    let (code, told) = told(pc.update(&[newer.to_str().expect("a path")]));
    assert_ne!(code, Some(0), "{told}");
    assert!(told.contains("before-update.sqlite"), "{told}");
    assert!(pc.installed().contains("The first"));
    assert!(!pc.path("thirdring.next").exists());
    Phone::open(NUMBER).call(pc.sip);
}

#[test]
fn the_previous_program_comes_back_when_it_is_asked_for() {
    let mut pc = Pc::with_a_call();
    pc.scene.hang_up();
    let newer = pc.program("download", "# The second.\n");
    let (code, told_first) = told(pc.update(&[newer.to_str().expect("a path")]));
    assert_eq!(code, Some(0), "{told_first}");
    let (code, told_back) = told(pc.update(&["--back"]));
    assert_eq!(code, Some(0), "{told_back}");
    assert!(pc.installed().contains("The first"));
    let previous = fs::read_to_string(pc.path("thirdring.previous"));
    assert!(previous.expect("it is kept").contains("The second"));
}
