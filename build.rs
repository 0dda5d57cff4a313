//! Lays the functions that run while the agent starts and waits side by side: what only calls need stays on the disk until
//! there is one. `linking/record.py` says which they are.

use std::env;

const SCRIPT: &str = "linking/at_start.ld";

fn main() {
    println!("cargo::rerun-if-changed={SCRIPT}");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|set| set == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("PROFILE", "release") {
        let folder = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo::rustc-link-arg-bins=-T{folder}/{SCRIPT}");
    }
}
