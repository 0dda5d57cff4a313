#![no_main]
#![allow(dead_code, reason = "one target of several")]

#[path = "../../tests/fuzz/dialog.rs"]
mod dialog;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dialog::dialog(bytes));
