//! L1, pure. The service standard as typed timelines.
