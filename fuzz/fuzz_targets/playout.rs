#![no_main]

#[path = "../../tests/fuzz/playout.rs"]
mod playout;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| playout::playout(bytes));
