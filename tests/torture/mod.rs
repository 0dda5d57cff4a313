//! The torture messages of RFC 4475 and RFC 5118: each that an RFC decides is answered so, none breaks anything.

#![expect(
    clippy::disallowed_methods,
    reason = "how long a datagram takes is what one of them measures"
)]

mod agent;
mod corpus;
mod cuts;
mod endpoint;
mod scaling;
mod shapes;
mod streams;
mod tally;
