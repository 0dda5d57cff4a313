//! docs/tester.md: each command that it gives for `thirdring sim`, run in its order, with ports and folders of the test's own.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use super::{Background, command, free_address};
use crate::peers::scratch::Scratch;

const PAGE: &str = include_str!("../../docs/tester.md");

/// Of the section about it, as they are written.
fn commands() -> Vec<&'static str> {
    let (_, section) = PAGE.split_once("## A tester that hears").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let blocks = section.split("```sh\n").skip(1);
    let blocks = blocks.filter_map(|block| Some(block.split_once("```")?.0));
    blocks.flat_map(str::lines).collect()
}

/// A word with the test's own addresses and folders; a scenario is a copy with the same.
fn own(word: &str, addresses: &[(&str, String)], scratch: &Scratch) -> String {
    let replaced = |text: &str| {
        let own = addresses.iter();
        own.fold(text.to_owned(), |text, (theirs, own)| {
            text.replace(theirs, own)
        })
    };
    if let Some(file) = word.strip_prefix("config/sim/") {
        let text = fs::read_to_string(word).unwrap();
        let copy = scratch.write(file, replaced(&text));
        return copy.display().to_string();
    }
    match word.strip_prefix("/tmp/") {
        Some(name) => scratch.path(name).display().to_string(),
        None => replaced(word),
    }
}

/// As a shell does, for quotes around whole words.
fn words(line: &str) -> Vec<String> {
    let pieces = line.split('"').enumerate();
    let words = pieces.flat_map(|(n, piece)| match n % 2 {
        0 => piece.split_whitespace().map(str::to_owned).collect(),
        _ => vec![piece.to_owned()],
    });
    words.collect()
}

#[test]
fn every_command_of_the_page_does_what_is_said() {
    let scratch = Scratch::new("tester-page");
    let ports = [
        "127.0.0.1:5060",
        "127.0.0.1:5070",
        "127.0.0.1:5080",
        "127.0.0.1:7000",
    ];
    let addresses = ports.map(|port| (port, free_address().to_string()));
    let mut background = Vec::new();
    let commands = commands();
    assert!(commands.len() >= 6, "{commands:?}");
    for line in commands {
        let words = words(line);
        let own: Vec<String> = words
            .iter()
            .map(|it| own(it, &addresses, &scratch))
            .collect();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        assert_eq!(own[0], "thirdring");
        let mut process = command(&own[1..]);
        let process = process.stdin(Stdio::piped()).stderr(Stdio::null());
        if own[1] == "sim" && own[2] != "relay" {
            let output = process.output().unwrap();
            let told = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{line}: {told}");
            continue;
        }
        let mut process = process.stdout(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        let mut told = BufReader::new(process.stdout.take().unwrap());
        let (_, listens) = &addresses[if own[1] == "run" { 0 } else { 3 }];
        told.read_line(&mut first).unwrap();
        assert!(first.contains(listens), "{line}: {first}");
        // Whoever is told nothing more goes on.
        process.stdin.as_mut().unwrap().flush().unwrap();
        background.push((Background(process), told));
    }
    assert_eq!(background.len(), 2);
    assert!(scratch.path("sim.xml").exists());
    assert!(scratch.path("sim-wav/greeting-caller.wav").exists());
}
