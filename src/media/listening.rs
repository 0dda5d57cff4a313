use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::clip::Clip;
use super::codec::{Codec, FRAME_SAMPLES, Law, Rate, WIDE_FRAME_SAMPLES};
use super::gain::GainTable;
use super::heard::{Heard, HeardFrame, Sounding};
use super::mixer::Mix;
use super::order::{Hears, LegKey};
use super::playout::Played;
use super::relay::{Placed, SlotMap};
use super::resampling::Bridge;
use super::rtp::RtpHeader;
use super::sender::TICK_NANOS;
use crate::words::Moment;

/// A source whose last packet is older than this is not waited for.
const SOURCE_ALIVE: Duration = Duration::from_millis(60);

/// Whom a leg hears, and how their sound becomes its own.
#[derive(Debug, Default)]
pub(super) struct Listening {
    sources: [Option<Source>; 2],
    phrases_to: Option<LegKey>,
    levelled: bool,
    overheard: Overheard,
}

/// One leg that is heard.
#[derive(Debug)]
struct Source {
    leg: LegKey,
    slots: SlotMap,
    /// Its packets do not fit ours: of another length, or of a codec that is not G.711.
    foreign: bool,
    /// The gain its relayed sound last had, and what it makes of each byte.
    table: Option<(Law, i8, GainTable)>,
    last_relayed: Option<Moment>,
    /// Slot n of ours is slot n + this of the leg that is heard.
    offset: Option<i64>,
    /// From its rate to ours.
    bridge: Option<(Rate, Rate, Bridge)>,
    /// Since when its keys are passed on; none: they are not.
    keys_since: Option<Moment>,
    /// The event under way: their timestamp, and ours where it is passed on.
    event: Option<(u32, Option<u32>)>,
}

/// A phrase said to another leg, as far as this leg hears it too.
#[derive(Debug, Default)]
struct Overheard {
    phrase: Option<Phrase>,
    /// What was heard in the last frame and has ended since.
    fading: Option<Phrase>,
}

/// A phrase in time: `position` is the sample that sounds at `at`.
#[derive(Clone, Debug)]
pub(super) struct Phrase {
    pub(super) clip: Arc<Clip>,
    pub(super) position: usize,
    pub(super) at: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Nobody is heard.
    Alone,
    /// One source, whose packets leave as they come.
    Relay,
    /// Sound is summed on the tick.
    Mix,
}

impl Listening {
    pub(super) fn change(&mut self, hears: &Hears, now: Moment) {
        let mut before = std::mem::take(&mut self.sources);
        let mut keep = |leg: LegKey| {
            let place = before
                .iter_mut()
                .find(|source| source.as_ref().is_some_and(|s| s.leg == leg));
            place
                .and_then(Option::take)
                .unwrap_or_else(|| Source::new(leg))
        };
        self.sources = hears.legs.map(|leg| leg.map(&mut keep));
        for source in self.sources.iter_mut().flatten() {
            source.keys_since = hears.keys.then(|| source.keys_since.unwrap_or(now));
        }
        self.phrases_to = hears.phrases_to;
        self.levelled = hears.levelled;
    }

    pub(super) fn phrases_to(&self) -> Option<LegKey> {
        self.phrases_to
    }

    /// The legs whose frames are wanted to be mixed.
    pub(super) fn mixes(&self) -> [Option<LegKey>; 2] {
        let mixes = self.mode() == Mode::Mix;
        let leg = |source: &Option<Source>| Some(source.as_ref().filter(|_| mixes)?.leg);
        [leg(&self.sources[0]), leg(&self.sources[1])]
    }

    pub(super) fn mode(&self) -> Mode {
        let mut sources = self.sources.iter().flatten();
        match (sources.next(), sources.next()) {
            _ if self.overheard.is_audible() => Mode::Mix,
            (None, _) => Mode::Alone,
            (Some(source), None) if !source.foreign => Mode::Relay,
            (Some(_), _) => Mode::Mix,
        }
    }

    /// Notes what is said to the leg whose phrases are overheard.
    pub(super) fn overhear(&mut self, phrase: Option<Phrase>) {
        let ended = self.overheard.phrase.take();
        self.overheard.fading = if phrase.is_none() { ended } else { None };
        self.overheard.phrase = phrase;
    }

    /// Whether the relayed source's next packet is worth waiting for.
    pub(super) fn is_source_alive(&self, now: Moment) -> bool {
        let sources = self.sources.iter().flatten();
        sources
            .filter_map(|source| source.last_relayed)
            .any(|last| now.since(last) < SOURCE_ALIVE)
    }

    /// The law of a packet of `leg` that is to be relayed to us, who speak `ours`; none where its sound is mixed instead.
    pub(super) fn relayed_law(
        &mut self,
        leg: LegKey,
        codec: Codec,
        octets: usize,
        ours: Codec,
    ) -> Option<Law> {
        let law = codec.law().filter(|_| ours.law().is_some());
        let source = self.source(leg)?;
        source.foreign = law.is_none() || octets != FRAME_SAMPLES;
        law.filter(|_| self.mode() == Mode::Relay)
    }

    /// Brings a relayed payload of `leg` to the level we like, `gain_db` from how it came.
    pub(super) fn level(&mut self, leg: LegKey, law: Law, gain_db: i8, payload: &mut [u8]) {
        if !self.levelled || gain_db == 0 {
            return;
        }
        let Some(source) = self.source(leg) else {
            return;
        };
        if source
            .table
            .is_none_or(|(l, db, _)| (l, db) != (law, gain_db))
        {
            source.table = Some((law, gain_db, GainTable::new(law, gain_db)));
        }
        if let Some((.., table)) = &source.table {
            table.apply(payload);
        }
    }

    /// The slot in which a packet of `leg` is relayed.
    pub(super) fn place(
        &mut self,
        leg: LegKey,
        header: &RtpHeader,
        next: u64,
        due: u64,
    ) -> Option<Placed> {
        self.source(leg)?.slots.place(header, next, due)
    }

    pub(super) fn note_relayed(&mut self, leg: LegKey, now: Moment) {
        if let Some(source) = self.source(leg) {
            source.last_relayed = Some(now);
        }
    }

    /// Our timestamp for an event of `leg` that is passed on; `fresh` is for an event not seen before. A key that went
    /// down before the two heard each other was meant for us: who accepts a call by 1 presses nothing for the caller.
    pub(super) fn event_timestamp(
        &mut self,
        leg: LegKey,
        (theirs, began): (u32, Moment),
        fresh: u32,
    ) -> Option<u32> {
        let source = self.source(leg)?;
        let since = source.keys_since?;
        let ours = match source.event {
            Some((known, ours)) if known == theirs => ours,
            Some(_) | None => (began >= since).then_some(fresh),
        };
        source.event = Some((theirs, ours));
        ours
    }

    /// All that is heard in the frame of `slot`, which is due at `nominal`.
    pub(super) fn mix(
        &mut self,
        slot: u64,
        nominal: Moment,
        rate: Rate,
        heard: &BTreeMap<LegKey, Box<Heard>>,
    ) -> Mix {
        let mut mix = Mix::new(rate);
        let sounding = self.sounding();
        for source in self.sources.iter_mut().flatten() {
            if let Some(heard) = heard.get(&source.leg) {
                let mut sound = [0; WIDE_FRAME_SAMPLES];
                let sound = &mut sound[..rate.frame_samples()];
                source.read(slot, heard, sounding, (rate, sound));
                mix.add(sound);
            }
        }
        if let Some((phrase, position)) = in_time(&self.overheard.phrase, nominal) {
            mix.add_clip(&phrase.clip, position);
        }
        if let Some((phrase, position)) = in_time(&self.overheard.fading, nominal) {
            mix.add_fading(&phrase.clip, position);
        }
        mix
    }

    /// What sounds in `slot` while the relayed source makes a pause; none where it may still speak.
    pub(super) fn lull<'a>(
        &mut self,
        slot: u64,
        rate: Rate,
        heard: &'a BTreeMap<LegKey, Box<Heard>>,
    ) -> Option<&'a [i16]> {
        let sounding = self.sounding();
        let source = self.sources.iter_mut().flatten().next()?;
        let frame = source.frame(slot, heard.get(&source.leg)?, sounding)?;
        let is_pause = matches!(frame.played, Played::Nothing | Played::ComfortNoise);
        (is_pause && frame.rate == rate).then_some(frame.samples)
    }

    fn sounding(&self) -> Sounding {
        match self.levelled {
            true => Sounding::Levelled,
            false => Sounding::AsItCame,
        }
    }

    fn source(&mut self, leg: LegKey) -> Option<&mut Source> {
        self.sources
            .iter_mut()
            .flatten()
            .find(|source| source.leg == leg)
    }
}

impl Source {
    fn new(leg: LegKey) -> Self {
        Self {
            leg,
            slots: SlotMap::default(),
            foreign: false,
            table: None,
            last_relayed: None,
            offset: None,
            bridge: None,
            keys_since: None,
            event: None,
        }
    }

    /// Writes what belongs into our `slot` at our rate.
    fn read(
        &mut self,
        slot: u64,
        heard: &Heard,
        sounding: Sounding,
        (rate, sound): (Rate, &mut [i16]),
    ) {
        let Some(frame) = self.frame(slot, heard, sounding) else {
            return;
        };
        let (from, to) = (frame.rate, rate);
        let bridge = self
            .bridge
            .take_if(|(f, t, _)| (*f, *t) == (from, to))
            .unwrap_or_else(|| (from, to, Bridge::new(from, to)));
        let (.., bridge) = self.bridge.insert(bridge);
        bridge.process(frame.samples, sound);
    }

    /// What belongs into our `slot`; where the two rows of slots have lost each other, they meet at the newest frame.
    fn frame<'a>(
        &mut self,
        slot: u64,
        heard: &'a Heard,
        sounding: Sounding,
    ) -> Option<HeardFrame<'a>> {
        let known = self
            .offset
            .and_then(|offset| heard.frame(slot.checked_add_signed(offset)?, sounding));
        if known.is_some() {
            return known;
        }
        let newest = heard.newest();
        self.offset = Some(newest.wrapping_sub(slot).cast_signed());
        heard.frame(newest, sounding)
    }
}

impl Overheard {
    fn is_audible(&self) -> bool {
        self.phrase.is_some() || self.fading.is_some()
    }
}

/// The sample of a phrase that sounds at `nominal`; none before its first or after its last.
fn in_time(phrase: &Option<Phrase>, nominal: Moment) -> Option<(&Phrase, usize)> {
    let phrase = phrase.as_ref()?;
    let later = ticks(nominal.since(phrase.at));
    let earlier = ticks(phrase.at.since(nominal));
    let position = phrase.position.checked_add(later)?.checked_sub(earlier)?;
    (position < phrase.clip.len()).then_some((phrase, position))
}

fn ticks(span: Duration) -> usize {
    usize::try_from(span.as_nanos() / u128::from(TICK_NANOS)).unwrap_or(usize::MAX)
}
