//! L1, pure. What was said in a call, drawn for whoever asks why it ended: a ladder as text and as SVG, a capture for
//! other tools. Of the timeline and the SIP messages that were kept; without them the timeline alone.

mod label;
mod ladder;
mod pcap;
mod svg;
mod text;

#[cfg(test)]
mod tests;

pub use ladder::{Ladder, Row, What};
pub use pcap::pcap;
