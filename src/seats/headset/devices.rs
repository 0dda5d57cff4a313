//! The devices of a headset: which are chosen, whether they are open, and what is wrong with them.

use std::time::Duration;

use super::look::Look;
use super::open::{Came, Open};
use super::{Fault, News};
use crate::seats::UsbId;
use crate::seats::sound_cards::{Card, Pair, SoundCards, StreamId, StreamNews, Wishes};
use crate::words::Moment;

/// Which devices the wish list chooses, and how they are.
#[derive(Debug)]
pub(super) struct Devices {
    server: bool,
    pair: Option<Pair>,
    /// The chosen microphone is muted at the server.
    muted: bool,
    open: Option<Open>,
    /// They could not be opened: when to try again.
    again: Option<Moment>,
    /// How often they have refused since they were chosen, or last worked.
    refusals: u8,
    look: Look,
    /// What was found wrong when they were last open.
    found: Option<Fault>,
}

/// Whether a call has the devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InCall {
    Yes,
    No,
}

/// A device that was just plugged in may refuse for a moment.
const OPEN_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// One that refuses more often while there is no call is only looked at now and then.
const REFUSALS_SOON: u8 = 6;

impl Devices {
    pub(super) fn unknown() -> Self {
        Self {
            server: false,
            pair: None,
            muted: false,
            open: None,
            again: None,
            refusals: 0,
            look: Look::Done,
            found: None,
        }
    }

    pub(super) fn pair(&self) -> Option<&Pair> {
        self.pair.as_ref()
    }

    pub(super) fn open(&mut self) -> Option<&mut Open> {
        self.open.as_mut()
    }

    /// The chosen microphone is muted at the server.
    pub(super) fn are_muted(&self) -> bool {
        self.muted
    }

    /// When there is something to do though nothing happens.
    pub(super) fn timeout(&self) -> Option<Moment> {
        match (&self.open, self.look) {
            (Some(_), look) => look.timeout(),
            (None, Look::Again(at)) => Some(at),
            (None, Look::Done | Look::Since(_)) => self.again,
        }
    }

    pub(super) fn lose_server(&mut self) {
        self.server = false;
        self.open = None;
    }

    pub(super) fn find_server(&mut self) {
        self.server = true;
    }

    /// Chooses anew among the devices there are (each plug event); what is worn, where it is another than before.
    pub(super) fn choose(&mut self, wishes: &Wishes, cards: &[Card], now: Moment) -> Option<News> {
        let pair = wishes.choose(cards);
        self.muted = pair.as_ref().is_some_and(|pair| is_muted(cards, pair));
        if pair == self.pair {
            return None;
        }
        tracing::info!(
            headset = pair.as_ref().map(|pair| pair.microphone.as_str()),
            "choose a headset"
        );
        self.open = None;
        (self.found, self.again) = (None, None);
        self.refusals = 0;
        self.look = match pair {
            Some(_) => Look::begins(now),
            None => Look::Done,
        };
        let usb = pair.as_ref().and_then(|pair| usb_of(cards, pair));
        self.pair = pair;
        Some(News::Worn(usb))
    }

    /// Whether they are of no use any more, and are to be chosen anew.
    pub(super) fn hear(&mut self, stream: StreamId, what: &StreamNews, now: Moment) -> bool {
        let open = self.open.as_mut();
        match open.map(|open| open.hear(stream, what)) {
            Some(Came::Lost) => {
                self.open = None;
                true
            }
            Some(Came::Refused) => {
                self.refuse(now);
                false
            }
            Some(Came::Kept) | None => false,
        }
    }

    /// A call needs the devices, and a look at them does.
    pub(super) fn keep_open(
        &mut self,
        cards: &SoundCards,
        wake: impl Fn() + Clone + Send + 'static,
        in_call: InCall,
        now: Moment,
    ) {
        if self.look.is_due(now) && in_call == InCall::No {
            self.look = Look::begins(now);
        }
        let needed = in_call == InCall::Yes || self.is_looking();
        match self.pair.clone() {
            Some(pair) if needed && self.server => self.open_pair(cards, &pair, wake, now),
            Some(_) | None => (self.open, self.again) = (None, None),
        }
    }

    fn open_pair(
        &mut self,
        cards: &SoundCards,
        pair: &Pair,
        wake: impl Fn() + Clone + Send + 'static,
        now: Moment,
    ) {
        if self.open.is_some() || self.again.is_some_and(|at| now < at) {
            return;
        }
        match Open::new(cards, pair, wake) {
            Ok(open) => {
                (self.open, self.found, self.again) = (Some(open), None, None);
                if self.is_looking() {
                    self.look = Look::begins(now);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "open the headset");
                self.refuse(now);
            }
        }
    }

    fn refuse(&mut self, now: Moment) {
        self.open = None;
        (self.found, self.again) = (Some(Fault::Refused), Some(now + OPEN_AGAIN_AFTER));
        self.refusals = self.refusals.saturating_add(1);
        // Without a call, and nothing plugged, it is looked at again all the same.
        if self.look == Look::Done || self.refusals >= REFUSALS_SOON {
            self.look = Look::fails(now);
        }
    }

    /// A look ends once both halves flow and the microphone was heard, or with what is wrong.
    pub(super) fn look(&mut self, in_call: InCall, now: Moment) {
        if in_call == InCall::Yes {
            // A call shows more than a look does.
            self.look = Look::Done;
            return;
        }
        let Some(open) = &mut self.open else {
            return;
        };
        let sounds = open.look();
        let wrong = open.fault();
        let dead = self.look.is_dead(now).then_some(Fault::MicrophoneDead);
        if open.flows() && sounds {
            (self.look, self.found) = (Look::Done, None);
            self.refusals = 0;
        } else if let Some(fault) = wrong.or(dead) {
            (self.look, self.found) = (Look::fails(now), Some(fault));
        } else {
            return;
        }
        self.open = None;
    }

    /// What was wrong at the end of a call, whose microphone gave digital zero or did not, is looked at again.
    pub(super) fn end_call(&mut self, gave_zero: bool, now: Moment) {
        let wrong = self.open.as_ref().and_then(Open::fault);
        let is_dead = gave_zero && !self.muted;
        let dead = is_dead.then_some(Fault::MicrophoneDead);
        self.found = wrong.or(dead).or(self.found);
        if self.found.is_some() {
            self.look = Look::fails(now);
        }
    }

    /// How they are, where the desk was `told` how they were. Once it was out of order a headset is good when it flows,
    /// not when it is plugged in.
    pub(super) fn judge(&self, told: Result<(), Fault>, in_call: InCall) -> Result<(), Fault> {
        let looks_alone = self.is_looking() && in_call == InCall::No;
        match (self.fault(), told) {
            (Some(fault), _) => Err(fault),
            (None, Err(_)) if in_call == InCall::Yes && !self.flow() => told,
            // What an earlier look found stands until the next has seen something else.
            (
                None,
                Err(Fault::Refused | Fault::Stalled | Fault::RunsAway | Fault::MicrophoneDead),
            ) if looks_alone => told,
            (None, _) if looks_alone => Err(Fault::Looking),
            (None, _) => Ok(()),
        }
    }

    fn fault(&self) -> Option<Fault> {
        let faults = [
            (!self.server).then_some(Fault::NoServer),
            self.pair.is_none().then_some(Fault::Missing),
            self.muted.then_some(Fault::Muted),
            self.open.as_ref().and_then(Open::fault),
            self.found,
        ];
        faults.into_iter().flatten().next()
    }

    fn flow(&self) -> bool {
        self.open.as_ref().is_some_and(Open::flows)
    }

    fn is_looking(&self) -> bool {
        matches!(self.look, Look::Since(_))
    }
}

fn usb_of(cards: &[Card], pair: &Pair) -> Option<UsbId> {
    let mut cards = cards.iter();
    let microphone = cards.find(|card| card.name == pair.microphone)?;
    UsbId::read(microphone.device.usb.as_deref()?)
}

fn is_muted(cards: &[Card], pair: &Pair) -> bool {
    let mut cards = cards.iter();
    cards.any(|card| card.name == pair.microphone && card.state.muted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seats::sound_cards::{CardName, CardState, Device, Half};

    const MUTED: bool = true;
    const TOLD: Result<(), Fault> = Err(Fault::Looking);

    fn card(half: Half, muted: bool) -> Card {
        Card {
            name: CardName::new(format!("{half:?}")),
            description: "Jabra Evolve".to_owned(),
            half,
            form: None,
            device: Device {
                card: Some(1),
                usb: Some("0b0e:24c9".to_owned()),
                ..Device::default()
            },
            is_default: false,
            state: CardState {
                muted,
                volume_percent: 100,
                suspended: false,
                plugged: true,
            },
        }
    }

    /// A headset was plugged in, at this moment.
    fn plugged(microphone_muted: bool) -> (Devices, Option<News>) {
        let cards = [
            card(Half::Ear, false),
            card(Half::Microphone, microphone_muted),
        ];
        let wishes = Wishes::new(&["jabra*".parse().unwrap()]);
        let mut devices = Devices::unknown();
        devices.find_server();
        let worn = devices.choose(&wishes, &cards, Moment::ZERO);
        assert_eq!(devices.choose(&wishes, &cards, Moment::ZERO), None, "once");
        (devices, worn)
    }

    #[test]
    fn a_headset_that_was_just_plugged_in_is_worn_and_looked_at() {
        let (devices, worn) = plugged(!MUTED);
        let usb = UsbId::read("0b0e:24c9");
        assert_eq!(worn, Some(News::Worn(usb)));
        assert_eq!(devices.judge(TOLD, InCall::No), Err(Fault::Looking));
        assert!(devices.timeout().is_none(), "it is opened at once");
    }

    #[test]
    fn what_is_gravest_is_told_first() {
        let (mut devices, _) = plugged(MUTED);
        assert_eq!(devices.judge(TOLD, InCall::No), Err(Fault::Muted));
        devices.lose_server();
        assert_eq!(devices.judge(TOLD, InCall::No), Err(Fault::NoServer));
        devices.find_server();
        devices.choose(&Wishes::new(&[]), &[], Moment::ZERO);
        assert_eq!(devices.judge(TOLD, InCall::Yes), Err(Fault::Missing));
    }

    #[test]
    fn digital_zero_at_the_end_of_a_call_is_a_dead_microphone_but_not_a_muted_one() {
        let (mut devices, _) = plugged(!MUTED);
        devices.end_call(true, Moment::ZERO);
        assert_eq!(
            devices.judge(Ok(()), InCall::No),
            Err(Fault::MicrophoneDead)
        );
        assert!(devices.timeout().is_some(), "it is looked at again");
        let (mut devices, _) = plugged(MUTED);
        devices.end_call(true, Moment::ZERO);
        assert_eq!(devices.found, None);
    }

    #[test]
    fn devices_that_refuse_are_tried_soon_and_then_now_and_then() {
        let (mut devices, _) = plugged(!MUTED);
        for _ in 1..REFUSALS_SOON {
            devices.refuse(Moment::ZERO);
            let soon = Moment::ZERO + OPEN_AGAIN_AFTER;
            assert_eq!(devices.timeout(), Some(soon));
        }
        devices.refuse(Moment::ZERO);
        assert!(devices.timeout() > Some(Moment::ZERO + OPEN_AGAIN_AFTER * 2));
    }
}
