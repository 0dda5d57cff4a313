//! The PC itself: disk, processors, limits, zone.

use std::process::{Child, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;
use std::{fs, path::Path};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Patient, Told};
use crate::peers::full_disk::SmallDisk;
use crate::peers::missing::{Need, can_run};

#[test]
fn a_disk_that_is_full_is_a_fault_and_so_is_what_cannot_be_written() {
    if !can_run(&[Need::Mount]) {
        return;
    }
    let patient = Patient::with("");
    let disk = SmallDisk::mount(patient.state());
    patient.lets_in(&patient.state(), 0o700);
    disk.fill();
    let told = patient.examined("disk,disk-speed");
    told.is("fault", "disk.full");
    told.is("fault", "disk-speed.refused");
}

#[test]
fn a_disk_with_room_is_measured() {
    let patient = Patient::with("");
    let told = patient.examined("disk-speed");
    let measured = told.findings[0]["cause"].as_str().expect("words");
    assert!(measured.contains(" ms"), "{measured}");
    let left: Vec<_> = fs::read_dir(patient.state()).expect("a folder").collect();
    assert!(left.is_empty(), "nothing is left behind: {left:?}");
}

#[test]
fn too_few_open_files_for_the_calls_are_a_fault() {
    let patient = Patient::with("");
    let limited = "ulimit -n 200; exec \"$0\" \"$@\"";
    let program = env!("CARGO_BIN_EXE_thirdring");
    let words = [
        "-c",
        limited,
        program,
        "doctor",
        "--json",
        "--only",
        "open-files",
    ];
    let cause = super::told(patient.command("bash", &words)).is("fault", "open-files.too-few");
    assert!(cause.contains("200"), "{cause}");
    let patient = Patient::with("sip.calls_max = 2\n");
    patient.examined("open-files").is("ok", "open-files.enough");
}

#[test]
fn a_zone_that_is_another_than_the_pcs_is_warned_of() {
    let patient = Patient::with("");
    patient.examined("time-zone").is("ok", "time-zone.same");
    let abroad = Patient::with("").env("TZ", "America/New_York");
    let cause = abroad
        .examined("time-zone")
        .is("warning", "time-zone.other");
    assert!(
        cause.contains("New_York") && cause.contains("Shanghai"),
        "{cause}"
    );
}

/// It is stopped for a third of a second while it counts.
#[test]
fn a_pc_that_stands_still_meanwhile_is_late_in_figures() {
    let patient = Patient::with("");
    let mut command = patient.doctor(&["--json", "--only", "pacing"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("run thirdring");
    while !is_counting(&child) {
        std::thread::yield_now();
    }
    let pid = Pid::from_raw(child.id().try_into().expect("a number"));
    kill(pid, Signal::SIGSTOP).expect("it runs");
    let (_nobody, never) = channel::<()>();
    let waited = never.recv_timeout(Duration::from_millis(300));
    assert!(waited.is_err());
    kill(pid, Signal::SIGCONT).expect("it is there");
    let run = child.wait_with_output().expect("it ends");
    let told: serde_json::Value = serde_json::from_slice(&run.stdout).expect("one line of JSON");
    let told = Told {
        code: run.status.code(),
        findings: told["findings"].as_array().expect("a list").clone(),
    };
    told.is("fault", "pacing.too-late");
}

/// Whether its thread that ticks has waited for some.
fn is_counting(child: &Child) -> bool {
    let tasks = Path::new("/proc").join(child.id().to_string()).join("task");
    let tasks = fs::read_dir(tasks).into_iter().flatten().flatten();
    let mut told = tasks.filter_map(|task| fs::read_to_string(task.path().join("status")).ok());
    told.any(|status| {
        let value = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
        let waited = value("voluntary_ctxt_switches:").and_then(|it| it.trim().parse().ok());
        value("Name:").is_some_and(|name| name.trim() == "ticks") && waited > Some(5_u32)
    })
}
