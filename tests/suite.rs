
mod ear;
