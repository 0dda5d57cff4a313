//! The pages say what the code does: each name of the code that a reader may meet stands there.

mod commands;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use thirdring::console::{Code, ROUTES};
use thirdring::settings::Settings;
use thirdring::sim::Scenario;
use thirdring::words::Because;

const API: &str = include_str!("../../docs/api.md");
const TIMELINE: &str = include_str!("../../docs/timeline.md");
const TIMELINE_TYPES: &str = include_str!("../../src/records/timeline.rs");
const GRAFANA: &str = include_str!("../../config/grafana/thirdring.json");
const CONTRIBUTING: &str = include_str!("../../CONTRIBUTING.md");

#[test]
fn every_problem_stands_in_the_table_with_its_status() {
    for code in Code::ALL {
        let row = format!("| `{}` | {} |", code.as_str(), code.status().as_u16());
        assert!(API.contains(&row), "docs/api.md: {row}");
    }
}

/// What came of asking for provisioned settings is a label, which an alert may name.
#[test]
fn every_refusal_of_provisioned_settings_is_named() {
    for word in thirdring::provision::Refusal::WORDS {
        assert!(API.contains(&format!("`{word}`")), "docs/api.md: {word}");
    }
}

#[test]
fn every_route_is_explained() {
    for route in &ROUTES {
        let command = route.path.rsplit('/').next().unwrap_or_default();
        let named = API.contains(route.path) || API.contains(&format!("| `{command}` |"));
        let seat = route.path.replace("{id}", "rep1");
        assert!(named || API.contains(&seat), "docs/api.md: {}", route.path);
    }
}

/// Whatever stands in docs/pbx/ can be written down as it stands.
#[test]
fn the_settings_for_each_exchange_can_be_read() {
    let mut blocks = 0;
    for file in std::fs::read_dir("docs/pbx").expect("the folder is ours") {
        let page = file.expect("it can be listed").path();
        let text = std::fs::read_to_string(&page).expect("a page is text");
        for block in text.split("```toml\n").skip(1) {
            let settings = block.split("```").next().expect("a block ends");
            let read = toml::from_str::<Settings>(settings);
            assert!(read.is_ok(), "{}: {}", page.display(), read.unwrap_err());
            blocks += 1;
        }
    }
    assert_eq!(blocks, 6);
}

/// The trial behind docs/pbx/asterisk.md can be made again.
#[test]
fn the_settings_and_scenarios_for_asterisk_can_be_read() {
    let folder = Path::new("config/asterisk");
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).expect("it is there");
    let settings = toml::from_str::<Settings>(&text("agent.toml"));
    assert!(settings.is_ok(), "{}", settings.unwrap_err());
    for name in ["hold.toml", "transfer.toml"] {
        if let Err(why) = Scenario::read(name, &text(name), folder, None) {
            panic!("{why}");
        }
    }
}

/// config/grafana/thirdring.json asks for what docs/api.md says is measured, and leaves out what says little on a board.
#[test]
fn the_board_shows_what_is_measured() {
    let measured: BTreeSet<String> = metrics_in(API).iter().map(|name| family(name)).collect();
    let board: Value = serde_json::from_str(GRAFANA).expect("a board is JSON");
    let panels = board["panels"].as_array().expect("it has panels");
    let targets = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().expect("each asks"));
    let asked = targets.flat_map(|target| metrics_in(target["expr"].as_str().expect("in PromQL")));
    let shown: BTreeSet<String> = asked.map(|name| family(&name)).collect();
    let unknown: Vec<&String> = shown.difference(&measured).collect();
    assert!(unknown.is_empty(), "{unknown:?} is not among {measured:?}");
    let left_out: Vec<&String> = measured.difference(&shown).collect();
    assert_eq!(
        left_out,
        [
            "thirdring_api_requests",
            "thirdring_pbx_codes",
            "thirdring_promises_deleted",
            "thirdring_requests_refused",
        ]
    );
}

/// Without what its kind adds to a metric's name.
fn family(name: &str) -> String {
    let ends = ["_total", "_bucket", "_sum", "_count"];
    let bare = ends.iter().find_map(|end| name.strip_suffix(end));
    bare.unwrap_or(name).to_owned()
}

/// The metrics that an expression names.
fn metrics_in(expression: &str) -> Vec<String> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words
        .filter(|word| word.starts_with("thirdring_"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_event_and_every_ending_is_explained() {
    for event in events() {
        let row = format!("| `{event}` |");
        assert!(TIMELINE.contains(&row), "docs/timeline.md: {row}");
    }
    for because in Because::ALL {
        let word = format!("`{}`", because.as_str());
        assert!(TIMELINE.contains(&word), "docs/timeline.md: {word}");
    }
}

#[test]
fn every_dependency_says_what_it_gives() {
    let manifest: toml::Table = include_str!("../../Cargo.toml").parse().unwrap();
    let rows: Vec<&str> = CONTRIBUTING
        .lines()
        .filter(|line| line.starts_with('|'))
        .collect();
    let targets = manifest["target"].as_table().unwrap().values();
    let tables = targets.filter_map(toml::Value::as_table).chain([&manifest]);
    let sections = tables
        .flat_map(|table| ["dependencies", "dev-dependencies"].map(|section| table.get(section)));
    for section in sections.flatten() {
        for name in section.as_table().unwrap().keys() {
            let named = |row: &&str| row.split('|').nth(1).is_some_and(|cell| names(cell, name));
            assert!(rows.iter().any(named), "CONTRIBUTING.md: {name}");
        }
    }
}

/// With `UPDATE_DOCS` set the page is written instead of compared.
#[test]
fn the_page_of_ports_is_what_the_command_says() {
    let page = Path::new("docs/ports.md");
    let text = std::fs::read_to_string(page).unwrap();
    let (before, _) = text.split_once("| protocol").unwrap_or((&text, ""));
    let written = format!("{before}{}", ports());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(page, &written).unwrap();
    }
    assert_eq!(std::fs::read_to_string(page).unwrap(), written);
}

/// With `UPDATE_DOCS` set the page is written instead of compared.
#[test]
fn the_page_of_timing_is_what_the_command_says() {
    let page = Path::new("docs/timing.md");
    let text = std::fs::read_to_string(page).unwrap();
    let (before, _) = text.split_once("| what comes").unwrap_or((&text, ""));
    let written = format!("{before}{}", told("thirdring policy timing --language en"));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(page, &written).unwrap();
    }
    assert_eq!(std::fs::read_to_string(page).unwrap(), written);
}

/// What `thirdring ports` prints of the shipped configuration.
fn ports() -> String {
    told("thirdring ports -c config/thirdring.toml --language en")
}

fn told(line: &str) -> String {
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let words = line.split(' ').map(std::ffi::OsString::from);
    let code = thirdring::cli::invoke(words, &Default::default(), &mut out, &mut errors);
    assert_eq!(code, 0, "{}", String::from_utf8_lossy(&errors));
    String::from_utf8(out).unwrap()
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in links(&text) {
            let target = page.parent().unwrap().join(link);
            assert!(target.exists(), "{}: {link}", page.display());
        }
    }
}

#[test]
fn both_readmes_give_the_same_commands_and_links() {
    let (en, zh) = (
        include_str!("../../README.md"),
        include_str!("../../README.zh-CN.md"),
    );
    assert_eq!(commands(en), commands(zh));
    let pages = |text| {
        let other = |link: &&str| !link.starts_with("README");
        links(text).into_iter().filter(other).collect::<Vec<_>>()
    };
    assert_eq!(pages(en), pages(zh));
}

/// The lines of all shell blocks, without comments and the reader's language.
fn commands(text: &str) -> Vec<String> {
    let blocks = text.split("```sh\n").skip(1);
    blocks
        .filter_map(|rest| rest.split("```").next())
        .flat_map(str::lines)
        .filter_map(|line| line.split('#').next())
        .map(|line| line.replace("zh-CN", "en").trim().to_owned())
        .collect()
}

/// The variants of `What`, as they are written in JSON.
fn events() -> Vec<String> {
    let variants = TIMELINE_TYPES
        .split_once("pub enum What {")
        .expect("the events are in this file")
        .1;
    let names = variants
        .lines()
        .filter_map(|line| line.strip_prefix("    ")?.strip_suffix(" {"))
        .filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase()));
    let names: Vec<String> = names.map(kebab).collect();
    assert!(names.len() >= 16, "{names:?}");
    names
}

fn kebab(name: &str) -> String {
    let mut word = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('-');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

/// A cell such as "toml, toml_edit" or "rsip (=0.4.0)".
fn names(cell: &str, krate: &str) -> bool {
    cell.split(',')
        .filter_map(|name| name.split_whitespace().next())
        .any(|name| name == krate)
}

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [
        root.to_owned(),
        root.join("docs"),
        root.join("config/prompts"),
    ];
    let files = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).expect("read a folder of pages"));
    let paths = files.map(|file| file.expect("list a folder of pages").path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect()
}

/// Targets of `[..](target)` in this repository, without their `#heading`.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1);
    targets
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| !target.contains("://") && !target.contains(' '))
        .filter_map(|target| target.split('#').next())
        .filter(|target| !target.is_empty())
        .collect()
}

/// A key that is not in the catalogue would be shown to a person as it is.
#[test]
fn every_sentence_of_the_code_is_in_the_catalogue() {
    let catalogue = thirdring::words::Catalogue::shipped();
    let known: BTreeSet<&str> = catalogue.keys().collect();
    let families: BTreeSet<&str> = FAMILIES.into_iter().collect();
    let mut found = 0;
    for file in sources(Path::new("src")) {
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for literal in code.split('"').skip(1).step_by(2) {
            let family = literal.split_once('.').map_or("", |(family, _)| family);
            let is_key = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
            let is_file = literal.ends_with(".toml");
            if families.contains(family) && literal.chars().all(is_key) && !is_file {
                assert!(known.contains(literal), "{}: {literal}", file.display());
                found += 1;
            }
        }
    }
    assert!(found > 100, "only {found} keys were found in the code");
}

/// What the keys of whole sentences begin with; the others name words of the API.
const FAMILIES: [&str; 19] = [
    "database",
    "settings",
    "value",
    "io",
    "start",
    "phrases",
    "sound",
    "cli",
    "demo",
    "devices",
    "not-dialled",
    "bad-request",
    "policy",
    "rehearsal",
    "doctor",
    "setup",
    "update",
    "provision",
    "enrol",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => sources(&path),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect()
}
