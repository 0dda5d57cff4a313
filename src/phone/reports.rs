use std::time::Duration;

use super::mouth::Mouth;
use super::settings::Rtcp;
use crate::media::reception::Reception;
use crate::media::rtcp::{Block, OurReport, write};
use crate::media::{Codec, RtpHeader};
use crate::words::Moment;

/// RFC 3550 6.2: 5 s at least, half of it before the first.
const INTERVAL: Duration = Duration::from_secs(5);

/// What a phone reports of what it receives.
pub(super) struct Reports {
    mode: Rtcp,
    clock_hz: u32,
    reception: Option<Reception>,
    /// What a frozen phone says again and again.
    frozen: Option<Block>,
    due: Moment,
}

impl Reports {
    pub(super) fn new(mode: Rtcp, codec: Codec, now: Moment) -> Self {
        Self {
            mode,
            clock_hz: codec.clock_hz(),
            reception: None,
            frozen: None,
            due: now + INTERVAL / 2,
        }
    }

    pub(super) fn count(&mut self, header: &RtpHeader, now: Moment) {
        match &mut self.reception {
            Some(reception) if reception.ssrc() == header.ssrc => reception.count(header, now),
            _ => self.reception = Some(Reception::new(header, self.clock_hz, now)),
        }
    }

    /// The report that is due, if one is.
    pub(super) fn poll(&mut self, mouth: &Mouth, now: Moment) -> Option<Vec<u8>> {
        if self.mode == Rtcp::None || now < self.due {
            return None;
        }
        self.due += INTERVAL;
        let sent = mouth.sent();
        let report = OurReport {
            ssrc: mouth.ssrc(),
            sent: (sent.packets > 0).then(|| (sent, mouth.timestamp())),
            block: self.block(),
            theirs: None,
            metrics: None,
            goodbye: false,
        };
        let mut packet = Vec::new();
        write(&report, &mut packet, now);
        Some(packet)
    }

    fn block(&mut self) -> Option<Block> {
        let block = self.reception.as_mut().map(Reception::block);
        if self.mode != Rtcp::Frozen {
            return block;
        }
        self.frozen = self.frozen.or(block);
        self.frozen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Codec;
    use crate::phone::settings::Sends;
    use crate::phone::tongue::Tongue;
    use crate::words::Entropy;

    const THEIRS: u32 = 77;

    fn mouth() -> Mouth {
        let tongue = Tongue {
            codec: Codec::Pcma,
            payload_type: 8,
            telephone_event: None,
        };
        Mouth::new(tongue, Sends::Silence, &mut Entropy::from_number(1))
    }

    /// The highest sequence number each report of half a minute tells.
    fn told(mode: Rtcp) -> Vec<u32> {
        let (mut reports, mouth) = (Reports::new(mode, Codec::Pcma, Moment::ZERO), mouth());
        let mut told = Vec::new();
        for frame in 0..1500_u16 {
            let now = Moment::ZERO + Duration::from_millis(20) * frame.into();
            let header = RtpHeader {
                payload_type: 8,
                marker: false,
                sequence: frame,
                timestamp: u32::from(frame) * 160,
                ssrc: THEIRS,
            };
            reports.count(&header, now);
            let report = reports.poll(&mouth, now);
            told.extend(report.map(|report| highest(&report)));
        }
        told
    }

    fn highest(report: &[u8]) -> u32 {
        let heard = crate::media::rtcp::read(report, THEIRS).unwrap();
        heard.highest_of_ours().unwrap()
    }

    #[test]
    fn a_healthy_phone_reports_every_five_seconds_what_it_received() {
        assert_eq!(told(Rtcp::Normal), [125, 375, 625, 875, 1125, 1375]);
    }

    #[test]
    fn a_frozen_phone_says_the_same_again_and_again() {
        assert_eq!(told(Rtcp::Frozen), [125; 6]);
    }

    #[test]
    fn a_phone_without_rtcp_says_nothing() {
        assert!(told(Rtcp::None).is_empty());
    }
}
