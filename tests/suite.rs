//! The one integration test binary.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests print their tables"
)]

mod console;
mod ear;
mod licences;
mod settings;
