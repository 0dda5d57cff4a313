//! What the thread has in its hands: the devices, and the line while there is a call.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::Notify;
use tokio::sync::mpsc::Sender;

use super::look::Look;
use super::open::{Came, Open};
use super::ringer::Ringer;
use super::rtp::Line;
use super::{Fault, HeadsetSettings, News, Order, RingOn, Start};
use crate::media::headset::{self, HeadsetSpec, Signal};
use crate::seats::UsbId;
use crate::seats::sound_cards::{Card, CardNews, Pair, SoundCards, StreamId, StreamNews};
use crate::words::{Entropy, Moment};

/// The devices of one headset, and what they are used for.
pub(super) struct Rig {
    settings: HeadsetSettings,
    cards: SoundCards,
    /// Rung whenever samples have moved.
    moved: Arc<Notify>,
    news: Sender<News>,
    entropy: Entropy,
    devices: Devices,
    line: Option<Live>,
    ringer: Option<Ringer>,
    /// What the desk was told last.
    told: Result<(), Fault>,
}

/// Which devices the wish list chooses, and how they are.
#[derive(Debug)]
struct Devices {
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

/// A device that was just plugged in may refuse for a moment.
const OPEN_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// One that refuses more often while there is no call is only looked at now and then.
const REFUSALS_SOON: u8 = 6;

/// A leg of ours, and the sound in it.
struct Live {
    number: u32,
    socket: UdpSocket,
    sound: headset::Headset,
    /// The microphone gives digital zero just now.
    dead: bool,
}

impl Devices {
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

    /// When there is something to do though nothing happens.
    fn timeout(&self) -> Option<Moment> {
        match (&self.open, self.look) {
            (Some(_), look) => look.timeout(),
            (None, Look::Again(at)) => Some(at),
            (None, Look::Done | Look::Since(_)) => self.again,
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

    fn flow(&self) -> bool {
        self.open.as_ref().is_some_and(Open::flows)
    }
}

impl Rig {
    pub(super) fn new(
        settings: HeadsetSettings,
        cards: SoundCards,
        moved: Arc<Notify>,
        news: Sender<News>,
        entropy: Entropy,
    ) -> Self {
        let devices = Devices {
            server: false,
            pair: None,
            muted: false,
            open: None,
            again: None,
            refusals: 0,
            look: Look::Done,
            found: None,
        };
        Self {
            settings,
            cards,
            moved,
            news,
            entropy,
            devices,
            line: None,
            ringer: None,
            told: Err(Fault::Looking),
        }
    }

    /// The leg's socket, while there is a leg.
    pub(super) fn socket(&self) -> Option<&UdpSocket> {
        self.line.as_ref().map(|line| &line.socket)
    }

    pub(super) fn timeout(&self) -> Option<Moment> {
        self.devices.timeout()
    }

    pub(super) fn obey(&mut self, order: Order, now: Moment) {
        match order {
            Order::Begin(line) => self.begin(line),
            Order::Joined => self.join(),
            Order::Mute(on) => self.mute(on),
            Order::CallWaiting(true) => self.signal(Signal::CallWaiting),
            Order::CallWaiting(false) => self.stop(Signal::CallWaiting),
            Order::End(number) => self.end(number, now),
        }
    }

    pub(super) fn receive(&mut self, datagram: &[u8], now: Moment) {
        if let Some(line) = &mut self.line {
            line.sound.receive(datagram, now);
        }
    }

    pub(super) fn hear(&mut self, news: &CardNews, now: Moment) {
        match news {
            CardNews::ServerGone => {
                self.devices.server = false;
                self.devices.open = None;
                self.ringer = None;
            }
            CardNews::ServerBack => {
                self.devices.server = true;
                self.choose(now);
            }
            CardNews::Changed | CardNews::Muted { .. } => self.choose(now),
            CardNews::Stream { stream, what } => self.hear_of_stream(*stream, what, now),
        }
    }

    /// Samples have moved, or time has passed: what there is to do is done, and what changed is told.
    pub(super) fn go_on(&mut self, now: Moment) {
        self.keep_open(now);
        self.pump(now);
        self.look(now);
        if let Some(ringer) = &mut self.ringer {
            ringer.pump();
        }
        self.tell();
    }

    // Orders

    fn begin(&mut self, line: Line) {
        let spec = HeadsetSpec {
            leg: line.leg,
            voice: self.settings.voice,
            country: self.settings.country,
            ring_percent: self.settings.ring.percent,
        };
        let socket = match UdpSocket::from_std(line.socket) {
            Ok(socket) => socket,
            Err(error) => return tracing::error!(%error, "open the headset's leg"),
        };
        self.line = Some(Live {
            number: line.number,
            socket,
            sound: headset::Headset::new(&spec, &mut self.entropy),
            dead: false,
        });
        match line.start {
            Start::Ringing => self.ring(),
            Start::Joined => self.signal(Signal::Joining),
        }
    }

    fn ring(&mut self) {
        let on = self.settings.ring.on;
        if on != RingOn::Loudspeaker {
            self.signal(Signal::Ring);
        }
        if on == RingOn::Headset {
            return;
        }
        let wishes = &self.settings.ring.loudspeakers;
        let cards = self.cards.cards();
        let loudspeaker = wishes.choose_loudspeaker(&cards, self.devices.pair.as_ref());
        let rung = loudspeaker
            .map(|card| Ringer::new(&self.cards, &card, &self.settings, wake(&self.moved)));
        match rung {
            Some(Ok(ringer)) => self.ringer = Some(ringer),
            Some(Err(error)) => {
                tracing::warn!(%error, "ring on the loudspeaker");
                self.signal(Signal::Ring);
            }
            // Nobody misses a call for want of a loudspeaker.
            None => self.signal(Signal::Ring),
        }
    }

    fn join(&mut self) {
        self.ringer = None;
        self.stop(Signal::Ring);
        self.signal(Signal::Joining);
    }

    fn mute(&mut self, on: bool) {
        if let Some(line) = &mut self.line {
            line.sound.set_muted(on);
        }
        let microphone = self.devices.pair.as_ref().map(|pair| &pair.microphone);
        if !on
            && self.devices.muted
            && let Some(microphone) = microphone
            && let Err(error) = self.cards.set_mute(microphone, false)
        {
            tracing::warn!(%error, "open the microphone");
        }
    }

    fn signal(&mut self, signal: Signal) {
        if let Some(line) = &mut self.line {
            line.sound.start(signal);
        }
    }

    fn stop(&mut self, signal: Signal) {
        if let Some(line) = &mut self.line {
            line.sound.stop(signal);
        }
    }

    /// What was wrong when the devices are closed is looked at again.
    fn end(&mut self, number: u32, now: Moment) {
        let Some(line) = self.line.take_if(|line| line.number == number) else {
            return;
        };
        self.ringer = None;
        let devices = &mut self.devices;
        let wrong = devices.open.as_ref().and_then(Open::fault);
        let is_dead = line.dead && !devices.muted;
        let dead = is_dead.then_some(Fault::MicrophoneDead);
        devices.found = wrong.or(dead).or(devices.found);
        if devices.found.is_some() {
            devices.look = Look::fails(now);
        }
    }

    // Devices

    /// Chooses anew among the devices there are (each plug event).
    fn choose(&mut self, now: Moment) {
        let cards = self.cards.cards();
        let pair = self.settings.wishes.choose(&cards);
        self.devices.muted = pair.as_ref().is_some_and(|pair| is_muted(&cards, pair));
        if pair == self.devices.pair {
            return;
        }
        tracing::info!(
            headset = pair.as_ref().map(|pair| pair.microphone.as_str()),
            "choose a headset"
        );
        self.devices.open = None;
        (self.devices.found, self.devices.again) = (None, None);
        self.devices.refusals = 0;
        self.devices.look = match pair {
            Some(_) => Look::begins(now),
            None => Look::Done,
        };
        let usb = pair.as_ref().and_then(|pair| usb_of(&cards, pair));
        self.devices.pair = pair;
        self.say(News::Worn(usb));
    }

    fn hear_of_stream(&mut self, stream: StreamId, what: &StreamNews, now: Moment) {
        if matches!(what, StreamNews::Ended(_))
            && self.ringer.take_if(|it| it.stream() == stream).is_some()
        {
            return self.signal(Signal::Ring);
        }
        let open = self.devices.open.as_mut();
        match open.map(|open| open.hear(stream, what)) {
            Some(Came::Lost) => {
                self.devices.open = None;
                self.choose(now);
            }
            Some(Came::Refused) => self.devices.refuse(now),
            Some(Came::Kept) | None => {}
        }
    }

    /// A call needs the devices, and a look at them does.
    fn keep_open(&mut self, now: Moment) {
        if self.devices.look.is_due(now) && self.line.is_none() {
            self.devices.look = Look::begins(now);
        }
        let needed = self.line.is_some() || matches!(self.devices.look, Look::Since(_));
        match self.devices.pair.clone() {
            Some(pair) if needed && self.devices.server => self.open(&pair, now),
            Some(_) | None => (self.devices.open, self.devices.again) = (None, None),
        }
    }

    fn open(&mut self, pair: &Pair, now: Moment) {
        let devices = &mut self.devices;
        if devices.open.is_some() || devices.again.is_some_and(|at| now < at) {
            return;
        }
        match Open::new(&self.cards, pair, wake(&self.moved)) {
            Ok(open) => {
                (devices.open, devices.found, devices.again) = (Some(open), None, None);
                if matches!(devices.look, Look::Since(_)) {
                    devices.look = Look::begins(now);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "open the headset");
                devices.refuse(now);
            }
        }
    }

    fn pump(&mut self, now: Moment) {
        let Self { devices, line, .. } = self;
        let (Some(open), Some(line)) = (&mut devices.open, line) else {
            return;
        };
        let Live { socket, sound, .. } = &mut *line;
        // A packet the system does not take is lost, as on any network.
        open.pump(sound, |packet| drop(socket.try_send(packet)), now);
        while let Some(news) = line.sound.poll_news() {
            let told = match news {
                headset::News::TalkingWhileMuted => News::TalkingWhileMuted,
                headset::News::EchoHeard(_) => News::EchoHeard,
                headset::News::MicrophoneDead => {
                    line.dead = true;
                    News::MicrophoneSilent
                }
                headset::News::MicrophoneAlive => {
                    line.dead = false;
                    continue;
                }
                headset::News::Level(_) => continue,
            };
            tell(&self.news, told);
        }
    }

    /// A look ends once both halves flow and the microphone was heard, or with what is wrong.
    fn look(&mut self, now: Moment) {
        if self.line.is_some() {
            // A call shows more than a look does.
            self.devices.look = Look::Done;
            return;
        }
        let Some(open) = &mut self.devices.open else {
            return;
        };
        let sounds = open.look();
        let wrong = open.fault();
        let dead = self
            .devices
            .look
            .is_dead(now)
            .then_some(Fault::MicrophoneDead);
        if open.flows() && sounds {
            (self.devices.look, self.devices.found) = (Look::Done, None);
            self.devices.refusals = 0;
        } else if let Some(fault) = wrong.or(dead) {
            (self.devices.look, self.devices.found) = (Look::fails(now), Some(fault));
        } else {
            return;
        }
        self.devices.open = None;
    }

    // News

    fn tell(&mut self) {
        let is = self.judge();
        if is == self.told {
            return;
        }
        if self.say(is.map_or_else(News::Unable, |()| News::Able)) {
            self.told = is;
        }
        let rejoined = is.is_ok() && self.line.is_some();
        if rejoined {
            self.signal(Signal::Rejoined);
        }
    }

    fn say(&self, news: News) -> bool {
        tell(&self.news, news)
    }

    /// Once it was out of order a headset is good when it flows, not when it is plugged in.
    fn judge(&self) -> Result<(), Fault> {
        let devices = &self.devices;
        match (devices.fault(), self.told) {
            (Some(fault), _) => Err(fault),
            (None, Err(_)) if self.line.is_some() && !devices.flow() => self.told,
            // What an earlier look found stands until the next has seen something else.
            (
                None,
                Err(Fault::Refused | Fault::Stalled | Fault::RunsAway | Fault::MicrophoneDead),
            ) if matches!(devices.look, Look::Since(_)) && self.line.is_none() => self.told,
            (None, _) if matches!(devices.look, Look::Since(_)) && self.line.is_none() => {
                Err(Fault::Looking)
            }
            (None, _) => Ok(()),
        }
    }
}

/// False where the desk has no room for it; it does not take long.
fn tell(desk: &Sender<News>, news: News) -> bool {
    desk.try_send(news)
        .inspect_err(|error| tracing::warn!(%error, "tell of the headset"))
        .is_ok()
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

fn wake(moved: &Arc<Notify>) -> impl Fn() + Clone + Send + 'static {
    let moved = Arc::clone(moved);
    move || moved.notify_one()
}
