//! L1, pure. Which phrase was heard, when, cut or whole.
