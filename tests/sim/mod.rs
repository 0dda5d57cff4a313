//! `thirdring sim`: the shipped scenarios against the agent, ten faults that SIPp passes, a machine that is not ours, the relay,
//! and what is said of wrong scenarios.

mod faults;
mod pages;
mod relay;
mod shipped;
mod strangers;
mod told;

use std::ffi::OsString;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use thirdring::cli::{self, Environment};
use thirdring::words::Language;

use crate::peers::program::free_ports;

const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The exit code, and what was said.
fn invoke(words: &[&str]) -> (u8, String) {
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let words = ["thirdring"].iter().chain(words).map(OsString::from);
    let code = cli::invoke(words, &Environment::default(), &mut out, &mut errors);
    out.extend(errors);
    (code, String::from_utf8(out).unwrap())
}

fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_thirdring"));
    command.args(words).stdin(Stdio::null());
    command
}

/// Plays scenarios in a process of their own: its phones must not wait for other tests.
fn sim(words: &[&str]) -> Output {
    let words: Vec<&str> = ["sim"].iter().chain(words).copied().collect();
    command(&words).output().unwrap()
}

/// The lines of `--json`.
fn lines(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The faults that were named, in the order of the expectations.
fn faults(line: &Value) -> Vec<&str> {
    let expectations = line["expectations"].as_array().unwrap();
    let named = expectations.iter().filter_map(|it| it["fault"].as_str());
    named.collect()
}

/// A port that is free, and the even one before it; an address with it.
fn free_address() -> SocketAddr {
    SocketAddr::new(HOST, free_ports(HOST))
}

/// It ends with its owner.
struct Background(Child);

impl Drop for Background {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Beside each wrong scenario stands what is said of it, and the exit code. With `UPDATE_GOLDEN` set the texts are written.
#[test]
fn all_that_is_wrong_with_a_scenario_is_shown_in_one_run() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    for name in ["many_faults", "misplaced", "nothing", "no_toml"] {
        for language in Language::ALL {
            let file = format!("tests/sim/bad/{name}.toml");
            let (code, told) = invoke(&["sim", &file, "--language", language.tag()]);
            let shown = format!("{told}exit code {code}\n");
            let golden = Path::new(&file).with_extension(format!("{language}.txt"));
            if update {
                fs::write(&golden, &shown).unwrap();
            }
            assert_eq!(shown, fs::read_to_string(&golden).unwrap_or_default());
            assert_eq!(code, 2);
        }
    }
}

#[test]
fn many_calls_at_once_need_ports_of_their_own() {
    let (code, told) = invoke(&[
        "sim",
        "config/sim/hold.toml",
        "--count",
        "2",
        "--language",
        "en",
    ]);
    assert!(code == 2 && told.contains("--count"), "{told}");
}
