//! How an examination reads, and how it ends.

use std::fs;
use std::path::Path;

use super::Patient;

/// What needs no figures of this machine: with one account whose registrar's name is none.
const CHECKS: &str = "settings,agent,server,rtp-ports,names,address,certificate,tls,registration,clock,nat,devices,microphone";
const SETTINGS: &str = "[[sip.account]]\nname = \"pbx\"\nusername = \"hotline\"\npassword = \"s3cret\"\ndomain = \"no-such-name.invalid\"\n";

/// With `UPDATE_GOLDEN` set the texts are written instead of compared.
#[test]
fn each_finding_is_a_line_with_what_to_do_under_it() {
    let patient = Patient::with(SETTINGS);
    for language in ["en", "zh-CN"] {
        let run = patient
            .doctor(&["--only", CHECKS, "--language", language])
            .output()
            .expect("run thirdring");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let out = text(&run.stdout);
        // What the resolver says is the system's to word.
        let shown = out.lines().map(|line| match line.split_once(".invalid") {
            Some((before, _)) => format!("{before}.invalid ..."),
            None => line.to_owned(),
        });
        let shown = shown.collect::<Vec<_>>().join("\n");
        let shown = format!(
            "{shown}\n{}exit code {:?}\n",
            text(&run.stderr),
            run.status.code()
        );
        let golden = format!("tests/golden/cli/doctor.{language}.txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &shown).expect("the folder is ours");
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(shown, expected, "{golden}");
    }
}

#[test]
fn a_check_that_is_none_is_wrong_usage_and_those_that_are_stand_beside_it() {
    let patient = Patient::with("");
    let run = patient
        .doctor(&["--only", "heart"])
        .output()
        .expect("run thirdring");
    let errors = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(2));
    assert!(
        errors.contains("registration") && errors.contains("pacing"),
        "{errors}"
    );
}

/// Whoever looks on sees which check goes on.
#[test]
fn on_a_terminal_the_line_is_drawn_while_it_goes_on() {
    if !Path::new("/usr/bin/script").exists() {
        eprintln!("SKIPPED: no script(1)");
        return;
    }
    let patient = Patient::with("");
    let program = env!("CARGO_BIN_EXE_thirdring");
    let line = format!(
        "{program} doctor --only pacing -c {} --state {}",
        patient.path("thirdring.toml").display(),
        patient.state().display()
    );
    let run = std::process::Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .stdin(std::process::Stdio::null())
        .output();
    let shown = run.map(|run| String::from_utf8_lossy(&run.stdout).into_owned());
    let shown = shown.expect("run script");
    assert!(
        shown.contains("50 %") && shown.contains("\u{1b}[K"),
        "{shown:?}"
    );
}

/// The doctor of a whole machine: nothing is left out, and each says something.
#[test]
fn every_check_says_something() {
    let patient = Patient::with("");
    let told = super::told(patient.doctor(&["--json"]));
    let checks: std::collections::BTreeSet<&str> = told
        .findings
        .iter()
        .filter_map(|it| it["check"].as_str())
        .collect();
    assert!(checks.len() >= 28, "{checks:?}");
    let unsaid = told.findings.iter().find(|it| {
        let cause = it["cause"].as_str().unwrap_or_default();
        cause.is_empty() || cause.starts_with("doctor.")
    });
    assert_eq!(unsaid, None);
}
