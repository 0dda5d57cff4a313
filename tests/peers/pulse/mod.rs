//! Sound devices through a real sound server, without a sound card.

pub(crate) mod virtual_headset;
