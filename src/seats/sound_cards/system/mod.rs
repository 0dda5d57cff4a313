//! The system's own interface (WASAPI, Core Audio, ALSA) through `cpal`, where there is no sound server.
//!
//! It tells nothing: no plug, no stall, and of what it does tell only the first error counts. So the list is asked for
//! anew, each stream's age is watched, and a stream with an error is dropped at once: some repeat it for ever.
//!
//! Invariant: the device's callback neither waits nor allocates.

mod listing;
mod stream;

use std::collections::BTreeMap;
use std::time::Duration;

use cpal::Host;

use self::listing::list;
use self::stream::Open;
use super::SoundServer;
use super::card::{Card, CardName};
use super::news::{CardNews, StreamEnd, StreamId, StreamNews};
use super::thread::{Inbox, Outlet, Request};
use crate::words::Moment;

/// How often the list is asked for.
const LIST_EVERY: Duration = Duration::from_secs(2);

/// How often streams are looked at: half of what a stall may last.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Streams at once: a headset, a loudspeaker that rings, and those of a test beside.
const STREAMS_MAX: usize = 8;

struct System<'a> {
    host: Host,
    /// None while the system does not list any.
    cards: Option<Vec<Card>>,
    is_gone: bool,
    listed: Option<Moment>,
    streams: BTreeMap<StreamId, Open>,
    inbox: &'a Inbox,
    outlet: &'a Outlet,
}

#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    Stop,
}

/// Runs until it is told to stop.
pub(super) fn run(_: &SoundServer, inbox: &Inbox, outlet: &Outlet, clock: fn() -> Moment) {
    let mut system = System {
        host: cpal::default_host(),
        cards: None,
        is_gone: false,
        listed: None,
        streams: BTreeMap::new(),
        inbox,
        outlet,
    };
    while system.take_requests(clock()) == Next::GoOn {
        system.watch(clock());
        system.look(clock());
        let rest = if system.streams.is_empty() {
            LIST_EVERY
        } else {
            LOOK_EVERY
        };
        inbox.bell.wait(rest);
        inbox.bell.heard();
    }
}

impl System<'_> {
    fn take_requests(&mut self, now: Moment) -> Next {
        while let Some(request) = self.inbox.next() {
            match request {
                Request::Stop => return Next::Stop,
                // The system's own switch is not ours to turn.
                Request::Mute { card, on } => tracing::debug!(%card, on, "cannot be muted here"),
                Request::Capture { stream, card, end } => {
                    let bell = self.inbox.bell.clone();
                    self.open(stream, &card, |device| {
                        Open::capture(device, end, bell, now)
                    });
                }
                Request::Playback { stream, card, end } => {
                    let bell = self.inbox.bell.clone();
                    self.open(stream, &card, |device| {
                        Open::playback(device, end, bell, now)
                    });
                }
            }
        }
        Next::GoOn
    }

    fn open(
        &mut self,
        stream: StreamId,
        card: &CardName,
        open: impl FnOnce(&cpal::Device) -> Result<Open, StreamEnd>,
    ) {
        let opened = if self.streams.len() < STREAMS_MAX {
            let device = listing::find(&self.host, card);
            device
                .ok_or(StreamEnd::Unplugged)
                .and_then(|device| open(&device))
        } else {
            Err(StreamEnd::Refused("too many streams".to_owned()))
        };
        match opened {
            Ok(open) => {
                self.streams.insert(stream, open);
                self.tell(stream, StreamNews::Opened);
            }
            Err(end) => self.outlet.ended(stream, end),
        }
    }

    /// Streams whose owners are gone, that have failed, stalled, or flow.
    fn watch(&mut self, now: Moment) {
        self.streams.retain(|_, stream| !stream.is_abandoned());
        let ends = self
            .streams
            .iter()
            .filter_map(|(id, open)| Some((*id, open.failed()?)));
        for (id, end) in ends.collect::<Vec<_>>() {
            self.streams.remove(&id);
            self.outlet.ended(id, end);
        }
        for (id, open) in &mut self.streams {
            if let Some(flow) = open.look(now) {
                let what = StreamNews::Flow(flow);
                self.outlet.tell(CardNews::Stream { stream: *id, what });
            }
        }
    }

    fn look(&mut self, now: Moment) {
        if self
            .listed
            .is_some_and(|listed| now.since(listed) < LIST_EVERY)
        {
            return;
        }
        self.listed = Some(now);
        match list(&self.host) {
            Ok(cards) => self.post(cards),
            Err(error) => self.gone(&error),
        }
    }

    fn post(&mut self, cards: Vec<Card>) {
        let news = match self.cards.replace(cards) {
            None => CardNews::ServerBack,
            before if before == self.cards => return,
            Some(_) => CardNews::Changed,
        };
        self.outlet
            .board
            .post(self.cards.as_deref().unwrap_or_default());
        self.outlet.tell(news);
    }

    /// Told once.
    fn gone(&mut self, error: &cpal::Error) {
        if self.cards.take().is_some() || !self.is_gone {
            tracing::warn!(%error, "list sound devices");
            self.outlet.board.clear();
            self.outlet.tell(CardNews::ServerGone);
        }
        self.is_gone = true;
    }

    fn tell(&self, stream: StreamId, what: StreamNews) {
        self.outlet.tell(CardNews::Stream { stream, what });
    }
}
