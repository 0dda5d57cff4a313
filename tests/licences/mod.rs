//! Everything we build from may be passed on under permissive terms: the list of `deny.toml`, held
//! by every test run, without a tool to install.

mod expression;

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

/// Crates that name no licence in Cargo.toml; the file they point to was read and is this licence.
const READ_BY_US: [(&str, &str, &str); 2] = [
    ("rsip", "0.4.0", "MIT License"),
    ("rsip-derives", "0.4.0", "MIT License"),
];

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

/// What cargo has resolved for this machine; nothing is fetched.
fn packages() -> Vec<Value> {
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--offline"])
        .args(["--filter-platform", &platform])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&metadata.stderr);
    assert!(metadata.status.success(), "cargo metadata: {errors}");
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().clone();
    assert!(packages.len() > 100, "{} packages", packages.len());
    packages
}

fn refusal(package: &Value) -> Option<String> {
    let (name, version) = (package["name"].as_str()?, package["version"].as_str()?);
    match package["license"].as_str() {
        Some(licence) if expression::allows(licence, &ALLOWED) => None,
        Some(licence) => Some(format!("{name} {version}: {licence}")),
        None if is_read_by_us(package, name, version) => None,
        None => Some(format!("{name} {version}: names no licence")),
    }
}

fn is_read_by_us(package: &Value, name: &str, version: &str) -> bool {
    let title = |file: &str| {
        let folder = Path::new(package["manifest_path"].as_str()?).parent()?;
        let text = std::fs::read_to_string(folder.join(file)).ok()?;
        Some(text.lines().next()?.trim().to_owned())
    };
    let title = package["license_file"].as_str().and_then(title);
    READ_BY_US
        .iter()
        .any(|(known, of, licence)| (*known, *of, Some(*licence)) == (name, version, title.as_deref()))
}
