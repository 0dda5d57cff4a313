//! L2, shell. HTTP API, events, metrics.
