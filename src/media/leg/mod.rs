mod attending;
mod sending;
mod spoken;
mod tape;

pub(in crate::media) use sending::Speaker;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use self::tape::Tape;
use crate::media::clip::Clip;
use crate::media::codec::{Codec, Encoder};
use crate::media::dtmf::InBandKeys;
use crate::media::heard::{Heard, HeardFrame, Sounding};
use crate::media::hearing::{Answerer, HeardOfUs, Line, Open, Played, VoiceChange, Watch};
use crate::media::listening::{Listening, Phrase};
use crate::media::order::{Hears, LegKey, LegSpec, Recording, Report, Stats};
use crate::media::outbox::Outbox;
use crate::media::player::{Bed, PhraseNews, Player};
use crate::media::quality::{Arrived, Meter};
use crate::media::receiver::{Arrival, Kind, Receiver};
use crate::media::rtp::RtpHeader;
use crate::media::sender::Sender;
use crate::media::srtp::Srtp;
use crate::media::telephone_event::KeySender;
use crate::words::{Entropy, Key, Moment, SrtpKeys};

/// Our first report is due after half the interval (RFC 3550 6.2).
const FIRST_REPORT_AFTER: Duration = Duration::from_millis(2_500);

/// The sound of one party: what it is sent, and what is heard of it.
#[derive(Debug)]
pub(in crate::media) struct Leg {
    key: LegKey,
    spec: LegSpec,
    outgoing: Outgoing,
    listening: Listening,
    receiver: Receiver,
    srtp: Option<Box<Srtp>>,
    meter: Meter,
    in_band: InBandKeys,
    line: Line,
    /// While it is not known who answers our call.
    answerer: Option<Box<Answerer>>,
    /// The slot whose sound is judged next.
    unjudged: u64,
    /// While the call is recorded.
    tape: Option<Box<Tape>>,
    reports: Reports,
}

/// What makes up the stream towards the party.
#[derive(Debug)]
struct Outgoing {
    sender: Sender,
    player: Player,
    keys: KeySender,
    encoder: Encoder,
}

/// When our next RTCP is due, and how many packets the last one told of.
#[derive(Clone, Copy, Debug)]
struct Reports {
    due: Moment,
    told: u32,
}

impl Leg {
    pub(in crate::media) fn new(
        key: LegKey,
        spec: LegSpec,
        phase: u64,
        entropy: &mut Entropy,
        now: Moment,
    ) -> Self {
        let codec = spec.codec;
        Self {
            key,
            receiver: Receiver::new(&spec),
            srtp: spec.srtp.clone().map(|keys| Box::new(Srtp::new(keys))),
            spec,
            outgoing: Outgoing {
                sender: Sender::new(phase, codec, entropy, now),
                player: Player::default(),
                keys: KeySender::default(),
                encoder: Encoder::new(codec),
            },
            meter: Meter::new(codec),
            in_band: InBandKeys::default(),
            listening: Listening::default(),
            line: Line::new(now),
            answerer: None,
            unjudged: 0,
            tape: None,
            reports: Reports {
                due: now + FIRST_REPORT_AFTER,
                told: 0,
            },
        }
    }

    pub(in crate::media) fn first_due(&self) -> Moment {
        self.outgoing.sender.clock.nominal(0)
    }

    /// When the next frame is due after `now`.
    pub(in crate::media) fn due(&self, now: Moment) -> Moment {
        let clock = &self.outgoing.sender.clock;
        clock.nominal(clock.slot_at(now).map_or(0, |slot| slot + 1))
    }

    pub(in crate::media) fn retarget(&mut self, spec: LegSpec, now: Moment) {
        if spec.remote != self.spec.remote || open(&spec) != open(&self.spec) {
            self.line.redirect(now);
        }
        if spec.codec != self.spec.codec {
            self.outgoing.sender.change(spec.codec);
            self.outgoing.encoder = Encoder::new(spec.codec);
        }
        if spec.srtp != self.spec.srtp {
            self.rekey(spec.srtp.clone());
        }
        self.meter.retarget(spec.codec);
        self.receiver.retarget(&spec);
        self.spec = spec;
    }

    fn rekey(&mut self, keys: Option<SrtpKeys>) {
        match (&mut self.srtp, keys) {
            (Some(srtp), Some(keys)) => srtp.rekey(keys),
            (srtp, keys) => *srtp = keys.map(|keys| Box::new(Srtp::new(keys))),
        }
    }

    pub(in crate::media) fn codec(&self) -> Codec {
        self.spec.codec
    }

    /// The legs whose sound is to be mixed for the party.
    pub(in crate::media) fn mixes(&self) -> [Option<LegKey>; 2] {
        self.listening.mixes()
    }

    /// The latest slot that is due.
    pub(in crate::media) fn slot_at(&self, now: Moment) -> Option<u64> {
        self.outgoing.sender.clock.slot_at(now)
    }

    pub(in crate::media) fn hear(&mut self, hears: &Hears, now: Moment) {
        let next = self.outgoing.sender.next_slot();
        let is_alone = hears.legs.iter().all(Option::is_none);
        let bed = if is_alone { &hears.bed } else { &Bed::Silence };
        self.outgoing.player.set_bed(bed, next);
        self.listening.change(hears, now);
    }

    pub(in crate::media) fn phrases_to(&self) -> Option<LegKey> {
        self.listening.phrases_to()
    }

    pub(in crate::media) fn say(
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

    pub(in crate::media) fn cut(&mut self, utterance: u64, now: Moment, out: &mut Outbox) {
        let ended = self.outgoing.player.cut(utterance);
        self.tell_ended(ended, now, out);
    }

    pub(in crate::media) fn press(&mut self, keys: &[Key]) {
        if self.spec.telephone_event.is_some() {
            self.outgoing.keys.press(keys);
        }
    }

    pub(in crate::media) fn watch(&mut self, watch: Watch, now: Moment) {
        self.line.watch(watch, now);
    }

    /// Something of ours listens to it: the line doctor, a recording, or who looks for keys in the sound.
    pub(in crate::media) fn is_listened_to(&self) -> bool {
        self.line.is_watched()
            || self.answerer.is_some()
            || self.tape.is_some()
            || self.spec.telephone_event.is_none()
    }

    /// Begins to record from the next slot on, or ends it.
    pub(in crate::media) fn record(&mut self, recording: Recording, now: Moment) {
        let next = self.slot_at(now).map_or(0, |slot| slot + 1);
        self.tape = match recording {
            Recording::On => Some(
                self.tape
                    .take()
                    .unwrap_or_else(|| Box::new(Tape::new(next))),
            ),
            Recording::Off => None,
        };
    }

    /// An answer about the last block that was asked about.
    pub(in crate::media) fn human(&mut self, probability: f32, now: Moment) {
        self.line.human(probability, now);
    }

    pub(in crate::media) fn refuse_question(&mut self) {
        self.line.refuse();
    }

    pub(in crate::media) fn unreachable(&mut self, now: Moment) {
        self.line.unreachable(now);
    }

    /// The phrase being said to this leg, and when its next sample sounds.
    pub(in crate::media) fn phrase(&self) -> Option<Phrase> {
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
    pub(in crate::media) fn receive<'a>(
        &mut self,
        from: SocketAddr,
        datagram: &'a mut [u8],
        now: Moment,
        out: &mut Outbox,
    ) -> Option<Arrival<'a>> {
        if !self.receiver.may_come(from) {
            return None;
        }
        let length = match &mut self.srtp {
            Some(srtp) => srtp.unprotect_rtp(datagram)?,
            None => datagram.len(),
        };
        let datagram = datagram.get(..length)?;
        let is_first = self.receiver.received() == 0;
        let arrival = self.receiver.admit(&self.spec, from, datagram, now)?;
        let leg = self.key;
        self.meter.note_packet(&arrival.header);
        if is_first {
            out.report(Report::FirstReceived { leg, at: now });
        }
        match arrival.kind {
            // Who holds us is not speaking to us.
            Kind::Sound(_) if !self.spec.receives => {}
            Kind::Sound(_) => self.line.note_packet(&arrival.header, now),
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

    /// Listens to the party's frames up to the slot that is due.
    fn listen(&mut self, due: u64, heard: &Heard, now: Moment, out: &mut Outbox) {
        let oldest = self.unjudged.max(heard.oldest());
        for frame in (oldest..=due).filter_map(|slot| heard.frame(slot, Sounding::AsItCame)) {
            let change = self.line.hear(frame.samples, frame.rate, frame.played, now);
            self.tell_voice(change, out);
            self.tell_sign(frame, out);
            self.hear_keys(frame, now, out);
        }
        self.unjudged = due + 1;
        if let Some(block) = self.line.take_block()
            && !out.ask(self.key, block, now)
        {
            self.line.refuse();
        }
    }

    /// Keys in the sound itself count where they cannot come as events.
    fn hear_keys(&mut self, frame: HeardFrame<'_>, now: Moment, out: &mut Outbox) {
        if self.spec.telephone_event.is_some() || frame.played != Played::Sound {
            return;
        }
        if let Some(key) = self.in_band.hear(frame.samples, frame.rate) {
            let leg = self.key;
            out.report(Report::Key { leg, key, at: now });
        }
    }

    fn arrived(&self, heard: Option<&Heard>) -> Arrived {
        Arrived {
            received: self.receiver.received(),
            lost: self.receiver.lost(),
            late: heard.map_or(0, Heard::late),
            jitter: self.receiver.jitter(),
            buffered: heard.map_or(Duration::ZERO, Heard::delay),
        }
    }

    pub(in crate::media) fn receive_rtcp(
        &mut self,
        from: SocketAddr,
        datagram: &mut [u8],
        now: Moment,
    ) {
        if from.ip() != self.spec.remote_rtcp.ip() {
            return;
        }
        let length = match &mut self.srtp {
            Some(srtp) => srtp.unprotect_rtcp(datagram),
            None => Some(datagram.len()),
        };
        let Some(datagram) = length.and_then(|length| datagram.get(..length)) else {
            return;
        };
        let ssrc = self.outgoing.sender.ssrc();
        let Some(heard) = self.receiver.admit_rtcp(datagram, ssrc, now) else {
            return;
        };
        self.meter.note_report(&heard, now);
        if heard.reports {
            let sent = self.outgoing.sender.sent().packets;
            let reception = HeardOfUs {
                highest: heard.highest_of_ours(),
                signal_dbm0: heard.metrics.and_then(|metrics| metrics.signal_dbm0()),
            };
            self.line.report(reception, sent, now);
        }
        if heard.goodbye {
            self.line.goodbye();
        }
    }

    /// The last words of a leg: its phrases end, BYE, its counts.
    pub(in crate::media) fn close(&mut self, now: Moment, out: &mut Outbox) {
        for ended in self.outgoing.player.end_all() {
            self.tell_ended(ended, now, out);
        }
        self.send_report(true, None, now, out);
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
            jitter: self.receiver.jitter(),
            strangers: self.receiver.strangers(),
            discarded: self.receiver.discarded(),
            forged: self.srtp.as_ref().map_or(0, |srtp| srtp.refused()),
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
