//! L2, shell. The rep's leg where it is no telephone on the network.
//!
//! `phone` seats are SIP legs and need nothing here. A headset and the test kinds speak RTP to the desk over loopback, so
//! that every other part works as with a real phone. `sound_cards` opens the devices a headset is made of.

mod buttons;
pub mod headset;
pub mod sound_cards;
mod test_seat;

pub use buttons::{ButtonNews, Buttons, Sought, UsbId};
pub use test_seat::{TestKind, TestSeat};
