use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::clip::Clip;
use super::codec::{Codec, FRAME_SAMPLES};
use super::hearing::{Level, Line, Open, VoiceChange, Watch};
use super::listening::{Listening, Mode, Phrase};
use super::order::{Hears, LegKey, LegSpec, Report, Stats};
use super::outbox::{Channel, Outbox};
use super::player::{PhraseNews, Player};
use super::receiver::{Arrival, Kind, Receiver};
use super::rtcp::{self, OurReport};
use super::rtp::RtpHeader;
use super::sender::{Sender, TICK_NANOS};
use super::telephone_event::KeySender;
use crate::words::{Entropy, Key, Moment};

/// We report every 5 s, for the first time after half of it (RFC 3550 6.2).
const REPORT_EVERY: Duration = Duration::from_secs(5);
const FIRST_REPORT_AFTER: Duration = Duration::from_millis(2_500);

/// A relayed slot stays open for so many frames, 60 ms, before it is filled with silence.
const RELAY_PATIENCE: u64 = 3;

/// The sound of one party: what it is sent, and what is heard of it.
#[derive(Debug)]
pub(super) struct Leg {
    key: LegKey,
    spec: LegSpec,
    outgoing: Outgoing,
    listening: Listening,
    receiver: Receiver,
    line: Line,
    reports: Reports,
}

/// What makes up the stream towards the party.
#[derive(Debug)]
struct Outgoing {
    sender: Sender,
    player: Player,
    keys: KeySender,
}

/// When our next RTCP is due, and how many packets the last one told of.
#[derive(Clone, Copy, Debug)]
struct Reports {
    due: Moment,
    told: u32,
}

/// What to do about a slot that is due.
enum Fill {
    Done,
    Wait,
}

impl Leg {
    pub(super) fn new(
        key: LegKey,
        spec: LegSpec,
        phase: u64,
        entropy: &mut Entropy,
        now: Moment,
    ) -> Self {
        Self {
            key,
            receiver: Receiver::new(&spec),
            spec,
            outgoing: Outgoing {
                sender: Sender::new(phase, entropy, now),
                player: Player::default(),
                keys: KeySender::default(),
            },
            listening: Listening::default(),
            line: Line::new(now),
            reports: Reports {
                due: now + FIRST_REPORT_AFTER,
                told: 0,
            },
        }
    }

    pub(super) fn first_due(&self) -> Moment {
        self.outgoing.sender.clock.nominal(0)
    }

    /// When the next frame is due after `now`.
    pub(super) fn due(&self, now: Moment) -> Moment {
        let clock = &self.outgoing.sender.clock;
        clock.nominal(clock.slot_at(now).map_or(0, |slot| slot + 1))
    }

    pub(super) fn retarget(&mut self, spec: LegSpec, now: Moment) {
        if spec.remote != self.spec.remote || open(&spec) != open(&self.spec) {
            self.line.redirect(now);
        }
        self.receiver.retarget(&spec);
        self.spec = spec;
    }

    pub(super) fn hear(&mut self, hears: &Hears) {
        let next = self.outgoing.sender.next_slot();
        self.outgoing.player.set_bed(&hears.bed, next);
        self.listening.change(hears);
    }

    pub(super) fn phrases_to(&self) -> Option<LegKey> {
        self.listening.phrases_to()
    }

    pub(super) fn say(
        &mut self,
        utterance: u64,
        clip: Arc<Clip>,
        not_before: Moment,
        now: Moment,
        out: &mut Outbox,
    ) {
        let sender = &self.outgoing.sender;
        let onset = sender
            .clock
            .slot_from(not_before.max(now))
            .max(sender.next_slot());
        let displaced = self.outgoing.player.say(utterance, clip, onset);
        self.tell_ended(displaced, now, out);
    }

    pub(super) fn cut(&mut self, utterance: u64, now: Moment, out: &mut Outbox) {
        let ended = self.outgoing.player.cut(utterance);
        self.tell_ended(ended, now, out);
    }

    pub(super) fn press(&mut self, keys: &[Key]) {
        if self.spec.telephone_event.is_some() {
            self.outgoing.keys.press(keys);
        }
    }

    pub(super) fn watch(&mut self, watch: Watch, now: Moment) {
        self.line.watch(watch, now);
    }

    pub(super) fn unreachable(&mut self, now: Moment) {
        self.line.unreachable(now);
    }

    /// The phrase being said to this leg, and when its next sample sounds.
    pub(super) fn phrase(&self) -> Option<Phrase> {
        let playing = self.outgoing.player.playing()?;
        let sender = &self.outgoing.sender;
        let at = sender.clock.nominal(sender.next_slot());
        Some(Phrase {
            clip: Arc::clone(&playing.clip),
            position: playing.position,
            at,
        })
    }

    /// Takes in a datagram of the party; what it returns is for those who hear this leg.
    pub(super) fn receive<'a>(
        &mut self,
        from: SocketAddr,
        datagram: &'a [u8],
        now: Moment,
        out: &mut Outbox,
    ) -> Option<Arrival<'a>> {
        let is_first = self.receiver.received() == 0;
        let arrival = self.receiver.admit(&self.spec, from, datagram, now)?;
        let leg = self.key;
        if is_first {
            out.report(Report::FirstReceived { leg, at: now });
        }
        match arrival.kind {
            Kind::Sound(codec) => self.listen_to(codec, arrival.payload, now, out),
            Kind::ComfortNoise => self.line.note_life(true, now),
            Kind::Event(key) => {
                self.line.note_life(false, now);
                if let Some(key) = key {
                    out.report(Report::Key { leg, key, at: now });
                }
            }
        }
        self.spec.receives.then_some(arrival)
    }

    fn listen_to(&mut self, codec: Codec, payload: &[u8], now: Moment, out: &mut Outbox) {
        let length = Duration::from_nanos(payload.len() as u64 * TICK_NANOS);
        let change = self.line.hear(Level::of(codec, payload), length, now);
        self.tell_voice(change, out);
    }

    pub(super) fn receive_rtcp(&mut self, from: SocketAddr, datagram: &[u8], now: Moment) {
        let ssrc = self.outgoing.sender.ssrc();
        let Some(heard) = self
            .receiver
            .admit_rtcp(&self.spec, from, datagram, ssrc, now)
        else {
            return;
        };
        if heard.reports {
            let sent = self.outgoing.sender.sent().packets;
            self.line.report(heard.highest_of_ours, sent, now);
        }
        if heard.goodbye {
            self.line.goodbye();
        }
    }

    /// Hears what came from another leg: passes it on at once, or keeps it for the mix.
    pub(super) fn take_in(
        &mut self,
        from: LegKey,
        arrival: Arrival<'_>,
        now: Moment,
        out: &mut Outbox,
    ) {
        match arrival.kind {
            Kind::Sound(codec) => {
                let sound = (codec, arrival.payload);
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
        sound: (Codec, &[u8]),
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
            *ours = sound.0.transcode(*theirs, self.spec.codec);
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
    pub(super) fn tick(&mut self, overheard: Option<Phrase>, now: Moment, out: &mut Outbox) {
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
        let mut payload = [self.spec.codec.silence(); FRAME_SAMPLES];
        if !self.outgoing.player.is_silent_in(slot) {
            self.outgoing
                .player
                .render(slot, self.spec.codec, &mut payload);
        } else {
            match self.listening.mode() {
                Mode::Alone => {}
                Mode::Mix => {
                    let nominal = self.outgoing.sender.clock.nominal(slot);
                    self.listening
                        .mix(nominal)
                        .encode(self.spec.codec, &mut payload);
                }
                Mode::Relay if self.is_worth_waiting(slot, due, now) => return Fill::Wait,
                Mode::Relay => {}
            }
        }
        if started.is_some() {
            self.outgoing.sender.mark();
        }
        let header = self.send(slot, &payload, now, out);
        self.tell_started(started, &header, now, out);
        Fill::Done
    }

    fn is_worth_waiting(&self, slot: u64, due: u64, now: Moment) -> bool {
        slot + RELAY_PATIENCE > due && self.listening.is_source_alive(now)
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

    fn send_report(&mut self, goodbye: bool, now: Moment, out: &mut Outbox) {
        let sender = &self.outgoing.sender;
        let sent = sender.sent();
        let has_sent = sent.packets != self.reports.told;
        self.reports.told = sent.packets;
        let report = OurReport {
            ssrc: sender.ssrc(),
            sent: has_sent.then(|| (sent, sender.clock.timestamp_at(now))),
            block: self.receiver.block(),
            theirs: self.receiver.their_report(),
            goodbye,
        };
        out.post(self.key, Channel::Rtcp, self.spec.remote_rtcp, |bytes| {
            rtcp::write(&report, bytes, now);
        });
    }

    /// The last words of a leg: its phrases end, BYE, its counts.
    pub(super) fn close(&mut self, now: Moment, out: &mut Outbox) {
        for ended in self.outgoing.player.end_all() {
            self.tell_ended(ended, now, out);
        }
        self.send_report(true, now, out);
        out.report(Report::Closed {
            leg: self.key,
            stats: self.stats(),
        });
    }

    fn stats(&self) -> Stats {
        Stats {
            sent: self.outgoing.sender.sent().packets,
            received: self.receiver.received(),
            lost: self.receiver.lost(),
            jitter_ticks: self.receiver.jitter_ticks(),
            strangers: self.receiver.strangers(),
            discarded: self.receiver.discarded(),
        }
    }

    fn tell_line(&mut self, now: Moment, out: &mut Outbox) {
        let change = self.line.tick_voice(now);
        self.tell_voice(change, out);
        if let Some(verdict) = self.line.judge(open(&self.spec), now) {
            out.report(Report::Line {
                leg: self.key,
                verdict,
                at: now,
            });
        }
    }

    fn tell_voice(&self, change: Option<VoiceChange>, out: &mut Outbox) {
        if let Some(VoiceChange { speaking, since }) = change {
            out.report(Report::Voice {
                leg: self.key,
                speaking,
                since,
            });
        }
    }

    fn tell_started(
        &self,
        news: Option<PhraseNews>,
        header: &RtpHeader,
        now: Moment,
        out: &mut Outbox,
    ) {
        if let Some(PhraseNews::Started { utterance }) = news {
            out.report(Report::Started {
                leg: self.key,
                utterance,
                at: now,
                ssrc: header.ssrc,
                sequence: header.sequence,
                timestamp: header.timestamp,
            });
        }
    }

    fn tell_ended(&self, news: Option<PhraseNews>, now: Moment, out: &mut Outbox) {
        if let Some(PhraseNews::Ended { utterance, whole }) = news {
            out.report(Report::Ended {
                leg: self.key,
                utterance,
                whole,
                at: now,
            });
        }
    }
}

fn open(spec: &LegSpec) -> Open {
    Open {
        sends: spec.sends,
        receives: spec.receives,
    }
}
