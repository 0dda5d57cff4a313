//! L2, shell. The rep's leg where it is no telephone on the network.
//!
//! `phone` seats are SIP legs and need nothing here; headset and browser seats come later. The test
//! kinds speak RTP to the desk over loopback, so that every other part works as with a real phone.

mod buttons;
mod test_seat;

pub use buttons::{ButtonNews, Buttons, UsbId, Wish};
pub use test_seat::{TestKind, TestSeat};
