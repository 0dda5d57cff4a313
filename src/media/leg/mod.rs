mod sending;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::media::clip::Clip;
use crate::media::codec::Law;
use crate::media::hearing::{Line, Open, VoiceChange, Watch};
use crate::media::listening::{Listening, Phrase};
use crate::media::order::{Hears, LegKey, LegSpec, Report, Stats};
use crate::media::outbox::Outbox;
use crate::media::player::{Bed, PhraseNews, Player};
use crate::media::receiver::{Arrival, Kind, Receiver};
use crate::media::rtp::RtpHeader;
use crate::media::sender::Sender;
use crate::media::telephone_event::KeySender;
use crate::words::{Entropy, Key, Moment};

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

impl Leg {
    pub(in crate::media) fn new(
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
        self.receiver.retarget(&spec);
        self.spec = spec;
    }

    pub(in crate::media) fn hear(&mut self, hears: &Hears) {
        let next = self.outgoing.sender.next_slot();
        let is_alone = hears.legs.iter().all(Option::is_none);
        let bed = if is_alone { &hears.bed } else { &Bed::Silence };
        self.outgoing.player.set_bed(bed, next);
        self.listening.change(hears);
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
            // Who holds us is not speaking to us.
            Kind::Sound(_) if !self.spec.receives => {}
            Kind::Sound(law) => self.listen_to(law, arrival.payload, now, out),
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

    fn listen_to(&mut self, law: Law, payload: &[u8], now: Moment, out: &mut Outbox) {
        let change = self.line.hear(law, payload, now);
        self.tell_voice(change, out);
    }

    pub(in crate::media) fn receive_rtcp(
        &mut self,
        from: SocketAddr,
        datagram: &[u8],
        now: Moment,
    ) {
        let ssrc = self.outgoing.sender.ssrc();
        let Some(heard) = self
            .receiver
            .admit_rtcp(&self.spec, from, datagram, ssrc, now)
        else {
            return;
        };
        if heard.reports {
            let sent = self.outgoing.sender.sent().packets;
            self.line.report(heard.highest_of_ours(), sent, now);
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
            forged: 0,
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
