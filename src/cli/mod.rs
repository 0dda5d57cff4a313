//! L4. The command line.
