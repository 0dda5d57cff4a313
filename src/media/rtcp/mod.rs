//! RTCP (RFC 3550 6, RFC 3611): what both sides tell each other of what they receive.

mod ntp;
mod read;
mod voip_metrics;
mod write;

pub use ntp::round_trip;
pub use read::read;
pub use voip_metrics::{UNAVAILABLE, VoipMetrics};
pub use write::write;

use super::sender::Sent;
use crate::words::Moment;

/// Types of packets (RFC 3550 12.1, RFC 3611 2).
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const EXTENDED_REPORT: u8 = 207;

/// What is told of a source (RFC 3550 6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    pub ssrc: u32,
    /// Of 256, since the last report.
    pub fraction_lost: u8,
    pub lost: u32,
    pub highest: u32,
    /// In RTP ticks.
    pub jitter: u32,
}

/// The last sender report of the other side, which our blocks answer so that it can measure the round trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TheirReport {
    /// The middle 32 bits of its NTP time.
    pub ntp: u32,
    pub at: Moment,
}

/// Their answer to a sender report of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    /// The middle 32 bits of our NTP time.
    pub ntp: u32,
    /// How long they had it, in 1/65,536 s.
    pub held: u32,
}

/// All that one of our reports says.
#[derive(Clone, Copy, Debug)]
pub struct OurReport {
    pub ssrc: u32,
    /// None while we do not send: a receiver report then.
    pub sent: Option<(Sent, u32)>,
    pub block: Option<Block>,
    pub theirs: Option<TheirReport>,
    /// Where both sides agreed on them (RFC 3611 5).
    pub metrics: Option<VoipMetrics>,
    pub goodbye: bool,
}

/// What a compound of the other side says to us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// It holds a sender or receiver report.
    pub reports: bool,
    /// What they received of us.
    pub block: Option<Block>,
    /// Their answer to our last sender report.
    pub echo: Option<Echo>,
    /// How we sound there.
    pub metrics: Option<VoipMetrics>,
    /// The middle 32 bits of their NTP time.
    pub ntp: Option<u32>,
    pub goodbye: bool,
}

impl Heard {
    /// The extended highest sequence number they received of us.
    pub fn highest_of_ours(&self) -> Option<u32> {
        self.block.map(|block| block.highest)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const BLOCK: Block = Block {
        ssrc: 77,
        fraction_lost: 3,
        lost: 9,
        highest: 65_600,
        jitter: 4,
    };

    fn written(report: OurReport) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&report, &mut bytes, Moment::from_nanos(3_500_000_000));
        bytes
    }

    fn report() -> OurReport {
        let sent = Sent {
            packets: 100,
            octets: 16_000,
        };
        OurReport {
            ssrc: 42,
            sent: Some((sent, 160)),
            block: Some(BLOCK),
            theirs: None,
            metrics: None,
            goodbye: false,
        }
    }

    #[test]
    fn a_sender_report_is_read_by_the_one_it_is_about() {
        let bytes = written(report());
        let heard = read(&bytes, 77).unwrap();
        assert_eq!(
            (heard.highest_of_ours(), heard.ntp),
            (Some(65_600), Some(0x0003_8000))
        );
        assert_eq!(read(&bytes, 78).unwrap().highest_of_ours(), None);
        assert!(heard.reports && !heard.goodbye);
    }

    #[test]
    fn who_sends_nothing_writes_a_receiver_report_and_bye() {
        let bytes = written(OurReport {
            sent: None,
            goodbye: true,
            ..report()
        });
        assert_eq!(bytes[1], 201);
        let heard = read(&bytes, 77).unwrap();
        assert!(heard.goodbye && heard.ntp.is_none() && heard.block == Some(BLOCK));
    }

    #[test]
    fn the_answer_to_a_sender_report_carries_its_age() {
        let theirs = TheirReport {
            ntp: 0xabcd,
            at: Moment::from_nanos(3_000_000_000),
        };
        let bytes = written(OurReport {
            theirs: Some(theirs),
            ..report()
        });
        let echo = read(&bytes, 77).unwrap().echo;
        let expected = Echo {
            ntp: 0xabcd,
            held: 0x8000,
        };
        assert_eq!(echo, Some(expected));
    }

    #[test]
    fn the_round_trip_is_what_was_not_spent_there() {
        let at = |millis: u64| Moment::ZERO + Duration::from_millis(millis);
        let first = written(report());
        let theirs = TheirReport {
            ntp: read(&first, 0).unwrap().ntp.unwrap(),
            at: at(3_540),
        };
        let mut answer = Vec::new();
        let reply = OurReport {
            theirs: Some(theirs),
            ..report()
        };
        write(&reply, &mut answer, at(8_540));
        let echo = read(&answer, 77).unwrap().echo.unwrap();
        let measured = round_trip(echo, at(8_580)).unwrap();
        assert!((79..=80).contains(&measured.as_millis()));
        assert_eq!(round_trip(echo, at(3_000)), None);
    }

    #[test]
    fn metrics_reach_the_one_they_are_about() {
        let metrics = VoipMetrics {
            ssrc: 77,
            loss_rate: 12,
            round_trip_ms: 80,
            mos_cq: 41,
            ..VoipMetrics::unknown(77)
        };
        let bytes = written(OurReport {
            metrics: Some(metrics),
            ..report()
        });
        assert_eq!(bytes.len() % 4, 0);
        assert_eq!(read(&bytes, 77).unwrap().metrics, Some(metrics));
        assert_eq!(read(&bytes, 78).unwrap().metrics, None);
    }

    #[test]
    fn rubbish_is_not_rtcp() {
        assert_eq!(read(b"", 1), None);
        assert_eq!(read(&[0x80; 3], 1), None);
        assert_eq!(read(&[0x40, 200, 0, 0], 1), None);
    }

    #[test]
    fn mutilated_compounds_are_read_or_refused() {
        let mut entropy = crate::words::Entropy::from_number(11);
        let whole = written(OurReport {
            metrics: Some(VoipMetrics::unknown(77)),
            goodbye: true,
            ..report()
        });
        for _ in 0..20_000 {
            let mut bytes = whole.clone();
            for _ in 0..=entropy.below(4) {
                let at = entropy.below(bytes.len() as u32) as usize;
                bytes[at] = [0, 1, 255, entropy.below(256) as u8][entropy.below(4) as usize];
            }
            bytes.truncate(entropy.below(bytes.len() as u32 + 1) as usize);
            read(&bytes, 77);
            crate::media::rtp::RtpPacket::parse(&bytes);
        }
    }
}
