//! L1, pure. RTP, codecs, phrases, mixing and hearing.
//!
//! [`Stage`] owns all legs of one media thread and is driven by five calls: apply an [`Order`], receive RTP or RTCP,
//! tick when it is due, drain what is to be sent, poll a [`Report`]. A leg's frames lie on a grid of its own
//! ([`sender::FrameClock`]); each slot of it is filled once, by a phrase or the bed ([`player`]), by another leg's
//! packet as it comes ([`relay`]), by a mix ([`mixer`], [`playout`]), or by silence.
//!
//! Invariant: bytes and moments come in, bytes and reports go out; no socket, clock or thread is named here.

pub mod clip;
pub mod codec;
pub mod dtmf;
pub mod gain;
pub mod headset;
mod heard;
pub mod hearing;
mod leg;
mod listening;
pub mod mixer;
mod order;
mod outbox;
pub mod phrasebook;
pub mod player;
pub mod playout;
pub mod prompts;
pub mod quality;
mod questions;
mod receiver;
pub mod reception;
mod recorded;
pub mod relay;
pub mod resampling;
mod resonator;
pub mod rtcp;
pub mod rtp;
pub mod sender;
pub mod source_lock;
pub mod speech_level;
pub mod srtp;
mod stage;
#[cfg(test)]
mod stage_tests;
pub mod telephone_event;

pub use clip::Clip;
pub use codec::{Codec, Decoder, Encoder, FRAME_SAMPLES, Law, Rate, lasting, samples_in};
pub use hearing::{Evidence, Levels, Limits, Sign, Verdict, Watch};
pub use order::{Attended, Hears, LegKey, LegSpec, Order, Recording, Report, Stats};
pub use outbox::{Channel, Transmit};
pub use phrasebook::{Phrase, Phrasebook, PhrasebookError};
pub use player::{Bed, Under};
pub use playout::{Content, Counts, Played, Playout};
pub use quality::Quality;
pub use recorded::RecordedFrame;
pub use rtp::{RtpHeader, RtpPacket};
pub use sender::FRAME_TIME;
pub use stage::Stage;
