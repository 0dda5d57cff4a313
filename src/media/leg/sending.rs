use std::collections::BTreeMap;
use std::time::Duration;

use super::spoken::Spoken;
use super::{Leg, Outgoing};
use crate::media::codec::{Codec, FRAME_SAMPLES, WIDE_FRAME_SAMPLES};
use crate::media::heard::{Heard, Sounding};
use crate::media::listening::{Mode, Phrase};
use crate::media::order::{LegKey, Report};
use crate::media::outbox::{Channel, Outbox};
use crate::media::receiver::{Arrival, Kind};
use crate::media::recorded::RecordedFrame;
use crate::media::rtcp::{self, OurReport, VoipMetrics};
use crate::media::rtp::RtpHeader;
use crate::media::telephone_event::{self, retimed};
use crate::words::Moment;

/// We report every 5 s (RFC 3550 6.2).
const REPORT_EVERY: Duration = Duration::from_secs(5);

/// A relayed slot stays open for so many frames, 60 ms, before it is filled with silence.
const RELAY_PATIENCE: u64 = 3;

/// What to do about a slot that is due.
enum Fill {
    Done,
    Wait,
}

/// Another leg that is heard, and by how much its sound is to be made louder.
#[derive(Clone, Copy, Debug)]
pub(in crate::media) struct Speaker {
    pub(in crate::media) leg: LegKey,
    pub(in crate::media) gain_db: i8,
}

/// What leaves towards the party: on arrival where it is relayed, on the tick where it is made here.
impl Leg {
    /// Hears what came from another leg and passes it on at once, unless its sound is mixed on the tick.
    pub(in crate::media) fn take_in(
        &mut self,
        from: Speaker,
        arrival: Arrival<'_>,
        now: Moment,
        out: &mut Outbox,
    ) {
        match arrival.kind {
            Kind::Sound(codec) => self.relay(from, codec, arrival, now, out),
            Kind::Event(_) => self.relay_event(from.leg, arrival, now, out),
            Kind::ComfortNoise => {}
        }
    }

    fn relay(
        &mut self,
        from: Speaker,
        codec: Codec,
        Arrival {
            header, payload, ..
        }: Arrival<'_>,
        now: Moment,
        out: &mut Outbox,
    ) {
        let ours = self.spec.codec;
        let laws = self
            .listening
            .relayed_law(from.leg, codec, payload.len(), ours);
        let (Some(theirs), Some(ours)) = (laws, ours.law()) else {
            return;
        };
        let Outgoing {
            sender,
            player,
            keys,
            ..
        } = &mut self.outgoing;
        let Some(due) = sender.clock.slot_at(now).filter(|_| keys.is_idle()) else {
            return;
        };
        let next = sender.next_slot();
        let Some(placed) = self.listening.place(from.leg, &header, next, due) else {
            return;
        };
        if !player.is_silent_in(placed.slot) {
            return;
        }
        self.listening.note_relayed(from.leg, now);
        if placed.jumps || header.marker {
            sender.mark();
        }
        let mut relayed = [0; FRAME_SAMPLES];
        for (to, from) in relayed.iter_mut().zip(payload) {
            *to = theirs.transcode(*from, ours);
        }
        let gain_db = from.gain_db;
        self.listening.level(from.leg, ours, gain_db, &mut relayed);
        self.send(placed.slot, &Spoken::coded(ours, &relayed), now, out);
    }

    fn relay_event(&mut self, from: LegKey, arrival: Arrival<'_>, now: Moment, out: &mut Outbox) {
        let sender = &mut self.outgoing.sender;
        let fresh = sender.clock.timestamp(sender.next_slot());
        let (Some(payload_type), Some(payload)) = (
            self.spec.telephone_event,
            arrival.payload.first_chunk::<4>(),
        ) else {
            return;
        };
        let began = now - telephone_event::lasted(*payload, arrival.clock_hz);
        let theirs = (arrival.header.timestamp, began);
        if let Some(ours) = self.listening.event_timestamp(from, theirs, fresh)
            && self.spec.sends
        {
            let header = sender.event(payload_type, arrival.header.marker, ours);
            let payload = retimed(*payload, arrival.clock_hz, self.spec.codec.clock_hz());
            self.post(&header, &payload, out);
        }
    }

    /// Sends the frames that are due, judges the line, and reports to the party.
    pub(in crate::media) fn tick(
        &mut self,
        overheard: Option<Phrase>,
        heard: &BTreeMap<LegKey, Box<Heard>>,
        now: Moment,
        out: &mut Outbox,
    ) {
        let Some(due) = self.outgoing.sender.clock.slot_at(now) else {
            return;
        };
        self.listening.overhear(overheard);
        self.skip_to_what_counts(due, now);
        while self.outgoing.sender.next_slot() <= due {
            if let Fill::Wait = self.fill(due, heard, now, out) {
                break;
            }
        }
        if let Some(heard) = heard.get(&self.key) {
            self.listen(due, heard, now, out);
            self.hand_over(due, heard, out);
        }
        self.tell_line(now, out);
        if now >= self.reports.due {
            self.reports.due = (self.reports.due + REPORT_EVERY).max(now);
            let heard = heard.get(&self.key).map(Box::as_ref);
            self.tell_quality(heard, now, out);
            self.send_report(false, heard, now, out);
        }
    }

    /// A phrase is not late because a relayed packet is; and nobody waits for a source that is quiet.
    fn skip_to_what_counts(&mut self, due: u64, now: Moment) {
        let is_quiet = !self.listening.is_source_alive(now);
        let Outgoing { sender, player, .. } = &mut self.outgoing;
        sender.forget_stale(due);
        if self.listening.mode() != Mode::Relay || !player.is_silent_in(sender.next_slot()) {
            return;
        }
        match player.onset().filter(|onset| *onset <= due) {
            Some(onset) => sender.skip_to(onset),
            None if is_quiet => sender.skip_to(due),
            None => {}
        }
    }

    /// Sends what belongs into the next slot.
    fn fill(
        &mut self,
        due: u64,
        heard: &BTreeMap<LegKey, Box<Heard>>,
        now: Moment,
        out: &mut Outbox,
    ) -> Fill {
        let slot = self.outgoing.sender.next_slot();
        if self.send_key(slot, out) {
            return Fill::Done;
        }
        let [ended, started] = self.outgoing.player.begin_slot(slot);
        self.tell_ended(ended, now, out);
        if self.waits_for_source(slot, due, now) {
            return Fill::Wait;
        }
        let spoken = self.frame(slot, heard);
        if started.is_some() {
            self.outgoing.sender.mark();
        }
        let header = self.send(slot, &spoken, now, out);
        self.tell_started(started, &header, now, out);
        Fill::Done
    }

    /// A relayed packet may still come for `slot`.
    fn waits_for_source(&self, slot: u64, due: u64, now: Moment) -> bool {
        self.outgoing.player.is_silent_in(slot)
            && self.listening.mode() == Mode::Relay
            && slot + RELAY_PATIENCE > due
            && self.listening.is_source_alive(now)
    }

    /// The sound of `slot`: a phrase, the bed, a mix, a pause of who is relayed, or silence.
    fn frame(&mut self, slot: u64, heard: &BTreeMap<LegKey, Box<Heard>>) -> Spoken {
        let codec = self.spec.codec;
        let Outgoing {
            player,
            sender,
            encoder,
            ..
        } = &mut self.outgoing;
        if player.is_silent_in(slot) {
            let nominal = sender.clock.nominal(slot);
            return Spoken::made(encoder, codec.rate(), |linear| {
                match self.listening.mode() {
                    Mode::Mix => {
                        let mix = self.listening.mix(slot, nominal, codec.rate(), heard);
                        mix.write(linear);
                    }
                    Mode::Relay => {
                        if let Some(lull) = self.listening.lull(slot, codec.rate(), heard) {
                            linear.copy_from_slice(lull);
                        }
                    }
                    Mode::Alone => {}
                }
            });
        }
        let plain = codec
            .law()
            .and_then(|law| Some(Spoken::coded(law, player.plain_frame(slot, law)?)));
        let spoken = plain.unwrap_or_else(|| {
            Spoken::made(encoder, codec.rate(), |linear| {
                player.render(slot, codec.rate(), linear);
            })
        });
        player.advance();
        spoken
    }

    fn send_key(&mut self, slot: u64, out: &mut Outbox) -> bool {
        let Outgoing { sender, keys, .. } = &mut self.outgoing;
        let Some(payload_type) = self.spec.telephone_event.filter(|_| self.spec.sends) else {
            return false;
        };
        let timestamp = sender.clock.timestamp(slot);
        let Some(packet) = keys.next_packet(timestamp, self.spec.codec.frame_ticks()) else {
            return false;
        };
        let header = sender.event(payload_type, packet.marker, packet.timestamp);
        sender.skip_to(slot + 1);
        self.post(&header, &packet.payload, out);
        true
    }

    /// Sends one frame of sound; while the party wants none, the slot only passes.
    fn send(&mut self, slot: u64, spoken: &Spoken, now: Moment, out: &mut Outbox) -> RtpHeader {
        let sender = &mut self.outgoing.sender;
        let payload = spoken.payload();
        if !self.spec.sends || payload.is_empty() {
            return sender.pass(slot, self.spec.payload_type);
        }
        self.line.hear_ours(spoken.linear());
        if let Some(tape) = &mut self.tape {
            tape.note(slot, spoken.linear());
        }
        if sender.sent().packets == 0 {
            out.report(Report::FirstSent {
                leg: self.key,
                at: now,
            });
        }
        let header = sender.audio(slot, self.spec.payload_type, payload.len());
        self.post(&header, payload, out);
        header
    }

    fn post(&mut self, header: &RtpHeader, payload: &[u8], out: &mut Outbox) {
        let srtp = &mut self.srtp;
        out.post(self.key, Channel::Rtp, self.receiver.remote(), |bytes| {
            let start = bytes.len();
            header.write(bytes);
            bytes.extend_from_slice(payload);
            let protected = srtp.as_mut().map(|srtp| srtp.protect_rtp(bytes, start));
            // Rather nothing than what anybody can hear.
            if protected == Some(false) {
                bytes.truncate(start);
            }
        });
    }

    /// Hands over the frames whose time is over, both directions of one slot.
    fn hand_over(&mut self, due: u64, heard: &Heard, out: &mut Outbox) {
        let Some(tape) = &mut self.tape else {
            return;
        };
        for slot in tape.take_over(due) {
            let mut right = [0; WIDE_FRAME_SAMPLES];
            if let Some(frame) = heard.frame(slot, Sounding::AsItCame) {
                right[..frame.samples.len()].copy_from_slice(frame.samples);
            }
            out.record(RecordedFrame {
                leg: self.key,
                at: self.outgoing.sender.clock.nominal(slot),
                rate: self.spec.codec.rate(),
                left: tape.sent(slot),
                right,
            });
        }
    }

    /// What is told where both sides agreed on extended reports.
    fn metrics(&self, heard: Option<&Heard>) -> Option<VoipMetrics> {
        let ssrc = self
            .receiver
            .ssrc()
            .filter(|_| self.spec.extended_reports)?;
        Some(self.meter.metrics(ssrc, self.arrived(heard)))
    }

    fn tell_quality(&mut self, heard: Option<&Heard>, now: Moment, out: &mut Outbox) {
        let arrived = self.arrived(heard);
        let quality = self.meter.measure(arrived, now);
        out.report(Report::Quality {
            leg: self.key,
            quality,
            at: now,
        });
    }

    pub(super) fn send_report(
        &mut self,
        goodbye: bool,
        heard: Option<&Heard>,
        now: Moment,
        out: &mut Outbox,
    ) {
        let metrics = self.metrics(heard);
        let sender = &self.outgoing.sender;
        let sent = sender.sent();
        let has_sent = sent.packets != self.reports.told;
        self.reports.told = sent.packets;
        let report = OurReport {
            ssrc: sender.ssrc(),
            sent: has_sent.then(|| (sent, sender.clock.timestamp_at(now))),
            block: self.receiver.block(),
            theirs: self.receiver.their_report(),
            metrics,
            goodbye,
        };
        let srtp = &mut self.srtp;
        out.post(self.key, Channel::Rtcp, self.spec.remote_rtcp, |bytes| {
            let start = bytes.len();
            rtcp::write(&report, bytes, now);
            let protected = srtp.as_mut().map(|srtp| srtp.protect_rtcp(bytes, start));
            if protected == Some(false) {
                bytes.truncate(start);
            }
        });
    }
}
