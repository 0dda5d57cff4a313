//! The one integration test binary.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests print their tables"
)]

mod architecture;
mod attacks;
mod calls;
mod console;
mod demo;
mod docs;
mod ear;
mod licences;
mod peers;
mod pii;
mod rehearsal;
mod settings;
