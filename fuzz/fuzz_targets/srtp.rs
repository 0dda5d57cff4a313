#![no_main]
#![allow(dead_code, reason = "one target of several")]

#[path = "../../tests/fuzz/protection.rs"]
mod protection;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| protection::srtp(bytes));
