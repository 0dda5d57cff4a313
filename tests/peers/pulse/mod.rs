//! Sound devices through a real sound server, without a sound card.

mod devices;
mod faults;
mod listener;
mod sound;
pub(crate) mod virtual_headset;
