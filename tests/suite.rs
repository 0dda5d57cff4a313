//! The one integration test binary.

mod console;
mod ear;
mod licences;
mod settings;
