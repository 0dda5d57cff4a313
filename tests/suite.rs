//! One binary for all tests; each module judges one promise of the project.

mod architecture;
mod calls;
mod pii;
mod rehearsal;
