//! Opus in Ogg (RFC 7845): one stream a side, so that neither is heard in the other.

use std::fmt;

use ogg::{PacketWriteEndInfo, PacketWriter};
use opus_rs::{Application, OpusEncoder};

use crate::media::Rate;
use crate::media::codec::WIDE_FRAME_SAMPLES;

/// Packets on one page: half a second.
const PAGE_PACKETS: u64 = 25;

/// Granules count at 48 kHz, whatever the sound's rate (RFC 7845 4).
const GRANULES: u64 = 960;

/// The sound an encoder holds back, at 48 kHz: 5 ms for its look-ahead, 1.5 ms for its resampler (libopus' 312).
const PRE_SKIP: u16 = 312;

/// A frame of one side is shorter than this at the bit rates below (RFC 6716 3.4: 1,275 at most).
const FRAME_BYTES_MAX: usize = 1_275;

/// Two encoders, and the pages that their packets go into.
pub(super) struct OggOpus {
    rate: Rate,
    serial: u32,
    encoders: [OpusEncoder; 2],
    pages: PacketWriter<'static, Vec<u8>>,
    packets: u64,
}

/// One side's bits a second.
fn bit_rate(rate: Rate) -> i32 {
    match rate {
        Rate::Narrow => 12_000,
        Rate::Wide => 20_000,
    }
}

impl OggOpus {
    pub(super) fn new(rate: Rate, serial: u32) -> Self {
        Self {
            rate,
            serial,
            encoders: [encoder(rate), encoder(rate)],
            pages: PacketWriter::new(Vec::new()),
            packets: 0,
        }
    }

    /// The two head pages.
    pub(super) fn begin(&mut self, out: &mut Vec<u8>) {
        self.write(self.id(), PacketWriteEndInfo::EndPage, 0);
        self.write(comment(), PacketWriteEndInfo::EndPage, 0);
        self.take(out);
    }

    pub(super) fn frame(&mut self, sides: [&[i16]; 2], out: &mut Vec<u8>) {
        self.packets += 1;
        let end = if self.packets.is_multiple_of(PAGE_PACKETS) {
            PacketWriteEndInfo::EndPage
        } else {
            PacketWriteEndInfo::NormalPacket
        };
        self.packet(sides, end, self.packets * GRANULES);
        self.take(out);
    }

    /// One more frame, of silence: the stream's last page must not be an empty one.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        self.packets += 1;
        let silence = &[0; WIDE_FRAME_SAMPLES][..self.rate.frame_samples()];
        // What is held back of the frames before is in it; the rest of it is not played (RFC 7845 4.4).
        let end = (self.packets - 1) * GRANULES + u64::from(PRE_SKIP);
        self.packet([silence; 2], PacketWriteEndInfo::EndStream, end);
        self.take(out);
    }

    fn packet(&mut self, sides: [&[i16]; 2], end: PacketWriteEndInfo, granule: u64) {
        let mut packet = Vec::with_capacity(128);
        for (encoder, (side, framing)) in self
            .encoders
            .iter_mut()
            .zip(sides.into_iter().zip(FRAMINGS))
        {
            framing.write(encode(encoder, side).as_slice(), &mut packet);
        }
        self.write(packet, end, granule);
    }

    /// Into memory: nothing can fail.
    fn write(&mut self, packet: Vec<u8>, end: PacketWriteEndInfo, granule: u64) {
        let written = self.pages.write_packet(packet, self.serial, end, granule);
        debug_assert!(written.is_ok());
    }

    fn take(&mut self, out: &mut Vec<u8>) {
        out.append(self.pages.inner_mut());
    }

    /// RFC 7845 5.1, with mapping family 1: two channels of one stream each.
    fn id(&self) -> Vec<u8> {
        let mut id = b"OpusHead\x01\x02".to_vec();
        id.extend(PRE_SKIP.to_le_bytes());
        id.extend(self.rate.hz().to_le_bytes());
        let (no_gain, family, streams, coupled) = ([0; 2], 1, 2, 0);
        id.extend(no_gain);
        id.extend([family, streams, coupled, 0, 1]);
        id
    }
}

/// RFC 7845 5.2: who wrote it, and no comment.
fn comment() -> Vec<u8> {
    let vendor = b"Thirdring";
    let mut comment = b"OpusTags".to_vec();
    comment.extend(9_u32.to_le_bytes());
    comment.extend(vendor);
    comment.extend(0_u32.to_le_bytes());
    comment
}

fn encoder(rate: Rate) -> OpusEncoder {
    let rate_hz = i32::try_from(rate.hz()).unwrap_or(i32::MAX);
    let mut encoder = OpusEncoder::new(rate_hz, 1, Application::Voip)
        .expect("8 and 16 kHz are rates of Opus, and one channel is");
    encoder.bitrate_bps = bit_rate(rate);
    encoder.complexity = COMPLEXITY;
    encoder
}

/// Of 0 to 10: above it a call costs more, and nobody hears a difference at the telephone's band.
const COMPLEXITY: i32 = 2;

/// One frame of one side; a frame that the encoder refuses is a lost one.
fn encode(encoder: &mut OpusEncoder, side: &[i16]) -> Vec<u8> {
    let mut coded = vec![0; FRAME_BYTES_MAX];
    let length = encoder
        .encode_i16(side, side.len(), &mut coded)
        .unwrap_or_default();
    coded.truncate(length);
    coded
}

/// How a stream's packet lies in the common one: all but the last say where they end (RFC 6716 B).
#[derive(Clone, Copy)]
enum Framing {
    SelfDelimited,
    ToTheEnd,
}

const FRAMINGS: [Framing; 2] = [Framing::SelfDelimited, Framing::ToTheEnd];

impl Framing {
    /// The encoder makes packets of one frame: a byte that says so, then the frame.
    fn write(self, coded: &[u8], out: &mut Vec<u8>) {
        let Some((kind, frame)) = coded.split_first() else {
            // Of no frame: conceal it.
            return self.write(&[LOST], out);
        };
        out.push(*kind);
        if let Self::SelfDelimited = self {
            push_length(frame.len(), out);
        }
        out.extend(frame);
    }
}

/// SILK, narrow band, 20 ms, mono, and no frame in it (RFC 6716 3.1, 3.2.1).
const LOST: u8 = 1 << 3;

/// RFC 6716 3.2.1: one byte below 252, else two.
fn push_length(length: usize, out: &mut Vec<u8>) {
    let (low, high) = match length {
        0..252 => return out.push(length as u8),
        _ => (252 + (length & 3), (length - (252 + (length & 3))) / 4),
    };
    out.extend([low as u8, high as u8]);
}

impl fmt::Debug for OggOpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OggOpus")
            .field("rate", &self.rate)
            .field("packets", &self.packets)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use ogg::PacketReader;

    use super::*;

    /// A stream of `frames` tones on the left and silence on the right.
    fn stream(rate: Rate, frames: usize) -> Vec<u8> {
        let mut ogg = OggOpus::new(rate, 7);
        let mut out = Vec::new();
        ogg.begin(&mut out);
        for frame in 0..frames {
            let sample = |n: usize| {
                (((frame * rate.frame_samples() + n) as f32 * 0.3).sin() * 6_000.0) as i16
            };
            let left: Vec<i16> = (0..rate.frame_samples()).map(sample).collect();
            ogg.frame([&left, &vec![0; left.len()]], &mut out);
        }
        ogg.finish(&mut out);
        out
    }

    #[test]
    fn it_begins_with_its_heads_and_ends_where_the_sound_does() {
        let mut reader = PacketReader::new(Cursor::new(stream(Rate::Narrow, 60)));
        let mut packets = Vec::new();
        while let Some(packet) = reader.read_packet().unwrap() {
            packets.push(packet);
        }
        assert_eq!(packets.len(), 2 + 60 + 1);
        assert!(packets[0].data.starts_with(b"OpusHead\x01\x02"));
        assert!(packets[1].data.starts_with(b"OpusTags"));
        let last = packets.last().unwrap();
        assert!(last.last_in_stream());
        assert_eq!(last.absgp_page(), 60 * GRANULES + u64::from(PRE_SKIP));
    }

    #[test]
    fn lengths_are_put_as_opus_puts_them() {
        for (length, bytes) in [
            (0, vec![0]),
            (251, vec![251]),
            (252, vec![252, 0]),
            (255, vec![255, 0]),
            (256, vec![252, 1]),
            (1_274, vec![254, 255]),
        ] {
            let mut out = Vec::new();
            push_length(length, &mut out);
            assert_eq!(out, bytes, "{length}");
        }
    }
}
