//! What the thread has in its hands: the devices, and the line while there is a call.

use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio::sync::Notify;
use tokio::sync::mpsc::Sender;

use super::devices::{Devices, InCall};
use super::live::Live;
use super::ringer::Ringer;
use super::rtp::Line;
use super::{Fault, HeadsetSettings, News, Order, RingOn, Start};
use crate::media::headset::{HeadsetSpec, Signal};
use crate::seats::sound_cards::{CardNews, SoundCards, StreamId, StreamNews};
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

impl Rig {
    pub(super) fn new(
        settings: HeadsetSettings,
        cards: SoundCards,
        moved: Arc<Notify>,
        news: Sender<News>,
        entropy: Entropy,
    ) -> Self {
        Self {
            settings,
            cards,
            moved,
            news,
            entropy,
            devices: Devices::unknown(),
            line: None,
            ringer: None,
            told: Err(Fault::Looking),
        }
    }

    /// The leg's socket, while there is a leg.
    pub(super) fn socket(&self) -> Option<&UdpSocket> {
        self.line.as_ref().map(Live::socket)
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
            line.receive(datagram, now);
        }
    }

    pub(super) fn hear(&mut self, news: &CardNews, now: Moment) {
        match news {
            CardNews::ServerGone => {
                self.devices.lose_server();
                self.ringer = None;
            }
            CardNews::ServerBack => {
                self.devices.find_server();
                self.choose(now);
            }
            CardNews::Changed | CardNews::Muted { .. } => self.choose(now),
            CardNews::Stream { stream, what } => self.hear_of_stream(*stream, what, now),
        }
    }

    /// Samples have moved, or time has passed: what there is to do is done, and what changed is told.
    pub(super) fn go_on(&mut self, now: Moment) {
        let in_call = self.in_call();
        let wake = wake(&self.moved);
        self.devices.keep_open(&self.cards, wake, in_call, now);
        self.pump(now);
        self.devices.look(in_call, now);
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
        let start = line.start;
        match Live::new(line, &spec, &mut self.entropy) {
            Ok(live) => self.line = Some(live),
            Err(error) => return tracing::error!(%error, "open the headset's leg"),
        }
        match start {
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
        let loudspeaker = wishes.choose_loudspeaker(&cards, self.devices.pair());
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
            line.mute(on);
        }
        if !on
            && self.devices.are_muted()
            && let Some(pair) = self.devices.pair()
            && let Err(error) = self.cards.set_mute(&pair.microphone, false)
        {
            tracing::warn!(%error, "open the microphone");
        }
    }

    fn signal(&mut self, signal: Signal) {
        if let Some(line) = &mut self.line {
            line.start(signal);
        }
    }

    fn stop(&mut self, signal: Signal) {
        if let Some(line) = &mut self.line {
            line.stop(signal);
        }
    }

    fn end(&mut self, number: u32, now: Moment) {
        if let Some(line) = self.line.take_if(|line| line.number() == number) {
            self.ringer = None;
            self.devices.end_call(line.gives_zero(), now);
        }
    }

    fn in_call(&self) -> InCall {
        match self.line {
            Some(_) => InCall::Yes,
            None => InCall::No,
        }
    }

    // Devices

    fn choose(&mut self, now: Moment) {
        let (wishes, cards) = (&self.settings.wishes, self.cards.cards());
        if let Some(worn) = self.devices.choose(wishes, &cards, now) {
            self.say(worn);
        }
    }

    fn hear_of_stream(&mut self, stream: StreamId, what: &StreamNews, now: Moment) {
        if matches!(what, StreamNews::Ended(_))
            && self.ringer.take_if(|it| it.stream() == stream).is_some()
        {
            return self.signal(Signal::Ring);
        }
        if self.devices.hear(stream, what, now) {
            self.choose(now);
        }
    }

    fn pump(&mut self, now: Moment) {
        let (Some(open), Some(line)) = (self.devices.open(), &mut self.line) else {
            return;
        };
        line.pump(open, now);
        while let Some(news) = line.poll_news() {
            tell(&self.news, news);
        }
    }

    // News

    fn tell(&mut self) {
        let in_call = self.in_call();
        let is = self.devices.judge(self.told, in_call);
        if is == self.told {
            return;
        }
        if self.say(is.map_or_else(News::Unable, |()| News::Able)) {
            self.told = is;
        }
        if is.is_ok() && in_call == InCall::Yes {
            self.signal(Signal::Rejoined);
        }
    }

    fn say(&self, news: News) -> bool {
        tell(&self.news, news)
    }
}

/// False where the desk has no room for it; it does not take long.
fn tell(desk: &Sender<News>, news: News) -> bool {
    desk.try_send(news)
        .inspect_err(|error| tracing::warn!(%error, "tell of the headset"))
        .is_ok()
}

fn wake(moved: &Arc<Notify>) -> impl Fn() + Clone + Send + 'static {
    let moved = Arc::clone(moved);
    move || moved.notify_one()
}
