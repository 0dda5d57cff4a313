use rtcp_types::{
    Bye, Compound, Packet, ReceiverReport, ReportBlock, RtcpPacketWriterExt, Sdes, SdesChunk,
    SdesItem, SenderReport,
};

use super::sender::Sent;
use crate::words::Moment;

/// A compound of ours has one report with one block, a CNAME and perhaps a BYE.
const COMPOUND_MAX: usize = 256;

/// What we tell of a source (RFC 3550 6.4.1).
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

/// All that one of our reports says.
#[derive(Clone, Copy, Debug)]
pub struct OurReport {
    pub ssrc: u32,
    /// None while we do not send: a receiver report then.
    pub sent: Option<(Sent, u32)>,
    pub block: Option<Block>,
    pub theirs: Option<TheirReport>,
    pub goodbye: bool,
}

/// What a compound of the other side says to us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// It holds a sender or receiver report.
    pub reports: bool,
    /// The extended highest sequence number they received of us.
    pub highest_of_ours: Option<u32>,
    /// The middle 32 bits of their NTP time.
    pub ntp: Option<u32>,
    pub goodbye: bool,
}

/// Reads a compound; none when it is no RTCP. Reading ends at a part that is broken.
pub fn read(datagram: &[u8], our_ssrc: u32) -> Option<Heard> {
    let mut heard = Heard::default();
    for packet in Compound::parse(datagram).ok()?.flatten() {
        match packet {
            Packet::Sr(report) => {
                heard.ntp = Some((report.ntp_timestamp() >> 16) as u32);
                heard.note_blocks(report.report_blocks(), our_ssrc);
            }
            Packet::Rr(report) => heard.note_blocks(report.report_blocks(), our_ssrc),
            Packet::Bye(_) => heard.goodbye = true,
            Packet::App(_)
            | Packet::Sdes(_)
            | Packet::TransportFeedback(_)
            | Packet::PayloadFeedback(_)
            | Packet::Xr(_)
            | Packet::Unknown(_) => {}
        }
    }
    Some(heard)
}

impl Heard {
    fn note_blocks<'a>(&mut self, blocks: impl Iterator<Item = ReportBlock<'a>>, our_ssrc: u32) {
        self.reports = true;
        for block in blocks.filter(|block| block.ssrc() == our_ssrc) {
            self.highest_of_ours = Some(block.extended_sequence_number());
        }
    }
}

/// Appends SR or RR, SDES with an anonymous CNAME (RFC 7022 4.2) and at the end of a leg BYE.
pub fn write(report: &OurReport, out: &mut Vec<u8>, now: Moment) {
    let cname = format!("{:08x}", report.ssrc);
    let item = SdesItem::builder(SdesItem::CNAME, &cname);
    let names = Sdes::builder().add_chunk(SdesChunk::builder(report.ssrc).add_item(item));
    let block = report
        .block
        .map(|block| answering(block, report.theirs, now));
    let mut compound = match report.sent {
        Some((sent, timestamp)) => {
            let sender = SenderReport::builder(report.ssrc)
                .ntp_timestamp(ntp(now))
                .rtp_timestamp(timestamp)
                .packet_count(sent.packets)
                .octet_count(sent.octets);
            Compound::builder().add_packet(
                block
                    .into_iter()
                    .fold(sender, |sr, block| sr.add_report_block(block)),
            )
        }
        None => {
            let receiver = ReceiverReport::builder(report.ssrc);
            Compound::builder().add_packet(
                block
                    .into_iter()
                    .fold(receiver, |rr, block| rr.add_report_block(block)),
            )
        }
    };
    compound = compound.add_packet(names);
    if report.goodbye {
        compound = compound.add_packet(Bye::builder().add_source(report.ssrc));
    }
    let mut bytes = [0; COMPOUND_MAX];
    // A compound of these parts has at most 92 bytes; an unwritable one is not sent.
    if let Ok(length) = compound.write_into(&mut bytes) {
        out.extend_from_slice(&bytes[..length]);
    }
}

fn answering(
    block: Block,
    theirs: Option<TheirReport>,
    now: Moment,
) -> rtcp_types::ReportBlockBuilder {
    let builder = ReportBlock::builder(block.ssrc)
        .fraction_lost(block.fraction_lost)
        .cumulative_lost(block.lost)
        .extended_sequence_number(block.highest)
        .interarrival_jitter(block.jitter);
    match theirs {
        Some(theirs) => builder
            .last_sender_report_timestamp(theirs.ntp)
            .delay_since_last_sender_report_timestamp(
                (ntp_span(now.since(theirs.at)) >> 16) as u32,
            ),
        None => builder,
    }
}

/// Boot time as NTP time: RFC 3550 4 allows any clock whose differences are right.
fn ntp(now: Moment) -> u64 {
    ntp_span(now.since(Moment::ZERO))
}

/// Seconds in 32.32 fixed point.
fn ntp_span(span: std::time::Duration) -> u64 {
    let fraction = (u64::from(span.subsec_nanos()) << 32) / 1_000_000_000;
    span.as_secs() << 32 | fraction
}

#[cfg(test)]
mod tests {
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
            goodbye: false,
        }
    }

    #[test]
    fn a_sender_report_is_read_by_the_one_it_is_about() {
        let bytes = written(report());
        let heard = read(&bytes, 77).unwrap();
        assert_eq!(
            (heard.highest_of_ours, heard.ntp),
            (Some(65_600), Some(0x0003_8000))
        );
        assert_eq!(read(&bytes, 78).unwrap().highest_of_ours, None);
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
        assert!(heard.goodbye && heard.ntp.is_none() && heard.highest_of_ours.is_some());
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
        let Some(Ok(Packet::Sr(sr))) = Compound::parse(&bytes).unwrap().next() else {
            panic!("a sender report comes first");
        };
        let block = sr.report_blocks().next().unwrap();
        assert_eq!(block.last_sender_report_timestamp(), 0xabcd);
        assert_eq!(block.delay_since_last_sender_report_timestamp(), 0x8000);
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
