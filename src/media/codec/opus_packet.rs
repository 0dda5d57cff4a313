use super::WIDE_FRAME_SAMPLES;

/// The outside of an Opus packet (RFC 6716 3.1, 3.2): what it is made of, without decoding it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OpusPacket<'a> {
    configuration: u8,
    is_stereo: bool,
    /// The first of its frames.
    first: &'a [u8],
}

impl<'a> OpusPacket<'a> {
    /// None where the lengths it tells cannot be.
    pub(super) fn read(packet: &'a [u8]) -> Option<Self> {
        let (toc, rest) = packet.split_first()?;
        Some(Self {
            configuration: toc >> 3,
            is_stereo: toc & 0b100 != 0,
            first: match toc & 0b11 {
                0 => rest,
                1 => rest.get(..rest.len() / 2)?,
                2 => length(rest).and_then(|(length, rest)| rest.get(..length))?,
                _ => first_of_many(rest)?, // two bits: 3
            },
        })
    }

    /// How many samples at 16 kHz of the sound before it the packet holds, too: none without the LBRR flag of either
    /// channel (RFC 6716 4.2.4), which follows one voice flag for each 20 ms. These are the first symbols, of even
    /// chance each, so they are plain bits.
    pub(super) fn samples_before(self) -> Option<usize> {
        let (tens, flag) = match self.configuration {
            0..12 => [(1, 1), (2, 1), (4, 2), (6, 3)][usize::from(self.configuration % 4)],
            12..16 => [(1, 1), (2, 1)][usize::from(self.configuration % 2)],
            _ => return None, // CELT alone (RFC 6716 table 2)
        };
        let flags = self.first.first()?;
        let set = |bit: u8| flags & (0x80_u8 >> bit) != 0;
        (set(flag) || (self.is_stereo && set(2 * flag + 1)))
            .then_some(tens * WIDE_FRAME_SAMPLES / 2)
    }
}

/// Code 3: a count byte, the padding's length, and the lengths of all frames but the last, or of none.
fn first_of_many(packet: &[u8]) -> Option<&[u8]> {
    let (count, mut rest) = packet.split_first()?;
    let frames = usize::from(count & 0b11_1111);
    let mut padding = 0;
    let mut more = count & 0b100_0000 != 0;
    while more {
        let (byte, after) = rest.split_first()?;
        more = *byte == 255;
        padding += usize::from(*byte) - usize::from(more);
        rest = after;
    }
    let mut first = None;
    if count & 0b1000_0000 != 0 {
        for _ in 1..frames {
            let (length, after) = length(rest)?;
            first.get_or_insert(length);
            rest = after;
        }
    }
    let sound = rest.len().checked_sub(padding)?;
    rest.get(..first.unwrap_or(sound.checked_div(frames)?))
}

/// A frame's length in one or two bytes (RFC 6716 3.2.1), and what follows it.
fn length(packet: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = packet.split_first()?;
    if *first < 252 {
        return Some((usize::from(*first), rest));
    }
    let (second, rest) = rest.split_first()?;
    Some((usize::from(*first) + 4 * usize::from(*second), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SILK in wideband, 20 ms, mono; the last bits are the code of the packet.
    const TOC: u8 = 9 << 3;

    fn first(packet: &[u8]) -> Option<&[u8]> {
        OpusPacket::read(packet).map(|it| it.first)
    }

    #[test]
    fn the_first_frame_is_found_under_each_code() {
        assert_eq!(first(&[TOC, 1, 2, 3]), Some(&[1, 2, 3][..]));
        assert_eq!(first(&[TOC | 1, 1, 2, 3, 4]), Some(&[1, 2][..]));
        assert_eq!(first(&[TOC | 2, 1, 7, 8, 9]), Some(&[7][..]));
        assert_eq!(first(&[TOC | 3, 2, 1, 2, 3, 4]), Some(&[1, 2][..]));
        assert_eq!(first(&[TOC | 3, 0x82, 1, 7, 8, 9]), Some(&[7][..]));
        assert_eq!(first(&[TOC | 3, 0x41, 2, 7, 8, 0, 0]), Some(&[7, 8][..]));
    }

    #[test]
    fn lengths_that_cannot_be_are_no_packet() {
        for packet in [
            &[][..],
            &[TOC | 2, 9, 1],
            &[TOC | 2, 255],
            &[TOC | 3],
            &[TOC | 3, 0],
            &[TOC | 3, 0x41, 255],
            &[TOC | 3, 0x41, 9, 1],
            &[TOC | 3, 0x83, 200],
        ] {
            assert_eq!(first(packet), None, "{packet:?}");
        }
    }

    #[test]
    fn the_flag_of_what_is_sent_twice_follows_the_voice_flags() {
        let before = |packet: &[u8]| OpusPacket::read(packet)?.samples_before();
        assert_eq!(before(&[TOC, 0b0100_0000]), Some(320));
        assert_eq!(before(&[TOC, 0b1011_1111]), None);
        // 60 ms: three voice flags.
        assert_eq!(before(&[11 << 3, 0b0001_0000]), Some(960));
        assert_eq!(before(&[11 << 3, 0b1110_1111]), None);
        // Stereo: the same once more for the side.
        assert_eq!(before(&[TOC | 0b100, 0b0001_0000]), Some(320));
        assert_eq!(before(&[TOC | 0b100, 0b1010_1111]), None);
        // Half of a hybrid's 20 ms; and CELT has none.
        assert_eq!(before(&[14 << 3, 0b0100_0000]), Some(160));
        assert_eq!(before(&[20 << 3, 0xff]), None);
    }
}
