//! L3. Machine settings: layered, checked, typed once.
