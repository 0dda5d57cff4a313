//! The one integration test binary.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests print their tables"
)]
#![allow(
    clippy::unwrap_used,
    reason = "this binary is nothing but tests, their helpers too"
)]

mod architecture;
mod attacks;
mod buttons;
mod calls;
mod checker;
mod console;
mod demo;
mod dial;
mod disk;
mod docs;
mod doctor;
mod ear;
mod fuzz;
mod licences;
mod line_doctor;
mod peers;
mod pii;
mod promises;
mod provision;
mod rehearsal;
mod seating;
mod settings;
mod sim;
mod sound;
mod torture;
mod transcripts;
