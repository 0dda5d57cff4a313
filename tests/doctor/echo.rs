//! `thirdring doctor call`: what comes back is heard by the ear, and scored.

use std::fs;
use std::net::UdpSocket;
use std::process::Command;

use serde_json::Value;

use super::Patient;
use crate::peers::missing::{Need, can_run};
use crate::peers::program::Softphone;
use crate::peers::sipp::Echo;

fn calling(patient: &Patient, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_thirdring"));
    command
        .args(["doctor", "call"])
        .args(words)
        .arg("-c")
        .arg(patient.path("thirdring.toml"))
        .env("LC_ALL", "en_US.UTF-8");
    command
}

fn scored(patient: &Patient, words: &[&str]) -> (Option<i32>, Value) {
    let words: Vec<&str> = words.iter().chain(&["--json"]).copied().collect();
    let run = calling(patient, &words).output().expect("run thirdring");
    let told = serde_json::from_slice(&run.stdout);
    let told = told.unwrap_or_else(|why| panic!("{why}: {run:?}"));
    (run.status.code(), told)
}

/// Both ways are there, at their level, and soon.
fn is_heard(told: &Value) {
    assert_eq!(
        (&told["said"], &told["whole"]),
        (&3.into(), &3.into()),
        "{told}"
    );
    let level = |way: &str| told[way]["level_dbov"].as_f64().expect("a figure");
    assert!((level("there") - level("back")).abs() < 1.0, "{told}");
    assert!(told["delay_ms"].as_u64().expect("a figure") < 150, "{told}");
    assert_eq!(told["back"]["lost"], 0, "{told}");
}

#[test]
fn without_an_echo_test_one_of_our_own_is_called() {
    let patient = Patient::with("");
    let (code, told) = scored(&patient, &[]);
    is_heard(&told);
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn sipps_echo_is_scored_and_reads_the_same_each_time() {
    if !can_run(&[Need::Sipp]) {
        return;
    }
    let echo = Echo::start();
    let patient = Patient::with("");
    let uri = format!("sip:echo@{}", echo.address);
    let (code, told) = scored(&patient, &[&uri]);
    is_heard(&told);
    assert_eq!(code, Some(0), "{told}");
    for language in ["en", "zh-CN"] {
        let run = calling(&patient, &[&uri, "--language", language])
            .output()
            .expect("run thirdring");
        let shown = without_figures(&String::from_utf8_lossy(&run.stdout));
        let golden = format!("tests/golden/cli/doctor_call.{language}.txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &shown).expect("the folder is ours");
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(shown, expected, "{golden}");
    }
}

/// Each number is `#`, and each run of blanks one.
pub(crate) fn without_figures(text: &str) -> String {
    let masked = |line: &str| {
        let mut masked = String::new();
        for letter in line
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
        {
            match letter.is_ascii_digit() {
                true if masked.ends_with('#') => {}
                true => masked.push('#'),
                false => masked.push(letter),
            }
        }
        masked
    };
    text.lines().map(masked).collect::<Vec<_>>().join("\n") + "\n"
}

/// Its echo is spoken anew: so its reports tell of the way there.
#[test]
fn baresips_echo_tells_of_the_way_there() {
    if !can_run(&[Need::Baresip]) {
        return;
    }
    let host = "127.0.0.1".parse().expect("an address");
    let mut phone = Softphone::baresip(host, None);
    let patient = Patient::with("");
    let uri = format!("sip:echo@{}", phone.address);
    let call = std::thread::spawn(move || scored(&patient, &[&uri]));
    phone.wait("incoming", crate::peers::phone::SOON);
    // Before it answers: the first saying comes soon after.
    phone.tell("echo");
    phone.tell("answer");
    let (_, told) = call.join().expect("the doctor ends");
    assert_eq!(told["heard"], 3, "{told}");
    assert_eq!(told["there"]["lost"], 0, "{told}");
}

#[test]
fn a_place_where_nobody_answers_is_told() {
    let silent = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let at = silent.local_addr().expect("it is bound");
    let patient = Patient::with("");
    let refusing = std::thread::spawn(move || {
        let mut datagram = [0; 65_535];
        let (length, from) = silent.recv_from(&mut datagram).expect("the doctor calls");
        let request = crate::peers::phone::Message::parse(&datagram[..length], from);
        let answer =
            request.expect("an INVITE").response(404, "echo") + "Content-Length: 0\r\n\r\n";
        silent
            .send_to(answer.as_bytes(), from)
            .expect("the network is up");
    });
    let run = calling(&patient, &[&format!("sip:echo@{at}")])
        .output()
        .expect("run thirdring");
    refusing.join().expect("it refused");
    let errors = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(2), "{errors}");
    assert!(errors.contains("404"), "{errors}");
    let run = calling(&patient, &["*43"]).output().expect("run thirdring");
    let errors = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(errors.contains("SIP URI"), "{errors}");
}
