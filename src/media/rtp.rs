use rtp_rs::RtpReader;

/// A received RTP packet (RFC 3550 5.1), borrowed from the datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpPacket<'a> {
    pub header: RtpHeader,
    pub payload: &'a [u8],
}

/// The fields of the fixed header that carry meaning for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpHeader {
    pub payload_type: u8,
    pub marker: bool,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
}

/// Payload types 72-76 are RTCP packets that strayed onto the RTP port (RFC 5761 4).
const STRAYED_RTCP: std::ops::RangeInclusive<u8> = 72..=76;

impl<'a> RtpPacket<'a> {
    /// None when it is no RTP of version 2, cut short, or RTCP on the wrong port.
    pub fn parse(datagram: &'a [u8]) -> Option<Self> {
        let reader = RtpReader::new(datagram).ok()?;
        let header = RtpHeader {
            payload_type: reader.payload_type(),
            marker: reader.mark(),
            sequence: reader.sequence_number().into(),
            timestamp: reader.timestamp(),
            ssrc: reader.ssrc(),
        };
        (!STRAYED_RTCP.contains(&header.payload_type)).then(|| Self {
            header,
            payload: reader.payload(),
        })
    }
}

impl RtpHeader {
    /// Appends the 12 bytes of a header without contributing sources or extension.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(2 << 6);
        out.push(u8::from(self.marker) << 7 | self.payload_type & 0x7f);
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.ssrc.to_be_bytes());
    }
}

/// How far `to` is ahead of `from` on the wrapping RTP clock; negative when it is behind.
pub fn ticks_between(from: u32, to: u32) -> i32 {
    to.wrapping_sub(from).cast_signed()
}

/// Whether sequence number `a` comes after `b` (RFC 1982, half the circle).
pub fn is_newer(a: u16, b: u16) -> bool {
    a.wrapping_sub(b).cast_signed() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: RtpHeader = RtpHeader {
        payload_type: 8,
        marker: true,
        sequence: 65_535,
        timestamp: 0xdead_beef,
        ssrc: 7,
    };

    #[test]
    fn what_is_written_is_read_back() {
        let mut bytes = Vec::new();
        HEADER.write(&mut bytes);
        bytes.extend_from_slice(b"sound");
        let packet = RtpPacket::parse(&bytes).unwrap();
        assert_eq!((packet.header, packet.payload), (HEADER, &b"sound"[..]));
    }

    #[test]
    fn rubbish_and_strayed_rtcp_are_not_rtp() {
        assert!(RtpPacket::parse(b"").is_none());
        assert!(RtpPacket::parse(&[0x40; 40]).is_none());
        assert!(RtpPacket::parse(&[0xff; 12]).is_none());
        let mut report = vec![0x80, 200];
        report.extend_from_slice(&[0; 26]);
        assert!(RtpPacket::parse(&report).is_none());
    }

    #[test]
    fn clocks_and_sequences_wrap() {
        assert_eq!(ticks_between(u32::MAX - 79, 80), 160);
        assert_eq!(ticks_between(80, u32::MAX - 79), -160);
        assert!(is_newer(0, 65_535) && !is_newer(65_535, 0) && !is_newer(3, 3));
    }
}
