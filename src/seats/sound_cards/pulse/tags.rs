//! Whether a message can be read without harm: the decoder of `pulseaudio` believes lengths, and panics at some times.

/// The most bytes one value may have (MAX_PROP_SIZE of PulseAudio).
const VALUE_MAX: usize = 65_536;

/// True where the message consists of whole values of the protocol (tagstruct.h) and none is larger than it may be.
///
/// Property lists and formats are their parts one after the other.
pub(super) fn are_whole(message: &[u8]) -> bool {
    let mut rest = message;
    while let Some((tag, after)) = rest.split_first() {
        let Some(length) = length(*tag, after) else {
            return false;
        };
        let Some(next) = after.get(length..) else {
            return false;
        };
        rest = next;
    }
    true
}

/// Bytes of the value that follows the tag; none where it is not one we read. Times ('T') are not: nothing we ask for
/// has one.
fn length(tag: u8, after: &[u8]) -> Option<usize> {
    let channels = || after.first().map(|channels| usize::from(*channels));
    match tag {
        b'N' | b'1' | b'0' | b'P' | b'f' => Some(0),
        b'B' => Some(1),
        b'L' | b'V' => Some(4),
        b'a' => Some(6),
        b'R' | b'r' | b'U' => Some(8),
        b't' => Some(after.iter().position(|byte| *byte == 0)?.saturating_add(1)),
        b'x' => {
            let length = u32::from_be_bytes(*after.first_chunk()?) as usize;
            (length <= VALUE_MAX).then(|| length.saturating_add(4))
        }
        b'm' => Some(channels()?.saturating_add(1)),
        b'v' => Some(channels()?.saturating_mul(4).saturating_add(1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_values_of_every_kind_are_read() {
        let message = [
            &b"L\0\0\0\x01R\0\0\0\0\0\0\0\x02B\x03"[..],
            b"tname\0N10",
            b"a\x05\x01\0\0\xbb\x80m\x02\x01\x02v\x01\0\x01\0\0V\0\x01\0\0",
            b"Ptkey\0L\0\0\0\x02x\0\0\0\x02v\0NfB\x01PN",
        ];
        assert!(are_whole(&message.concat()));
        assert!(are_whole(b""));
    }

    #[test]
    fn what_lies_about_its_length_is_not_read() {
        let wrong: [&[u8]; 7] = [
            b"L\0\0",
            b"tname",
            b"x\xff\xff\xff\xff",
            b"x\0\0\0\x03ab",
            b"v\x03\0\0",
            b"T\0\0\0\0\xff\xff\xff\xff",
            b"?",
        ];
        for message in wrong {
            assert!(!are_whole(message), "{message:?}");
        }
    }
}
