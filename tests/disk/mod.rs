//! Promises on a disk that fills up, and what is kept, exported and deleted of them.

mod full;
mod kept;
