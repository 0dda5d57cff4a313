#![no_main]
#![allow(dead_code, reason = "one target of several")]

#[path = "../../tests/fuzz/media.rs"]
mod media;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| media::telephone_event(bytes));
