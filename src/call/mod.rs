//! L1, pure. One call: inputs and the time go in, actions come out.
