//! tests/sipp/README.md: each row is a scenario that its pack plays, and each command that it gives is run.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};

use super::super::missing::{Need, can_run};
use super::super::program::free_ports;
use super::{HOST, customers, house, pack};

const PAGE: &str = include_str!("../../sipp/README.md");

/// A row of a table by its first and its last cell.
fn rows(heading: &str) -> Vec<(&'static str, &'static str)> {
    let (_, table) = PAGE.split_once(heading).unwrap();
    let lines = table.lines().skip(2);
    let cells = lines.map_while(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let ends = |line: &'static str| {
        let (name, rest) = line.split_once(" | ")?;
        Some((name, rest.rsplit_once(" | ")?.1))
    };
    cells.filter_map(ends).collect()
}

fn files(folder: &str) -> BTreeSet<String> {
    let files = fs::read_dir(format!("tests/sipp/{folder}")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names
        .map(|name| name.trim_end_matches(".xml").to_owned())
        .collect()
}

#[test]
fn every_row_of_the_page_is_a_scenario_that_is_played() {
    let rows = rows("| scenario | what the caller does, and what he expects | root |");
    let named: BTreeSet<String> = rows.iter().map(|(name, _)| (*name).to_owned()).collect();
    let played = pack::PACK.map(|(name, _)| name.to_owned());
    assert_eq!(named, played.into_iter().collect());
    assert_eq!(named, files("scenarios"));
    for (name, root) in rows {
        let file = fs::read_to_string(format!("tests/sipp/scenarios/{name}.xml")).unwrap();
        // run.sh skips them by this word.
        assert_eq!(
            root.starts_with("yes"),
            file.contains("needs root"),
            "{name}"
        );
    }
}

#[test]
fn every_customer_of_the_page_is_played_with_his_outcome() {
    let rows = rows("| customer | what he does, and what he expects | outcome |");
    let named: BTreeSet<(&str, &str)> = rows.into_iter().collect();
    let played = customers::PACK.map(|(name, outcome, _)| (name, outcome));
    assert_eq!(named, played.into_iter().collect());
    let names: BTreeSet<String> = named.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names, files("customers"));
}

/// Those of whole packs are run by the tests of the packs; these of single scenarios run side by side.
#[test]
fn every_command_of_the_page_is_run() {
    if !can_run(&[Need::Sipp]) {
        return;
    }
    let agent = house(4).open();
    let commands = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("    bash "));
    let commands: Vec<&str> = commands
        .map(|line| line.split("  ").next().unwrap())
        .collect();
    let of_packs = ["HOST:PORT", "called HOST:PORT"].map(|it| format!("tests/sipp/run.sh {it}"));
    let (packs, singles): (Vec<&str>, Vec<&str>) = commands
        .into_iter()
        .partition(|line| of_packs.iter().any(|it| it == line));
    assert_eq!((packs.len(), singles.len()), (2, 4), "{singles:?}");
    let (customer, hotline) = (
        format!("{HOST}:{}", free_ports(HOST)),
        agent.sip.to_string(),
    );
    let run = |line: &str| {
        let (name, to) = match line.contains("called") {
            true => ("not-found", &customer),
            false => ("options", &hotline),
        };
        let line = line.replace("HOST:PORT", to).replace("NAME", name);
        let mut script = Command::new("bash");
        script
            .args(line.split(' '))
            .env("SIPP_PORTS", (free_ports(HOST) + 4).to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        (line, script.spawn().unwrap())
    };
    let running: Vec<_> = singles.into_iter().map(run).collect();
    // Somebody has to call the customer, who has no such number.
    let caller = Command::new("sipp")
        .args(["-sn", "uac", "-i", "127.0.0.1", "-m", "1", "-nostdin"])
        .args(["-timeout", "60s", &customer])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(!caller.success(), "404 is no success");
    for (line, script) in running {
        let run = script.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&run.stdout);
        assert!(
            run.status.success() && told.contains("ok "),
            "{line}: {told}"
        );
    }
}
