//! Numbers and what three sets of dial rules make of them, as tables to be read.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use thirdring::cli;
use thirdring::dialling::{DialRules, Explanation, Route};
use thirdring::words::{Language, PhoneNumber};

use crate::settings::read;

/// Cases of all tables together.
const CASES_MIN: usize = 30;

/// Beside each `name.toml`, settings, stands `name.txt`: a number a line, and what becomes of it.
///
/// With `UPDATE_GOLDEN` set the outcomes are written instead of compared; lines with `#` are headings.
#[test]
fn each_number_is_dialled_or_refused_as_its_table_says() {
    let mut cases = 0;
    for country in ["cn", "us", "uk"] {
        let table = Path::new("tests/golden/dial").join(format!("{country}.txt"));
        let settings = read(&table.with_extension("toml"));
        let rules = settings
            .map_err(|why| why.to_string())
            .unwrap()
            .dial_rules();
        let expected = fs::read_to_string(&table).unwrap();
        let shown: String = expected.lines().map(|line| shown(line, &rules)).collect();
        cases += expected.lines().filter(|line| is_case(line)).count();
        golden(&table.display().to_string(), &shown);
    }
    assert!(cases >= CASES_MIN, "{cases}");
}

#[test]
fn an_explanation_is_told_in_both_languages_and_as_json() {
    let lines = [
        "+8613800138000",
        "0014155550100",
        "62345678 --json",
        "16812345 --json",
    ];
    for language in Language::ALL {
        let told: String = lines.iter().map(|line| explained(line, language)).collect();
        golden(&format!("tests/golden/dial/explain.{language}.txt"), &told);
    }
}

fn explained(line: &str, language: Language) -> String {
    let line =
        format!("thirdring dial explain {line} -c tests/golden/dial/cn.toml --language {language}");
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let words = line.split(' ').map(OsString::from);
    let code = cli::invoke(words, &cli::Environment::default(), &mut out, &mut errors);
    assert_eq!(code, 0, "{}", String::from_utf8_lossy(&errors));
    String::from_utf8(out).unwrap() + "\n"
}

/// Compares, or with `UPDATE_GOLDEN` writes.
fn golden(file: &str, shown: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(file, shown).unwrap();
    }
    assert_eq!(fs::read_to_string(file).unwrap(), shown, "{file}");
}

fn is_case(line: &str) -> bool {
    !line.is_empty() && !line.starts_with('#')
}

/// The line with what becomes of its number.
fn shown(line: &str, rules: &DialRules) -> String {
    if !is_case(line) {
        return format!("{line}\n");
    }
    let number = line.split_whitespace().next().unwrap_or_default();
    let outcome = match PhoneNumber::parse(number) {
        Ok(number) => told(&rules.explain(&number)),
        Err(_) => "no number".to_owned(),
    };
    format!("{number:<20} {outcome}\n")
}

fn told(it: &Explanation) -> String {
    let rule = it.rule.map(|n| format!(" rule {n}")).unwrap_or_default();
    let outcome = match &it.outcome {
        Ok(Route { via, uri, .. }) => format!("{via} {}", uri.reveal()),
        Err(why) => format!("refused {}", why.as_str()),
    };
    let canonical = it.canonical.as_str();
    format!(
        "{:<13} {canonical:<18}{rule} -> {outcome}",
        it.class.as_str()
    )
}
