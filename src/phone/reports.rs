use std::time::Duration;

use super::mouth::Mouth;
use super::settings::Rtcp;
use crate::media::RtpHeader;
use crate::media::reception::Reception;
use crate::media::rtcp::{Block, OurReport, write};
use crate::words::Moment;

/// RFC 3550 6.2: 5 s at least, half of it before the first.
const INTERVAL: Duration = Duration::from_secs(5);

/// What a phone reports of what it receives.
pub(super) struct Reports {
    mode: Rtcp,
    reception: Option<Reception>,
    /// What a frozen phone says again and again.
    frozen: Option<Block>,
    due: Moment,
}

impl Reports {
    pub(super) fn new(mode: Rtcp, now: Moment) -> Self {
        Self {
            mode,
            reception: None,
            frozen: None,
            due: now + INTERVAL / 2,
        }
    }

    pub(super) fn count(&mut self, header: &RtpHeader, now: Moment) {
        match &mut self.reception {
            Some(reception) if reception.ssrc() == header.ssrc => reception.count(header, now),
            _ => self.reception = Some(Reception::new(header, now)),
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
