use super::ntp;
use super::{
    Block, EXTENDED_REPORT, GOODBYE, OurReport, RECEIVER_REPORT, SENDER_REPORT, SOURCE_DESCRIPTION,
    TheirReport,
};
use crate::words::Moment;

/// RFC 3550 6.5.1.
const CNAME: u8 = 1;
/// Our CNAME: eight hexadecimal digits.
const CNAME_LENGTH: u8 = 8;

/// Appends SR or RR, SDES with an anonymous CNAME (RFC 7022 4.2), XR where it is wanted, and at the end of a leg BYE.
pub fn write(report: &OurReport, out: &mut Vec<u8>, now: Moment) {
    write_report(report, out, now);
    packet(out, (1, SOURCE_DESCRIPTION), report.ssrc, |out| {
        out.extend_from_slice(&[CNAME, CNAME_LENGTH]);
        out.extend(hexadecimal(report.ssrc));
        // The list ends with a zero, and with it a word does (RFC 3550 6.5).
        out.extend_from_slice(&[0, 0]);
    });
    if let Some(metrics) = &report.metrics {
        packet(out, (0, EXTENDED_REPORT), report.ssrc, |out| {
            metrics.write(out);
        });
    }
    if report.goodbye {
        packet(out, (1, GOODBYE), report.ssrc, |_| {});
    }
}

fn write_report(report: &OurReport, out: &mut Vec<u8>, now: Moment) {
    let kind = match report.sent {
        Some(_) => SENDER_REPORT,
        None => RECEIVER_REPORT,
    };
    let blocks = u8::from(report.block.is_some());
    packet(out, (blocks, kind), report.ssrc, |out| {
        if let Some((sent, timestamp)) = report.sent {
            out.extend_from_slice(&ntp::time(now).to_be_bytes());
            for word in [timestamp, sent.packets, sent.octets] {
                out.extend_from_slice(&word.to_be_bytes());
            }
        }
        if let Some(block) = &report.block {
            write_block(block, report.theirs, out, now);
        }
    });
}

fn write_block(block: &Block, theirs: Option<TheirReport>, out: &mut Vec<u8>, now: Moment) {
    let lost = block.lost & 0x00ff_ffff;
    let (ntp, held) = theirs.map_or((0, 0), |theirs| {
        let held = ntp::span(now.since(theirs.at));
        (theirs.ntp, ntp::middle(held))
    });
    for word in [
        block.ssrc,
        u32::from(block.fraction_lost) << 24 | lost,
        block.highest,
        block.jitter,
        ntp,
        held,
    ] {
        out.extend_from_slice(&word.to_be_bytes());
    }
}

/// One packet of a compound: version 2, a count, its type, its length in words less one, whose it is, and the rest.
fn packet(out: &mut Vec<u8>, (count, kind): (u8, u8), ssrc: u32, rest: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[2 << 6 | count, kind, 0, 0]);
    out.extend_from_slice(&ssrc.to_be_bytes());
    rest(out);
    let words = u16::try_from((out.len() - start) / 4 - 1).unwrap_or(u16::MAX);
    if let Some(length) = out.get_mut(start + 2..start + 4) {
        length.copy_from_slice(&words.to_be_bytes());
    }
}

fn hexadecimal(number: u32) -> impl Iterator<Item = u8> {
    let digits = (0..8).rev().map(move |at| number >> (4 * at) & 0xf);
    digits.filter_map(|digit| u8::try_from(char::from_digit(digit, 16)?).ok())
}
