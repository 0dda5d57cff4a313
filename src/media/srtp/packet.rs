/// An RTP header without contributing sources and extension.
const RTP_HEADER: usize = 12;
/// RTCP is encrypted after its first eight bytes (RFC 3711 3.4).
pub(super) const RTCP_HEADER: usize = 8;
/// Bytes of the E flag and the index of SRTCP.
pub(super) const WORD: usize = 4;
/// The highest SRTCP index: 31 bits, above which stands the E flag.
pub(super) const RTCP_INDEX_MAX: u32 = (1 << 31) - 1;

/// Which key stream a packet is protected with: no two packets of a key have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) ssrc: u32,
    /// 48 bits for RTP, roll-over counter and sequence number; 31 bits for RTCP.
    pub(super) index: u64,
}

impl Position {
    /// What both ciphers begin at: salt XOR SSRC x 2^48 XOR index (RFC 3711 4.1.1, RFC 7714 8.1, 9.1).
    pub(super) fn salted(self, salt: &[u8]) -> u128 {
        let salt = salt
            .iter()
            .fold(0, |sum, byte| sum << 8 | u128::from(*byte));
        salt ^ u128::from(self.ssrc) << 48 ^ u128::from(self.index)
    }
}

/// What SRTP reads of an RTP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Where the payload begins.
    pub(super) length: usize,
    pub(super) sequence: u16,
    pub(super) ssrc: u32,
}

impl Head {
    /// None when it is no RTP of version 2, or shorter than its header (RFC 3550 5.1, 5.3.1).
    pub(super) fn of_rtp(packet: &[u8]) -> Option<Self> {
        let [first, _, s0, s1, _, _, _, _, a, b, c, d] = *packet.first_chunk::<RTP_HEADER>()?;
        if first >> 6 != 2 {
            return None;
        }
        let sources = RTP_HEADER + 4 * usize::from(first & 0x0f);
        let length = match first & 0x10 {
            0 => sources,
            _ => sources + 4 + 4 * extension_words(packet.get(sources..)?)?,
        };
        (length <= packet.len()).then_some(Self {
            length,
            sequence: u16::from_be_bytes([s0, s1]),
            ssrc: u32::from_be_bytes([a, b, c, d]),
        })
    }
}

fn extension_words(extension: &[u8]) -> Option<usize> {
    let [_, _, high, low] = *extension.first_chunk::<4>()?;
    Some(u16::from_be_bytes([high, low]).into())
}

/// The SSRC of a compound's first packet; none when it is no RTCP of version 2.
pub(super) fn ssrc_of_rtcp(packet: &[u8]) -> Option<u32> {
    let [first, _, _, _, a, b, c, d] = *packet.first_chunk::<RTCP_HEADER>()?;
    (first >> 6 == 2).then_some(u32::from_be_bytes([a, b, c, d]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_ends_after_its_sources_and_its_extension() {
        let mut packet = vec![0x92, 8, 1, 2, 0, 0, 0, 0, 0, 0, 0, 9];
        packet.extend_from_slice(&[0; 8]);
        packet.extend_from_slice(&[0xbe, 0xde, 0, 1, 0, 0, 0, 0, 0x55]);
        let head = Head::of_rtp(&packet).unwrap();
        assert_eq!((head.length, head.sequence, head.ssrc), (28, 0x0102, 9));
        assert_eq!(Head::of_rtp(&packet[..27]), None);
        assert_eq!(Head::of_rtp(&packet[..22]), None);
        assert_eq!(Head::of_rtp(&[0x40; 40]), None);
    }
}
