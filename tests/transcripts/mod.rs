//! What a terminal shows of each command, word for word, in both languages: a transcript a role.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do: where they stand"
)]

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;

use thirdring::cli::{Environment, invoke};
use tokio::task::spawn_blocking;

use crate::console::fake_desk::{House, Plan, TOKEN};

const ROLES: [&str; 3] = ["rep", "admin", "tester"];
const LANGUAGES: [&str; 2] = ["en", "zh-CN"];

/// Their words are held elsewhere: by the tests of what they open, try, ask or watch, or there is no end to them.
const ELSEWHERE: [&str; 10] = [
    "run",
    "demo",
    "devices",
    "doctor",
    "setup",
    "events",
    "monitor",
    "completions",
    "man",
    "licences",
];

/// With `UPDATE_GOLDEN` set what was said is written instead of compared.
#[tokio::test]
async fn each_command_says_what_stands_in_its_transcript() {
    // Where they write; another target folder may be in use.
    fs::create_dir_all("target/tmp").unwrap();
    let house = House::open(Plan::default()).await;
    for role in ROLES {
        for language in LANGUAGES {
            let golden = format!("tests/golden/transcripts/{role}.{language}.txt");
            let expected = fs::read_to_string(&golden).unwrap();
            let mut said = String::new();
            for line in commands(&expected) {
                said += &told(house.address, language, line).await;
            }
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                fs::write(&golden, &said).unwrap();
            }
            assert_eq!(fs::read_to_string(&golden).unwrap(), said, "{golden}");
        }
    }
}

#[test]
fn every_verb_stands_in_a_transcript_the_same_in_both_languages() {
    let mut shown = BTreeSet::new();
    for role in ROLES {
        let pages = LANGUAGES.map(|language| {
            fs::read_to_string(format!("tests/golden/transcripts/{role}.{language}.txt")).unwrap()
        });
        let [en, zh] = pages
            .each_ref()
            .map(|page| commands(page).collect::<Vec<_>>());
        assert_eq!(en, zh, "{role}");
        shown.extend(en.iter().map(|line| verb(line).to_owned()));
    }
    let verbs = verbs();
    assert!(verbs.len() > 40, "{verbs:?}");
    let missing: Vec<_> = (verbs.iter())
        .filter(|verb| !shown.contains(*verb) && !ELSEWHERE.contains(&verb.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn commands(transcript: &str) -> impl Iterator<Item = &str> {
    (transcript.lines()).filter_map(|line| line.strip_prefix("$ thirdring "))
}

fn verb(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
}

/// All that `thirdring --help` names.
fn verbs() -> BTreeSet<String> {
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let words = ["thirdring", "--help"].map(OsString::from);
    invoke(words, &Environment::default(), &mut out, &mut errors);
    let help = String::from_utf8(out).unwrap();
    let names = help
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter_map(|line| line.split(' ').next())
        .filter(|name| name.starts_with(|first: char| first.is_ascii_lowercase()));
    names.map(str::to_owned).collect()
}

/// The line, and what was said to it.
async fn told(api: SocketAddr, language: &str, line: &str) -> String {
    let words = ["thirdring".to_owned(), format!("--api=http://{api}")];
    let words: Vec<OsString> = (words.into_iter())
        .chain(line.split_whitespace().map(str::to_owned))
        .map(OsString::from)
        .collect();
    let rep = Environment {
        token: Some(TOKEN.into()),
        locale: Some(language.into()),
        ..Environment::default()
    };
    let run = move || {
        let (mut out, mut errors) = (Vec::new(), Vec::new());
        let code = invoke(words, &rep, &mut out, &mut errors);
        (code, String::from_utf8([out, errors].concat()).unwrap())
    };
    let (code, said) = spawn_blocking(run).await.unwrap();
    let code = match code {
        0 => String::new(),
        code => format!("(exit code {code})\n"),
    };
    format!("$ thirdring {line}\n{said}{code}\n")
}
