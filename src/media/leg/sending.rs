use std::time::Duration;

use super::{Leg, Outgoing};
use crate::media::codec::{FRAME_SAMPLES, Law};
use crate::media::listening::{Mode, Phrase};
use crate::media::order::{LegKey, Report};
use crate::media::outbox::{Channel, Outbox};
use crate::media::receiver::{Arrival, Kind};
use crate::media::rtcp::{self, OurReport};
use crate::media::rtp::RtpHeader;
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

/// What leaves towards the party: on arrival where it is relayed, on the tick where it is made here.
impl Leg {
    /// Hears what came from another leg: passes it on at once, or keeps it for the mix.
    pub(in crate::media) fn take_in(
        &mut self,
        from: LegKey,
        arrival: Arrival<'_>,
        now: Moment,
        out: &mut Outbox,
    ) {
        match arrival.kind {
            Kind::Sound(law) => {
                let sound = (law, arrival.payload);
                if !self.listening.buffer(from, &arrival.header, sound) {
                    self.relay(from, &arrival.header, sound, now, out);
                }
            }
            Kind::Event(_) => self.relay_event(from, arrival, out),
            Kind::ComfortNoise => {}
        }
    }

    fn relay(
        &mut self,
        from: LegKey,
        header: &RtpHeader,
        sound: (Law, &[u8]),
        now: Moment,
        out: &mut Outbox,
    ) {
        let Outgoing {
            sender,
            player,
            keys,
        } = &mut self.outgoing;
        let Some(due) = sender.clock.slot_at(now).filter(|_| keys.is_idle()) else {
            return;
        };
        let Some(placed) = self.listening.place(from, header, sender.next_slot(), due) else {
            return;
        };
        if !player.is_silent_in(placed.slot) {
            return;
        }
        self.listening.note_relayed(from, now);
        if placed.jumps || header.marker {
            sender.mark();
        }
        let mut payload = [0; FRAME_SAMPLES];
        for (ours, theirs) in payload.iter_mut().zip(sound.1) {
            *ours = sound.0.transcode(*theirs, self.spec.codec.law());
        }
        self.send(placed.slot, &payload, now, out);
    }

    fn relay_event(&mut self, from: LegKey, arrival: Arrival<'_>, out: &mut Outbox) {
        let sender = &mut self.outgoing.sender;
        let fresh = sender.clock.timestamp(sender.next_slot());
        let (Some(payload_type), Some(payload)) = (
            self.spec.telephone_event,
            arrival.payload.first_chunk::<4>(),
        ) else {
            return;
        };
        let theirs = arrival.header.timestamp;
        if let Some(ours) = self.listening.event_timestamp(from, theirs, fresh)
            && self.spec.sends
        {
            let header = sender.event(payload_type, arrival.header.marker, ours);
            self.post(&header, payload, out);
        }
    }

    /// Sends the frames that are due, judges the line, and reports to the party.
    pub(in crate::media) fn tick(
        &mut self,
        overheard: Option<Phrase>,
        now: Moment,
        out: &mut Outbox,
    ) {
        let Some(due) = self.outgoing.sender.clock.slot_at(now) else {
            return;
        };
        self.listening.overhear(overheard);
        self.skip_to_what_counts(due, now);
        while self.outgoing.sender.next_slot() <= due {
            if let Fill::Wait = self.fill(due, now, out) {
                break;
            }
        }
        self.tell_line(now, out);
        if now >= self.reports.due {
            self.reports.due = (self.reports.due + REPORT_EVERY).max(now);
            self.send_report(false, now, out);
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
    fn fill(&mut self, due: u64, now: Moment, out: &mut Outbox) -> Fill {
        let slot = self.outgoing.sender.next_slot();
        if self.send_key(slot, out) {
            return Fill::Done;
        }
        let [ended, started] = self.outgoing.player.begin_slot(slot);
        self.tell_ended(ended, now, out);
        if self.waits_for_source(slot, due, now) {
            return Fill::Wait;
        }
        let payload = self.frame(slot);
        if started.is_some() {
            self.outgoing.sender.mark();
        }
        let header = self.send(slot, &payload, now, out);
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

    /// The sound of `slot`: a phrase, the bed, a mix, or silence.
    fn frame(&mut self, slot: u64) -> [u8; FRAME_SAMPLES] {
        let law = self.spec.codec.law();
        let mut payload = [law.silence(); FRAME_SAMPLES];
        let Outgoing { player, sender, .. } = &mut self.outgoing;
        if !player.is_silent_in(slot) {
            player.render(slot, law, &mut payload);
        } else if self.listening.mode() == Mode::Mix {
            let nominal = sender.clock.nominal(slot);
            self.listening.mix(nominal).encode(law, &mut payload);
        }
        payload
    }

    fn send_key(&mut self, slot: u64, out: &mut Outbox) -> bool {
        let Outgoing { sender, keys, .. } = &mut self.outgoing;
        let Some(payload_type) = self.spec.telephone_event.filter(|_| self.spec.sends) else {
            return false;
        };
        let Some(packet) = keys.next_packet(sender.clock.timestamp(slot)) else {
            return false;
        };
        let header = sender.event(payload_type, packet.marker, packet.timestamp);
        sender.skip_to(slot + 1);
        self.post(&header, &packet.payload, out);
        true
    }

    /// Sends one frame of sound; while the party wants none, the slot only passes.
    fn send(
        &mut self,
        slot: u64,
        payload: &[u8; FRAME_SAMPLES],
        now: Moment,
        out: &mut Outbox,
    ) -> RtpHeader {
        let sender = &mut self.outgoing.sender;
        if !self.spec.sends {
            return sender.pass(slot, self.spec.payload_type);
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

    fn post(&self, header: &RtpHeader, payload: &[u8], out: &mut Outbox) {
        out.post(self.key, Channel::Rtp, self.receiver.remote(), |bytes| {
            header.write(bytes);
            bytes.extend_from_slice(payload);
        });
    }

    pub(super) fn send_report(&mut self, goodbye: bool, now: Moment, out: &mut Outbox) {
        let sender = &self.outgoing.sender;
        let sent = sender.sent();
        let has_sent = sent.packets != self.reports.told;
        self.reports.told = sent.packets;
        let report = OurReport {
            ssrc: sender.ssrc(),
            sent: has_sent.then(|| (sent, sender.clock.timestamp_at(now))),
            block: self.receiver.block(),
            theirs: self.receiver.their_report(),
            metrics: None,
            goodbye,
        };
        out.post(self.key, Channel::Rtcp, self.spec.remote_rtcp, |bytes| {
            rtcp::write(&report, bytes, now);
        });
    }
}
