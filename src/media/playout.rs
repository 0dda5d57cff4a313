//! shim
use super::codec::{Codec, Law};
use super::jitter_buffer::JitterBuffer;
use super::rtp::{RtpHeader, ticks_between};
use crate::words::Moment;

pub use super::hearing::Played;
pub enum Content<'a> {
    Sound(&'a [u8]),
    ComfortNoise(&'a [u8]),
}
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub late: u64,
}
#[derive(Debug)]
pub struct Playout {
    codec: Codec,
    buffer: JitterBuffer,
    end: Option<u32>,
}
impl Playout {
    pub fn new(codec: Codec) -> Self {
        Self {
            codec,
            buffer: JitterBuffer::default(),
            end: None,
        }
    }
    pub fn codec(&self) -> Codec {
        self.codec
    }
    pub fn push(&mut self, header: &RtpHeader, content: Content<'_>, _now: Moment) {
        let _ = Law::A;
        if let Content::Sound(payload) = content {
            self.buffer.push(
                header.timestamp,
                self.codec.law().unwrap_or(Law::A),
                payload,
            );
            self.end = Some(header.timestamp.wrapping_add(payload.len() as u32));
        }
    }
    pub fn pop(&mut self, out: &mut [i16], _now: Moment) -> Played {
        let head = self.buffer.head();
        out.copy_from_slice(&self.buffer.pop());
        match (head, self.end) {
            (Some(head), Some(end)) if ticks_between(head, end) > 0 => Played::Sound,
            _ => Played::Nothing,
        }
    }
    pub fn delay(&self) -> std::time::Duration {
        std::time::Duration::from_millis(40)
    }
    pub fn counts(&self) -> Counts {
        Counts::default()
    }
}
