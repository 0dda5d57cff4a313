//! How it sounds: what was sent is put through a network, played out, and judged.

mod answerers;
mod cost;
mod headset_echo;
mod network;
mod playing;
mod playout;
mod quality;
mod speech;
mod syllables;
