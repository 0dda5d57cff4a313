//! Everything we build from may be passed on under permissive terms: the list of `deny.toml`, held
//! by every test run, without a tool to install.

mod expression;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// As in `deny.toml`.
const ALLOWED: [&str; 12] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "MIT",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Crates that name no licence in Cargo.toml. The file they point to was read: MIT's words with X11's last
/// paragraph (SPDX: X11-swapped). By the file's CRC-32, so that another text is read again.
const READ_BY_US: [(&str, u32); 2] = [("rsip", 0x3f0c_5976), ("rsip-derives", 0x09ad_a746)];

#[test]
fn every_dependency_has_a_licence_we_may_pass_on() {
    let refused: Vec<String> = packages().iter().filter_map(refusal).collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn both_lists_of_licences_are_the_same() {
    let deny: toml::Table = include_str!("../../deny.toml").parse().unwrap();
    let listed = deny["licenses"]["allow"].as_array().unwrap();
    let listed: Vec<&str> = listed.iter().filter_map(toml::Value::as_str).collect();
    assert_eq!(listed, ALLOWED);
}

#[test]
fn our_own_licences_are_in_the_repository() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert_eq!(env!("CARGO_PKG_LICENSE"), "MIT OR Apache-2.0");
    for file in ["LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(root.join(file).is_file(), "{file}");
    }
}

/// `thirdring licences` tells them: config/licences/gather.py writes what it prints.
#[test]
fn all_that_is_built_in_is_named_with_its_version() {
    let told = include_str!("../../config/licences/LICENCES.txt");
    let metadata = metadata();
    let built_in = built_in(&metadata);
    assert!(built_in.len() > 100, "{} packages", built_in.len());
    let is_missing = |package: &&&Value| {
        let (name, version) = (package["name"].as_str(), package["version"].as_str());
        let line = format!(
            "\n{} {}  ",
            name.unwrap_or_default(),
            version.unwrap_or_default()
        );
        !told.contains(&line)
    };
    let missing: Vec<_> = built_in
        .iter()
        .filter(is_missing)
        .map(|it| &it["id"])
        .collect();
    assert!(
        missing.is_empty(),
        "python3 config/licences/gather.py: {missing:?}"
    );
}

/// Without what only tests or other platforms need.
fn built_in(metadata: &Value) -> Vec<&Value> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let nodes = list(&metadata["resolve"]["nodes"]);
    let mut todo = vec![metadata["resolve"]["root"].clone()];
    let mut found = BTreeSet::new();
    while let Some(id) = todo.pop() {
        let node = nodes.iter().find(|node| node["id"] == id);
        for dependency in node.into_iter().flat_map(|node| list(&node["deps"])) {
            let is_for_tests = |kind: &Value| kind["kind"] == "dev";
            let id = dependency["pkg"].as_str().unwrap_or_default().to_owned();
            if !list(&dependency["dep_kinds"]).iter().all(is_for_tests) && found.insert(id) {
                todo.push(dependency["pkg"].clone());
            }
        }
    }
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages
        .filter(|it| it["id"].as_str().is_some_and(|id| found.contains(id)))
        .collect()
}

fn packages() -> Vec<Value> {
    let packages = metadata()["packages"]
        .as_array()
        .cloned()
        .expect("metadata lists packages");
    assert!(packages.len() > 100, "{} packages", packages.len());
    packages
}

/// What cargo has resolved for this machine; nothing is fetched.
fn metadata() -> Value {
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--offline"])
        .args(["--filter-platform", &platform])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("run cargo");
    let errors = String::from_utf8_lossy(&metadata.stderr);
    assert!(metadata.status.success(), "cargo metadata: {errors}");
    serde_json::from_slice(&metadata.stdout).expect("cargo prints JSON")
}

fn refusal(package: &Value) -> Option<String> {
    let (name, version) = (package["name"].as_str()?, package["version"].as_str()?);
    match package["license"].as_str() {
        Some(licence) if expression::allows(licence, &ALLOWED) => None,
        Some(licence) => Some(format!("{name} {version}: {licence}")),
        None if READ_BY_US
            .iter()
            .any(|known| Some(*known) == named_file(package)) =>
        {
            None
        }
        None => Some(format!("{name} {version}: names no licence")),
    }
}

/// The crate and the CRC-32 of the licence file it points to.
fn named_file(package: &Value) -> Option<(&str, u32)> {
    let folder = Path::new(package["manifest_path"].as_str()?).parent()?;
    let text = std::fs::read(folder.join(package["license_file"].as_str()?)).ok()?;
    Some((package["name"].as_str()?, crc32fast::hash(&text)))
}
