#![no_main]

#[path = "../../tests/fuzz/registrations.rs"]
mod registrations;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| registrations::registrar(bytes));
