//! L2, shell. Bytes in, bytes out.
