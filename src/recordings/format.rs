use std::fmt;

use super::ogg_opus::OggOpus;
use super::wav;
use crate::media::Rate;

/// How a recording is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// 16-bit linear sound: 115 MB an hour at 8 kHz, read by everything.
    Wav,
    /// Opus in Ogg (RFC 7845): 10 MB an hour at 8 kHz.
    Ogg,
}

impl Format {
    /// What its files' names end with (RFC 7845 9).
    pub fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Ogg => "opus",
        }
    }
}

/// Frames put into a format's bytes.
pub(super) enum Shape {
    Wav,
    Ogg(Box<OggOpus>),
}

impl Shape {
    /// `serial` tells one Ogg stream from another.
    pub(super) fn new(format: Format, rate: Rate, serial: u32) -> Self {
        match format {
            Format::Wav => Self::Wav,
            Format::Ogg => Self::Ogg(Box::new(OggOpus::new(rate, serial))),
        }
    }

    /// What the file begins with.
    pub(super) fn begin(&mut self, rate: Rate, out: &mut Vec<u8>) {
        match self {
            Self::Wav => out.extend(wav::head(rate, wav::LENGTH_UNKNOWN)),
            Self::Ogg(ogg) => ogg.begin(out),
        }
    }

    /// One frame of both sides, at the file's rate.
    pub(super) fn frame(&mut self, sides: [&[i16]; 2], out: &mut Vec<u8>) {
        match self {
            Self::Wav => wav::interleave(sides, out),
            Self::Ogg(ogg) => ogg.frame(sides, out),
        }
    }

    /// What the file ends with.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Wav => {}
            Self::Ogg(ogg) => ogg.finish(out),
        }
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wav => "Wav",
            Self::Ogg(_) => "Ogg",
        })
    }
}
