use rtcp_types::{Compound, Packet, ReportBlock};

use super::ntp;
use super::voip_metrics::{Metrics, VoipMetrics};
use super::{Block, Echo, Heard};

/// Reads a compound; none when it is no RTCP. Reading ends at a part that is broken.
pub fn read(datagram: &[u8], our_ssrc: u32) -> Option<Heard> {
    let mut heard = Heard::default();
    for packet in Compound::parse(datagram).ok()?.flatten() {
        match packet {
            Packet::Sr(report) => {
                heard.ntp = Some(ntp::middle(report.ntp_timestamp()));
                heard.note_blocks(report.report_blocks(), our_ssrc);
            }
            Packet::Rr(report) => heard.note_blocks(report.report_blocks(), our_ssrc),
            Packet::Xr(report) => {
                let mut metrics = report
                    .block_iter()
                    .filter_map(|block| block.parse_into::<Metrics<'_>>().ok())
                    .filter_map(|metrics| VoipMetrics::read(metrics.bytes()));
                heard.metrics = metrics.find(|it| it.ssrc == our_ssrc).or(heard.metrics);
            }
            Packet::Bye(_) => heard.goodbye = true,
            Packet::App(_)
            | Packet::Sdes(_)
            | Packet::TransportFeedback(_)
            | Packet::PayloadFeedback(_)
            | Packet::Unknown(_) => {}
        }
    }
    Some(heard)
}

impl Heard {
    fn note_blocks<'a>(&mut self, blocks: impl Iterator<Item = ReportBlock<'a>>, our_ssrc: u32) {
        self.reports = true;
        for block in blocks.filter(|block| block.ssrc() == our_ssrc) {
            self.block = Some(Block {
                ssrc: block.ssrc(),
                fraction_lost: block.fraction_lost(),
                lost: block.cumulative_lost(),
                highest: block.extended_sequence_number(),
                jitter: block.interarrival_jitter(),
            });
            let ntp = block.last_sender_report_timestamp();
            // Zero: they have had no sender report of ours yet.
            self.echo = (ntp != 0).then(|| Echo {
                ntp,
                held: block.delay_since_last_sender_report_timestamp(),
            });
        }
    }
}
