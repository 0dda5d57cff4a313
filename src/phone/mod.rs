//! L3. A scripted endpoint of our own: caller, rep, target.
