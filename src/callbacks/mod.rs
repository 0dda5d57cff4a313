//! The promise and its life: pure, with a store beside it.
