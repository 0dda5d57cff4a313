//! RIFF WAVE: two channels of 16-bit linear sound.

use crate::media::Rate;

/// From here on come the samples.
pub(super) const HEAD_BYTES: usize = 44;

/// What stands for a length in a stream that nobody can go back in; readers go on to the file's end.
pub(super) const LENGTH_UNKNOWN: u32 = u32::MAX;

/// Bytes of one sample of both sides.
const BLOCK_BYTES: u16 = 4;

/// The 44 bytes in front of `data_bytes` of samples.
pub(super) fn head(rate: Rate, data_bytes: u32) -> [u8; HEAD_BYTES] {
    let mut head = *b"RIFF____WAVEfmt \x10\0\0\0\x01\0\x02\0________\x04\0\x10\0data____";
    let [riff, data] = lengths(data_bytes);
    let second = rate.hz().saturating_mul(u32::from(BLOCK_BYTES));
    for (at, value) in [
        (4, riff),
        (24, rate.hz().to_le_bytes()),
        (28, second.to_le_bytes()),
        (40, data),
    ] {
        if let Some(field) = head.get_mut(at..at + 4) {
            field.copy_from_slice(&value);
        }
    }
    head
}

/// Where the two lengths stand, the file's and the samples'.
pub(super) const LENGTHS_AT: [u64; 2] = [4, 40];

/// The two lengths, as they stand there.
pub(super) fn lengths(data_bytes: u32) -> [[u8; 4]; 2] {
    // All but the first eight bytes.
    let riff = data_bytes.saturating_add(36);
    [riff.to_le_bytes(), data_bytes.to_le_bytes()]
}

pub(super) fn interleave([left, right]: [&[i16]; 2], out: &mut Vec<u8>) {
    for (left, right) in left.iter().zip(right) {
        out.extend(left.to_le_bytes());
        out.extend(right.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_says_two_channels_of_sixteen_bits() {
        let head = head(Rate::Wide, 64_000);
        let word = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap());
        assert_eq!((word(4), word(40)), (64_036, 64_000));
        assert_eq!((word(24), word(28)), (16_000, 64_000));
        assert_eq!(head[20..24], [1, 0, 2, 0]);
        assert_eq!(head[32..36], [4, 0, 16, 0]);
    }

    #[test]
    fn left_comes_before_right() {
        let mut out = Vec::new();
        interleave([&[1, 2], &[-1, -2]], &mut out);
        assert_eq!(out, [1, 0, 255, 255, 2, 0, 254, 255]);
    }
}
