//! Ten faults in what an answering machine says: SIPp's exit code passes each of them, and `thirdring sim` names it.

use std::net::SocketAddr;
use std::process::Stdio;

use super::{Background, HOST, command, faults, free_address, lines, sim};
use crate::peers::missing::{Need, can_run};
use crate::peers::program::free_ports;
use crate::peers::scratch::Scratch;

/// How long a caller listens.
const CALL_MS: &str = "12000";

fn machine(at: SocketAddr, fault: &str) -> String {
    let fault = match fault {
        "" => String::new(),
        fault => format!("fault = \"{fault}\"\n"),
    };
    format!(
        "title = \"an answering machine\"\n\
         [phone.machine]\nat = \"{at}\"\n{fault}\n\
         [[step]]\nwho = \"machine\"\nafter = \"invite\"\nwait = \"200ms\"\ndoes = \"answers\"\n\
         [[step]]\nwho = \"machine\"\nafter = \"ack\"\ndoes = \"says\"\nwhat = \"greeting\"\n\
         [[step]]\nwho = \"machine\"\nwait = \"6s\"\ndoes = \"says\"\nwhat = \"please_speak\"\n\
         [[step]]\nwho = \"machine\"\nafter = \"ended\"\ndoes = \"waits\"\n"
    )
}

fn caller(of: SocketAddr) -> String {
    format!(
        "title = \"hears what it should\"\ntarget = \"sip:machine@{of}\"\n\
         [phone.caller]\n\
         [[step]]\nwho = \"caller\"\ndoes = \"calls\"\n\
         [[step]]\nwho = \"caller\"\nafter = \"ack\"\nwait = \"{CALL_MS}ms\"\ndoes = \"hangs-up\"\n\
         [[expect]]\nwho = \"caller\"\nhears = \"greeting\"\nat = \"0s\"\nfrom = \"ack\"\n\
         [[expect]]\nwho = \"caller\"\nhears = \"please_speak\"\nat = \"6s\"\nfrom = \"ack\"\n"
    )
}

/// The machine with this fault, for one call.
fn answering(scratch: &Scratch, name: &str, fault: &str) -> (Background, SocketAddr) {
    let at = free_address();
    let file = scratch.write(name, machine(at, fault));
    let mut machine = command(&["sim", file.to_str().unwrap()]);
    let machine = machine.stdout(Stdio::null()).stderr(Stdio::null());
    (Background(machine.spawn().unwrap()), at)
}

/// What SIPp thinks of it.
fn sipp(machine: SocketAddr) -> Background {
    let port = free_ports(HOST).to_string();
    let mut sipp = std::process::Command::new("sipp");
    sipp.args(["-sn", "uac", "-i", "127.0.0.1", "-p", &port])
        .args(["-m", "1", "-d", CALL_MS, "-nostdin"])
        .args(["-timeout", "40s", "-timeout_error"])
        .arg(machine.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Background(sipp.spawn().unwrap())
}

fn is_named_and_passed_by_sipp(fault: &str) {
    if !can_run(&[Need::Sipp]) {
        return;
    }
    let scratch = Scratch::new("sim-fault");
    let (_first, at) = answering(&scratch, "machine-for-sipp.toml", fault);
    let mut sipp = sipp(at);
    let (_second, at) = answering(&scratch, "machine.toml", fault);
    let file = scratch.write("caller.toml", caller(at));
    let output = sim(&[file.to_str().unwrap(), "--json", "--language", "en"]);
    let heard = lines(&output);
    let passed = sipp.0.wait().unwrap();
    assert!(passed.success(), "SIPp minds {fault}");
    let named = faults(&heard[0]);
    println!(
        "{fault:15} SIPp: {passed}; sim: {} {named:?}",
        output.status
    );
    if fault.is_empty() {
        assert!(output.status.success() && named.is_empty(), "{heard:#?}");
        return;
    }
    assert_eq!(output.status.code(), Some(1), "{heard:#?}");
    assert_eq!(named, [fault; 2], "{heard:#?}");
}

#[test]
fn what_is_right_is_passed_by_both() {
    is_named_and_passed_by_sipp("");
}

#[test]
fn a_shifted_phrase_is_named() {
    is_named_and_passed_by_sipp("shifted");
}

#[test]
fn a_doubled_phrase_is_named() {
    is_named_and_passed_by_sipp("doubled");
}

#[test]
fn a_cut_phrase_is_named() {
    is_named_and_passed_by_sipp("cut");
}

#[test]
fn a_muted_phrase_is_named() {
    is_named_and_passed_by_sipp("muted");
}

#[test]
fn a_phrase_in_the_wrong_language_is_named() {
    is_named_and_passed_by_sipp("wrong-language");
}

#[test]
fn a_clipped_phrase_is_named() {
    is_named_and_passed_by_sipp("clipped");
}

#[test]
fn a_gapped_phrase_is_named() {
    is_named_and_passed_by_sipp("gapped");
}

#[test]
fn reordered_phrases_are_named() {
    is_named_and_passed_by_sipp("reordered");
}

#[test]
fn a_one_way_line_is_named() {
    is_named_and_passed_by_sipp("one-way");
}

#[test]
fn the_wrong_codec_is_named() {
    is_named_and_passed_by_sipp("wrong-codec");
}
