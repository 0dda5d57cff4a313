use std::collections::VecDeque;
use std::net::SocketAddr;
use std::ops::Range;

use super::hearing::Block;
use super::order::{LegKey, Report};
use super::questions::Questions;
use super::recorded::RecordedFrame;
use crate::words::Moment;

/// Packets between two drains: five catch-up frames of thousands of legs fit; more are discarded and counted.
const PACKETS_MAX: usize = 65_536;

/// Reports between two drains; more are discarded and counted.
const REPORTS_MAX: usize = 16_384;

/// Recorded frames between two drains: five of 2,000 calls would be 13 MB; more are discarded and counted.
const RECORDED_MAX: usize = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Rtp,
    Rtcp,
}

/// One datagram to send.
#[derive(Clone, Copy, Debug)]
pub struct Transmit<'a> {
    pub leg: LegKey,
    pub channel: Channel,
    pub to: SocketAddr,
    pub datagram: &'a [u8],
}

/// What the stage has to say to the outside; its buffers are used again and again.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    parcels: Vec<Parcel>,
    reports: VecDeque<Report>,
    recorded: Vec<RecordedFrame>,
    questions: Questions,
    discarded: u64,
}

#[derive(Debug)]
struct Parcel {
    leg: LegKey,
    channel: Channel,
    to: SocketAddr,
    bytes: Range<usize>,
}

impl Outbox {
    /// Adds one datagram, written straight into the buffer.
    pub(super) fn post(
        &mut self,
        leg: LegKey,
        channel: Channel,
        to: SocketAddr,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        if self.parcels.len() >= PACKETS_MAX {
            self.discarded = self.discarded.saturating_add(1);
            return;
        }
        let start = self.bytes.len();
        write(&mut self.bytes);
        let bytes = start..self.bytes.len();
        if !bytes.is_empty() {
            self.parcels.push(Parcel {
                leg,
                channel,
                to,
                bytes,
            });
        }
    }

    pub(super) fn report(&mut self, report: Report) {
        if self.reports.len() < REPORTS_MAX {
            self.reports.push_back(report);
        } else {
            self.discarded = self.discarded.saturating_add(1);
        }
    }

    /// Whether there is time for the block, and with it for the window that it begins.
    pub(super) fn ask(&mut self, leg: LegKey, block: Block, now: Moment) -> bool {
        self.questions.ask(leg, block, now)
    }

    pub(super) fn poll_question(&mut self) -> Option<(LegKey, Block)> {
        self.questions.poll()
    }

    pub(super) fn record(&mut self, frame: RecordedFrame) {
        if self.recorded.len() < RECORDED_MAX {
            self.recorded.push(frame);
        } else {
            self.discarded = self.discarded.saturating_add(1);
        }
    }

    pub(super) fn drain_recorded(&mut self, take: impl FnMut(RecordedFrame)) {
        self.recorded.drain(..).for_each(take);
    }

    pub(super) fn drain(&mut self, mut send: impl FnMut(Transmit<'_>)) {
        for parcel in self.parcels.drain(..) {
            if let Some(datagram) = self.bytes.get(parcel.bytes) {
                send(Transmit {
                    leg: parcel.leg,
                    channel: parcel.channel,
                    to: parcel.to,
                    datagram,
                });
            }
        }
        self.bytes.clear();
    }

    pub(super) fn poll_report(&mut self) -> Option<Report> {
        self.reports.pop_front()
    }

    /// Packets and reports that found no room.
    pub(super) fn discarded(&self) -> u64 {
        self.discarded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_leave_in_order_and_reports_are_bounded() {
        let mut outbox = Outbox::default();
        let (leg, to) = (LegKey::new(1), "192.0.2.1:4000".parse().unwrap());
        outbox.post(leg, Channel::Rtp, to, |bytes| bytes.extend(b"one"));
        outbox.post(leg, Channel::Rtcp, to, |bytes| bytes.extend(b"second"));
        outbox.post(leg, Channel::Rtcp, to, |_| {});
        let mut sent = Vec::new();
        outbox.drain(|transmit| sent.push(transmit.datagram.to_vec()));
        assert_eq!(sent, [b"one".to_vec(), b"second".to_vec()]);
        for _ in 0..REPORTS_MAX + 1 {
            outbox.report(Report::FirstSent {
                leg,
                at: Moment::ZERO,
            });
        }
        assert_eq!(outbox.discarded(), 1);
    }
}
