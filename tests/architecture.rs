//! Imports point down; pure code names neither clock nor socket; no test sleeps.

use std::path::{Path, PathBuf};

/// The layers, and of this crate what each may name beside itself.
const MAY_NAME: [(&str, &[&str]); 31] = [
    ("words", &[]),
    ("files", &[]),
    ("failpoint", &[]),
    ("policy", &["words"]),
    ("call", &["policy", "words"]),
    ("sip", &["words"]),
    ("media", &["words"]),
    ("ear", &["words"]),
    ("buttons", &["words"]),
    ("impairment", &["words"]),
    ("callbacks", &["dialling", "files", "policy", "words"]),
    ("records", &["files", "words"]),
    ("recordings", &["files", "media", "words"]),
    ("dialling", &["sip", "words"]),
    ("seating", &["words"]),
    ("trace", &["records", "words"]),
    ("wording", &["words"]),
    ("provision", &["files", "words"]),
    ("journal", &["call", "policy", "words"]),
    (
        "rehearsal",
        &["call", "journal", "media", "policy", "words"],
    ),
    ("net", L0_AND_L1),
    ("seats", L0_AND_L1),
    ("console", L0_AND_L1),
    ("voices", L0_AND_L1),
    ("settings", L0_AND_L1),
    ("desk", &ALL_BELOW_CLI),
    ("phone", &["desk", "ear", "media", "net", "sip", "words"]),
    (
        "sim",
        &[
            "desk",
            "ear",
            "impairment",
            "media",
            "phone",
            "settings",
            "sip",
            "words",
        ],
    ),
    ("doctor", &ALL_BELOW_CLI),
    ("cli", &ALL_BELOW_CLI),
    ("bin", &["cli"]),
];
const L0_AND_L1: &[&str] = &[
    "buttons",
    "call",
    "callbacks",
    "dialling",
    "ear",
    "media",
    "policy",
    "provision",
    "records",
    "recordings",
    "seating",
    "sip",
    "words",
];
const ALL_BELOW_CLI: [&str; 29] = [
    "buttons",
    "call",
    "callbacks",
    "console",
    "desk",
    "dialling",
    "doctor",
    "ear",
    "failpoint",
    "files",
    "impairment",
    "journal",
    "media",
    "net",
    "phone",
    "policy",
    "provision",
    "records",
    "recordings",
    "rehearsal",
    "seating",
    "seats",
    "settings",
    "sim",
    "sip",
    "trace",
    "voices",
    "wording",
    "words",
];
/// L0 and L1: inputs and the time go in, what is to be done comes out.
const PURE: [&str; 18] = [
    "words",
    "policy",
    "call",
    "sip",
    "media",
    "ear",
    "buttons",
    "callbacks",
    "records",
    "recordings",
    "dialling",
    "seating",
    "journal",
    "rehearsal",
    "impairment",
    "trace",
    "wording",
    "provision",
];
/// What only a shell may touch. Addresses are values, not sockets.
const IMPURE: [&str; 21] = [
    "tokio::",
    "UdpSocket",
    "TcpStream",
    "TcpListener",
    "ToSocketAddrs",
    "std::fs",
    "crate::files",
    "std::thread",
    "std::process",
    "std::env",
    "axum::",
    "hyper::",
    "socket2::",
    "rusqlite",
    "tokio_postgres",
    "getrandom",
    "rand::",
    "Instant::now",
    "SystemTime::now",
    "nix::",
    "hidapi",
];

#[test]
fn imports_point_down() {
    let mut strays = Vec::new();
    for file in sources("src") {
        let layer = layer(&file.path);
        let allowed = MAY_NAME.iter().find(|(name, _)| *name == layer);
        let allowed = allowed.map_or(&[][..], |(_, allowed)| *allowed);
        for named in file.names_of_the_crate() {
            if named != layer && !allowed.contains(&named.as_str()) {
                strays.push(format!("{} names {named}", file.path.display()));
            }
        }
    }
    assert!(strays.is_empty(), "{}", strays.join("\n"));
}

#[test]
fn pure_code_touches_no_clock_socket_file_or_chance() {
    let pure = sources("src").into_iter().filter(|file| {
        let store = file.path.iter().any(|part| part == "store") || file.is("store.rs");
        let verdicts = file.path.starts_with("src/doctor/verdicts");
        verdicts || PURE.contains(&layer(&file.path).as_str()) && !store
    });
    let mut strays = Vec::new();
    for file in pure {
        let (code, _tests) = file.code_and_tests();
        let named = IMPURE.iter().filter(|word| code.contains(**word));
        strays.extend(named.map(|word| format!("{} names {word}", file.path.display())));
    }
    assert!(strays.is_empty(), "{}", strays.join("\n"));
}

#[test]
fn no_test_sleeps_or_is_ignored() {
    // Spelled apart, so that this file does not find itself.
    let banned = [concat!("sleep", "("), concat!("#[", "ignore")];
    let mut strays = Vec::new();
    let tests = sources("tests")
        .into_iter()
        .map(|file| (file.text.clone(), file));
    let units = sources("src").into_iter();
    let units = units.map(|file| (file.code_and_tests().1.to_owned(), file));
    for (text, file) in tests.chain(units) {
        let found = banned.iter().filter(|word| text.contains(**word));
        strays.extend(found.map(|word| format!("{} has {word}", file.path.display())));
    }
    assert!(strays.is_empty(), "{}", strays.join("\n"));
}

#[test]
fn the_lints_ban_every_reading_of_the_clock() {
    let lints = std::fs::read_to_string(root().join("clippy.toml")).expect("read clippy.toml");
    for banned in [
        "std::time::Instant::now",
        "std::time::SystemTime::now",
        "jiff::Timestamp::now",
        "jiff::Zoned::now",
        "tokio::time::Instant::now",
        "tokio::time::sleep",
        "std::thread::sleep",
        "getrandom::fill",
        "std::collections::HashMap::iter",
    ] {
        assert!(lints.contains(&format!("\"{banned}\"")), "{banned}");
    }
}

#[test]
fn nothing_here_is_unsafe() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("read Cargo.toml");
    assert!(manifest.contains("unsafe_code = \"forbid\""));
}

/// Several machines can share their promises on a server by whatever is handed out.
#[test]
fn every_release_build_has_the_server_book() {
    for file in ["README.md", "README.zh-CN.md", "docker/Dockerfile"] {
        let text = std::fs::read_to_string(root().join(file)).expect("read how it is built");
        let is_release = |line: &&str| {
            let profiles = ["--release", "--profile dist"];
            line.contains("cargo build") && profiles.iter().any(|profile| line.contains(profile))
        };
        let builds: Vec<&str> = text.lines().filter(is_release).collect();
        assert!(!builds.is_empty(), "{file} builds a release");
        let without = builds
            .iter()
            .find(|line| !line.contains("--features postgres"));
        assert_eq!(without, None, "{file}");
    }
}

struct Source {
    /// From the crate's root.
    path: PathBuf,
    text: String,
}

impl Source {
    fn is(&self, name: &str) -> bool {
        self.path.file_name().is_some_and(|file| file == name)
    }

    /// Unit tests are at the very bottom.
    fn code_and_tests(&self) -> (&str, &str) {
        let tests = self.text.find("#[cfg(test)]").unwrap_or(self.text.len());
        self.text.split_at(tests)
    }

    /// Every `word` of `crate::word` and `crate::{word, word::..}`, comments aside; a binary names
    /// the crate by its own name.
    fn names_of_the_crate(&self) -> Vec<String> {
        let code: Vec<&str> = self
            .text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        let code = code.join("\n");
        let mut paths = vec!["crate::", "thirdring::"];
        // From src/call/board.rs, two steps up is the crate.
        if self.path.components().count() == 3 && !self.is("mod.rs") {
            paths.push("super::super::");
        }
        let after = paths.iter().flat_map(|path| code.split(path).skip(1));
        after.flat_map(first_words).filter(is_layer).collect()
    }
}

/// What a path goes on with: one word, or each word at the top of its braces.
fn first_words(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else {
        return vec![word(path)];
    };
    let mut depth = 0_usize;
    let mut words = vec![word(group)];
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => words.push(word(&group[at + 1..])),
            _ => {}
        }
    }
    words
}

fn word(text: &str) -> String {
    let letter = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
    text.trim_start().chars().take_while(letter).collect()
}

fn is_layer(word: &String) -> bool {
    MAY_NAME.iter().any(|(layer, _)| layer == word)
}

/// `src/call/board.rs` is of `call`; the two roots belong to nobody below.
fn layer(path: &Path) -> String {
    let second = path.iter().nth(1).unwrap_or_default().to_string_lossy();
    match second.strip_suffix(".rs") {
        Some("main" | "lib") => "bin".to_owned(),
        Some(module) => module.to_owned(),
        None => second.into_owned(),
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).expect("read a source folder");
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(source(&path));
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn source(path: &Path) -> Source {
    let text = std::fs::read_to_string(path).expect("read a source file");
    let path = path.strip_prefix(root()).unwrap_or(path).to_owned();
    Source { path, text }
}
