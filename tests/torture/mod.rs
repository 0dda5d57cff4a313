//! The torture messages of RFC 4475 and RFC 5118: each that an RFC decides is answered so, none breaks anything.

mod agent;
mod corpus;
mod endpoint;
mod tally;
