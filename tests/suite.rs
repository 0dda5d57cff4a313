//! The one integration test binary.

mod console;
mod ear;
mod peers;
mod settings;
