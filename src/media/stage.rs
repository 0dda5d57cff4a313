use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::SocketAddr;
use std::sync::Arc;

use super::clip::Clip;
use super::heard::Heard;
use super::hearing::Block;
use super::leg::{Leg, Speaker};
use super::order::{Hears, LegKey, LegSpec, Order, Report, Stats};
use super::outbox::{Outbox, Transmit};
use super::receiver::Arrival;
use super::recorded::RecordedFrame;
use super::sender::PHASES;
use crate::words::{Entropy, Moment};

/// 2,000 calls of up to four legs (D8); a leg more is closed as soon as it is opened.
const LEGS_MAX: usize = 8_000;

/// Coprime with [`PHASES`]: legs opened in a row are spread evenly over the 20 ms.
const PHASE_STEP: u64 = 7;

/// All legs of one media thread. Drain it after every call that changes it.
#[derive(Debug)]
pub struct Stage {
    /// Boxed, as what is heard: half of a tree's places for values are empty.
    legs: BTreeMap<LegKey, Box<Leg>>,
    /// What came of each party that is judged or mixed, put in time.
    heard: BTreeMap<LegKey, Box<Heard>>,
    /// When each leg's next frame is due; entries of closed legs are passed over.
    schedule: BinaryHeap<Reverse<(Moment, LegKey)>>,
    /// Who hears whom: (heard, hearing), rebuilt when an order changes it.
    listeners: Vec<(LegKey, LegKey)>,
    out: Outbox,
    entropy: Entropy,
    opened: u64,
}

impl Stage {
    pub fn new(entropy: Entropy) -> Self {
        Self {
            legs: BTreeMap::new(),
            heard: BTreeMap::new(),
            schedule: BinaryHeap::new(),
            listeners: Vec::new(),
            out: Outbox::default(),
            entropy,
            opened: 0,
        }
    }

    /// Does what the desk wants; for a leg that is not open, a phrase ends and a close is told, and nothing else happens.
    pub fn apply(&mut self, order: Order, now: Moment) {
        match order {
            Order::Open { leg, spec } => self.open(leg, spec, now),
            Order::Say {
                leg,
                utterance,
                clip,
                not_before,
            } => {
                self.say(leg, utterance, clip, not_before, now);
            }
            Order::Close { leg } => self.close(leg, now),
            Order::Hear { leg, hears } => {
                self.with(leg, |leg, _| leg.hear(&hears, now));
                let before = self.heard_by(leg);
                self.note_listeners(leg, hears.legs);
                self.prepare_speakers(&hears, now);
                self.let_rest(before);
            }
            Order::Retarget { leg, spec } => self.retarget(leg, spec, now),
            Order::Cut { leg, utterance } => {
                self.with(leg, |leg, out| leg.cut(utterance, now, out))
            }
            Order::SendKeys { leg, keys } => self.with(leg, |leg, _| leg.press(&keys)),
            Order::Watch { leg, watch } => {
                self.with(leg, |leg, _| leg.watch(watch, now));
                self.put_in_time_for_itself(leg, now);
            }
            Order::Human { leg, probability } => {
                self.with(leg, |leg, _| leg.human(probability, now));
            }
            Order::Attend { leg, call } => {
                self.with(leg, |leg, _| leg.attend(call, now));
                self.put_in_time_for_itself(leg, now);
            }
            Order::Record { leg, recording } => {
                self.with(leg, |leg, _| leg.record(recording, now));
                self.put_in_time_for_itself(leg, now);
            }
        }
    }

    /// Takes a datagram from a leg's RTP port; where it is protected it is deciphered in place.
    pub fn receive_rtp(&mut self, leg: LegKey, from: SocketAddr, datagram: &mut [u8], now: Moment) {
        let Some(party) = self.legs.get_mut(&leg) else {
            return;
        };
        if let Some(arrival) = party.receive(from, datagram, now, &mut self.out) {
            if let Some(heard) = self.heard.get_mut(&leg) {
                heard.push(&arrival, now);
            }
            self.pass_on(leg, arrival, now);
        }
    }

    /// Takes a datagram from a leg's RTCP port.
    pub fn receive_rtcp(
        &mut self,
        leg: LegKey,
        from: SocketAddr,
        datagram: &mut [u8],
        now: Moment,
    ) {
        self.with(leg, |leg, _| leg.receive_rtcp(from, datagram, now));
    }

    /// ICMP said that nobody listens where this leg's RTP goes (D17).
    pub fn unreachable(&mut self, leg: LegKey, now: Moment) {
        self.with(leg, |leg, _| leg.unreachable(now));
    }

    /// When to call [`Stage::tick`] next; none while no leg is open.
    pub fn due(&self) -> Option<Moment> {
        self.schedule.peek().map(|Reverse((due, _))| *due)
    }

    /// Sends every frame that is due.
    pub fn tick(&mut self, now: Moment) {
        while let Some(Reverse((due, leg))) = self.schedule.peek().copied()
            && due <= now
        {
            self.schedule.pop();
            self.tick_leg(leg, now);
        }
    }

    /// Hands out every datagram in the order it is to be sent; nothing is allocated once the buffers have grown.
    pub fn drain(&mut self, send: impl FnMut(Transmit<'_>)) {
        self.out.drain(send);
    }

    /// Hands out the frames of recorded calls in their order.
    pub fn drain_recorded(&mut self, take: impl FnMut(RecordedFrame)) {
        self.out.drain_recorded(take);
    }

    /// Sound that the detector of human voices is asked about; [`Order::Human`] is its answer.
    pub fn poll_question(&mut self) -> Option<(LegKey, Block)> {
        self.out.poll_question()
    }

    /// Nobody has time for what [`Stage::poll_question`] told.
    pub fn refuse_question(&mut self, leg: LegKey) {
        self.with(leg, |leg, _| leg.refuse_question());
    }

    pub fn poll_report(&mut self) -> Option<Report> {
        self.out.poll_report()
    }

    /// Packets and reports that were discarded because nobody drained them.
    pub fn discarded(&self) -> u64 {
        self.out.discarded()
    }

    fn open(&mut self, key: LegKey, spec: LegSpec, now: Moment) {
        if self.legs.contains_key(&key) {
            return self.retarget(key, spec, now);
        }
        if self.legs.len() >= LEGS_MAX {
            return self.out.report(Report::Closed {
                leg: key,
                stats: Stats::default(),
            });
        }
        let phase = self.opened.wrapping_mul(PHASE_STEP) % PHASES;
        self.opened = self.opened.wrapping_add(1);
        let leg = Leg::new(key, spec, phase, &mut self.entropy, now);
        self.schedule.push(Reverse((leg.first_due(), key)));
        self.legs.insert(key, Box::new(leg));
    }

    fn retarget(&mut self, key: LegKey, spec: LegSpec, now: Moment) {
        if let Some(heard) = self.heard.get_mut(&key) {
            heard.change(spec.codec);
        }
        self.with(key, |leg, _| leg.retarget(spec, now));
    }

    /// Sound that is mixed or levelled is put in time before it is needed.
    fn prepare_speakers(&mut self, hears: &Hears, now: Moment) {
        let wanted = hears.may_mix() || hears.levelled;
        for leg in hears.legs.into_iter().flatten().filter(|_| wanted) {
            self.put_in_time(leg, now);
            if let Some(heard) = self.heard.get_mut(&leg).filter(|_| hears.levelled) {
                heard.level();
            }
        }
    }

    /// From now on what comes of this leg is put in time, for who judges or mixes it.
    fn put_in_time(&mut self, key: LegKey, now: Moment) {
        if let Some(leg) = self.legs.get(&key) {
            let next = leg.slot_at(now).map_or(0, |slot| slot + 1);
            let heard = || Box::new(Heard::new(leg.codec(), next));
            self.heard.entry(key).or_insert_with(heard);
        }
    }

    /// A leg that is watched or recorded is put in time, whoever hears it.
    fn put_in_time_for_itself(&mut self, key: LegKey, now: Moment) {
        if self.legs.get(&key).is_some_and(|leg| leg.is_listened_to()) {
            self.put_in_time(key, now);
        } else {
            self.let_rest([Some(key), None]);
        }
    }

    /// What nobody hears any more needs no levelling, and no play-out where nothing else listens to it.
    fn let_rest(&mut self, before: [Option<LegKey>; 2]) {
        for key in before.into_iter().flatten() {
            let first = self.listeners.partition_point(|(leg, _)| *leg < key);
            if self
                .listeners
                .get(first)
                .is_some_and(|(leg, _)| *leg == key)
            {
                continue;
            }
            if self.legs.get(&key).is_some_and(|leg| leg.is_listened_to()) {
                if let Some(heard) = self.heard.get_mut(&key) {
                    heard.rest();
                }
            } else {
                self.heard.remove(&key);
            }
        }
    }

    fn say(
        &mut self,
        key: LegKey,
        utterance: u64,
        clip: Arc<Clip>,
        not_before: Moment,
        now: Moment,
    ) {
        match self.legs.get_mut(&key) {
            Some(leg) => leg.say(utterance, clip, not_before, now, &mut self.out),
            None => self.out.report(Report::Ended {
                leg: key,
                utterance,
                whole: false,
                at: now,
            }),
        }
    }

    fn close(&mut self, key: LegKey, now: Moment) {
        match self.legs.remove(&key) {
            Some(mut leg) => {
                self.heard.remove(&key);
                leg.close(now, &mut self.out);
            }
            None => self.out.report(Report::Closed {
                leg: key,
                stats: Stats::default(),
            }),
        }
        let before = self.heard_by(key);
        self.note_listeners(key, [None; 2]);
        self.let_rest(before);
    }

    /// Whom this leg hears.
    fn heard_by(&self, hearing: LegKey) -> [Option<LegKey>; 2] {
        let mut of_it = self.listeners.iter().filter(|(_, leg)| *leg == hearing);
        std::array::from_fn(|_| of_it.next().map(|(heard, _)| *heard))
    }

    fn note_listeners(&mut self, hearing: LegKey, heard: [Option<LegKey>; 2]) {
        self.listeners.retain(|(_, leg)| *leg != hearing);
        if self.legs.contains_key(&hearing) {
            self.listeners
                .extend(heard.into_iter().flatten().map(|heard| (heard, hearing)));
            self.listeners.sort_unstable();
        }
    }

    fn pass_on(&mut self, heard: LegKey, arrival: Arrival<'_>, now: Moment) {
        let first = self.listeners.partition_point(|(leg, _)| *leg < heard);
        let listeners = self
            .listeners
            .iter()
            .skip(first)
            .take_while(|(leg, _)| *leg == heard);
        let speaker = Speaker {
            leg: heard,
            gain_db: self.heard.get(&heard).map_or(0, |heard| heard.gain_db()),
        };
        for (_, hearing) in listeners {
            if let Some(leg) = self.legs.get_mut(hearing) {
                leg.take_in(speaker, arrival, now, &mut self.out);
            }
        }
    }

    fn tick_leg(&mut self, key: LegKey, now: Moment) {
        let overheard = self.legs.get(&key).and_then(|leg| leg.phrases_to());
        let phrase = overheard
            .and_then(|other| self.legs.get(&other))
            .and_then(|leg| leg.phrase());
        let mixes = self.legs.get(&key).map_or([None; 2], |leg| leg.mixes());
        for source in mixes.into_iter().flatten() {
            self.put_in_time(source, now);
        }
        if let Some(leg) = self.legs.get_mut(&key) {
            if let (Some(due), Some(heard)) = (leg.slot_at(now), self.heard.get_mut(&key)) {
                heard.advance(due, now);
            }
            leg.tick(phrase, &self.heard, now, &mut self.out);
            self.schedule.push(Reverse((leg.due(now), key)));
        }
    }

    fn with(&mut self, key: LegKey, act: impl FnOnce(&mut Leg, &mut Outbox)) {
        if let Some(leg) = self.legs.get_mut(&key) {
            act(leg, &mut self.out);
        }
    }
}
