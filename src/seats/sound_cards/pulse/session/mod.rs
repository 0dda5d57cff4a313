//! What is said with one server, from the greeting to its end; bytes are moved elsewhere.

use std::collections::BTreeMap;
use std::time::Duration;

use pulseaudio::protocol::{
    AuthParams, AuthReply, Command, CreatePlaybackStreamReply, CreateRecordStreamReply,
    MAX_VERSION, MIN_VERSION, PulseError, ServerInfo, SetDeviceMuteParams, SinkInfoList,
    SourceInfoList,
};

use super::Fault;
use super::frames::{Frame, Outbox};
use super::listing::{self, Listing};
use super::messages::{self, Reply, Said};
use super::streams::{Stream, Streams, Way};
use crate::seats::sound_cards::card::{Card, CardName, Half};
use crate::seats::sound_cards::news::{CardNews, StreamEnd, StreamId, StreamNews};
use crate::seats::sound_cards::thread::Request;
use crate::words::Moment;

/// A server that does not answer for so long is none.
const REPLY_WAIT: Duration = Duration::from_secs(5);

/// What a reply is to.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Auth,
    Server,
    Sinks,
    Sources,
    Capture(StreamId),
    Playback(StreamId),
    /// Something whose answer says nothing.
    Other,
}

pub(super) struct Session {
    pub(super) outbox: Outbox,
    version: u16,
    sequence: u32,
    asked: BTreeMap<u32, (Moment, Asked)>,
    listing: Listing,
    /// None until the first listing.
    cards: Option<Vec<Card>>,
    streams: Streams,
    news: Vec<CardNews>,
}

impl Session {
    pub(super) fn begin(cookie: Vec<u8>, now: Moment) -> Self {
        let mut session = Self {
            outbox: Outbox::new(),
            version: MAX_VERSION,
            sequence: 0,
            asked: BTreeMap::new(),
            listing: Listing::default(),
            cards: None,
            streams: Streams::default(),
            news: Vec::new(),
        };
        let auth = AuthParams {
            version: MAX_VERSION,
            supports_shm: false,
            supports_memfd: false,
            cookie,
        };
        session.ask(Asked::Auth, &Command::Auth(auth), now);
        session
    }

    /// What has happened since it was last asked for, the oldest first, and the list of devices that is right by then.
    pub(super) fn take_news(&mut self) -> (Vec<CardNews>, &[Card]) {
        (
            std::mem::take(&mut self.news),
            self.cards.as_deref().unwrap_or_default(),
        )
    }

    /// The streams that end with the server.
    pub(super) fn streams(&self) -> Vec<StreamId> {
        self.streams.ids()
    }

    /// When to come back.
    pub(super) fn due(&self) -> Option<Moment> {
        let reply = self.asked.values().next().map(|(at, _)| *at + REPLY_WAIT);
        [reply, self.streams.due()].into_iter().flatten().min()
    }

    pub(super) fn request(&mut self, request: Request, now: Moment) {
        match request {
            Request::Capture { stream, card, end } => {
                let (asked, command) = (Asked::Capture(stream), messages::capture(&card));
                self.open(stream, Stream::capture(end, now), asked, &command, now);
            }
            Request::Playback { stream, card, end } => {
                let (asked, command) = (Asked::Playback(stream), messages::playback(&card, stream));
                self.open(stream, Stream::playback(end, now), asked, &command, now);
            }
            Request::Mute { card, on } => self.mute(&card, on, now),
            // The thread itself stops.
            Request::Stop => {}
        }
    }

    /// Owners have written, or are gone.
    pub(super) fn attend(&mut self, now: Moment) {
        self.streams.feed(&mut self.outbox);
        for stream in self.streams.take_abandoned() {
            // One that is not open yet is closed when it is.
            if let Some(channel) = stream.channel {
                self.close(stream.way, channel, now);
            }
        }
    }

    pub(super) fn tick(&mut self, now: Moment) -> Result<(), Fault> {
        if self
            .asked
            .values()
            .next()
            .is_some_and(|(at, _)| now >= *at + REPLY_WAIT)
        {
            return Err(Fault::Silent);
        }
        for (stream, flow) in self.streams.tick(&mut self.outbox, now) {
            self.tell(stream, StreamNews::Flow(flow));
        }
        Ok(())
    }

    pub(super) fn handle(&mut self, frame: Frame<'_>, now: Moment) -> Result<(), Fault> {
        match frame {
            Frame::Samples { channel, bytes } => {
                if let Some((stream, flow)) = self.streams.captured(channel, bytes, now) {
                    self.tell(stream, StreamNews::Flow(flow));
                }
                Ok(())
            }
            Frame::Control(message) => match messages::read(message, self.version) {
                Some(Said::Reply(sequence, reply)) => self.answered(sequence, reply, now),
                Some(Said::Error(sequence, error)) => self.refused(sequence, error),
                Some(Said::Event(event)) => {
                    self.event(*event, now);
                    Ok(())
                }
                None => {
                    tracing::debug!(
                        bytes = message.len(),
                        "message of the sound server not understood"
                    );
                    Ok(())
                }
            },
        }
    }

    fn answered(&mut self, sequence: u32, reply: Reply<'_>, now: Moment) -> Result<(), Fault> {
        let Some((_, asked)) = self.asked.remove(&sequence) else {
            return Ok(());
        };
        match asked {
            Asked::Auth => self.greeted(&reply.read()?, now)?,
            Asked::Server => self.listing.server(&reply.read::<ServerInfo>()?),
            Asked::Sinks => self.listing.sinks(&reply.read::<SinkInfoList>()?),
            Asked::Sources => {
                let (cards, again) = self.listing.sources(&reply.read::<SourceInfoList>()?);
                self.listed(cards);
                if again {
                    self.list(now);
                }
            }
            Asked::Capture(stream) => {
                let opened: CreateRecordStreamReply = reply.read()?;
                self.opened(stream, Way::Capture, opened.channel, opened.suspended, now);
            }
            Asked::Playback(stream) => {
                let opened: CreatePlaybackStreamReply = reply.read()?;
                self.opened(stream, Way::Playback, opened.channel, opened.suspended, now);
                self.wanted(opened.channel, opened.requested_bytes, now);
            }
            Asked::Other => {}
        }
        Ok(())
    }

    fn greeted(&mut self, reply: &AuthReply, now: Moment) -> Result<(), Fault> {
        if reply.version < MIN_VERSION {
            return Err(Fault::TooOld(reply.version));
        }
        self.version = reply.version.min(MAX_VERSION);
        self.ask(Asked::Other, &messages::our_name(), now);
        self.ask(Asked::Other, &messages::subscribe(), now);
        self.list(now);
        Ok(())
    }

    fn list(&mut self, now: Moment) {
        if self.listing.wanted() {
            self.ask(Asked::Server, &Command::GetServerInfo, now);
            self.ask(Asked::Sinks, &Command::GetSinkInfoList, now);
            self.ask(Asked::Sources, &Command::GetSourceInfoList, now);
        }
    }

    fn listed(&mut self, cards: Vec<Card>) {
        let Some(before) = self.cards.replace(cards) else {
            self.news.push(CardNews::ServerBack);
            return;
        };
        let after = self.cards.as_deref().unwrap_or_default();
        if before != after {
            self.news.push(CardNews::Changed);
        }
        let muted = listing::newly_muted(&before, after).into_iter();
        self.news
            .extend(muted.map(|(card, muted)| CardNews::Muted { card, muted }));
    }

    fn open(&mut self, id: StreamId, stream: Stream, asked: Asked, command: &Command, now: Moment) {
        if self.streams.add(id, stream) {
            self.ask(asked, command, now);
        } else {
            self.end(id, StreamEnd::Refused("too many streams".to_owned()));
        }
    }

    fn opened(&mut self, id: StreamId, way: Way, channel: u32, is_suspended: bool, now: Moment) {
        let Some(stream) = self.streams.get_mut(id) else {
            self.close(way, channel, now);
            return;
        };
        stream.opened(channel, is_suspended, now);
        self.tell(id, StreamNews::Opened);
        if is_suspended {
            self.tell(id, StreamNews::Suspended(true));
        }
    }

    /// Its number is free for the server to use again once it has answered.
    fn close(&mut self, way: Way, channel: u32, now: Moment) {
        let command = match way {
            Way::Capture => Command::DeleteRecordStream(channel),
            Way::Playback => Command::DeletePlaybackStream(channel),
        };
        self.ask(Asked::Other, &command, now);
    }

    fn refused(&mut self, sequence: u32, error: PulseError) -> Result<(), Fault> {
        let Some((_, asked)) = self.asked.remove(&sequence) else {
            return Ok(());
        };
        match asked {
            Asked::Capture(stream) | Asked::Playback(stream) => {
                self.streams.remove(stream);
                self.end(stream, StreamEnd::Refused(error.to_string()));
                Ok(())
            }
            Asked::Other => {
                tracing::debug!(%error, "the sound server refused a request");
                Ok(())
            }
            Asked::Auth | Asked::Server | Asked::Sinks | Asked::Sources => {
                Err(Fault::Refused(error))
            }
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "of a hundred commands a server sends these"
    )]
    fn event(&mut self, event: Command, now: Moment) {
        match event {
            Command::SubscribeEvent(_) => self.list(now),
            Command::Request(request) => self.wanted(request.channel, request.length, now),
            Command::RecordStreamKilled(channel) => self.killed(Way::Capture, channel),
            Command::PlaybackStreamKilled(channel) => self.killed(Way::Playback, channel),
            Command::RecordStreamSuspended(it) => {
                self.suspended(Way::Capture, it.stream_index, it.suspended, now)
            }
            Command::PlaybackStreamSuspended(it) => {
                self.suspended(Way::Playback, it.stream_index, it.suspended, now)
            }
            Command::RecordStreamMoved(it) => {
                self.moved(Way::Capture, it.stream_index, &it.device_name);
                self.suspended(Way::Capture, it.stream_index, it.device_suspended, now);
            }
            Command::PlaybackStreamMoved(it) => {
                self.moved(Way::Playback, it.stream_index, &it.device_name);
                self.suspended(Way::Playback, it.stream_index, it.device_suspended, now);
            }
            // Started, underflow, overflow, buffers changed: what they mean is seen in what is asked and counted.
            _ => {}
        }
    }

    fn wanted(&mut self, channel: u32, bytes: u32, now: Moment) {
        if let Some((stream, flow)) = self.streams.asked(channel, bytes, &mut self.outbox, now) {
            self.tell(stream, StreamNews::Flow(flow));
        }
    }

    fn killed(&mut self, way: Way, channel: u32) {
        if let Some((stream, _)) = self.streams.by_channel(way, channel) {
            self.streams.remove(stream);
            self.end(stream, StreamEnd::Unplugged);
        }
    }

    fn suspended(&mut self, way: Way, channel: u32, is_suspended: bool, now: Moment) {
        let found = self.streams.by_channel(way, channel);
        if let Some((id, Some(news))) =
            found.map(|(id, stream)| (id, stream.suspended(is_suspended, now)))
        {
            self.tell(id, news);
        }
    }

    fn moved(&mut self, way: Way, channel: u32, to: &std::ffi::CStr) {
        if let Some((stream, _)) = self.streams.by_channel(way, channel) {
            let card = CardName::new(to.to_string_lossy());
            self.tell(stream, StreamNews::Moved(card));
        }
    }

    fn mute(&mut self, card: &CardName, mute: bool, now: Moment) {
        let mut cards = self.cards.iter().flatten();
        let Some(half) = cards
            .find(|there| there.name == *card)
            .map(|there| there.half)
        else {
            return;
        };
        let device_name = Some(messages::c_name(card));
        let params = SetDeviceMuteParams {
            device_index: None,
            device_name,
            mute,
        };
        let command = match half {
            Half::Ear => Command::SetSinkMute(params),
            Half::Microphone => Command::SetSourceMute(params),
        };
        self.ask(Asked::Other, &command, now);
    }

    fn ask(&mut self, asked: Asked, command: &Command, now: Moment) {
        self.outbox.command(self.sequence, command, self.version);
        self.asked.insert(self.sequence, (now, asked));
        self.sequence = self.sequence.wrapping_add(1);
    }

    fn tell(&mut self, stream: StreamId, what: StreamNews) {
        self.news.push(CardNews::Stream { stream, what });
    }

    fn end(&mut self, stream: StreamId, end: StreamEnd) {
        self.tell(stream, StreamNews::Ended(end));
    }
}

#[cfg(test)]
mod tests;
