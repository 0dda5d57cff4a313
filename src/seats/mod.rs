//! L2, shell. The rep's leg.
