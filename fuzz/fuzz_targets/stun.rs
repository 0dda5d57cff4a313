#![no_main]
#![allow(dead_code, reason = "one target of several")]

#[path = "../../tests/fuzz/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::stun(bytes));
