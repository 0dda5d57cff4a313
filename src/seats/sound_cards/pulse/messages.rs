//! What the server says, and what we ask it for.

use std::ffi::CString;
use std::io::Cursor;

use pulseaudio::protocol::{
    ChannelMap, ChannelPosition, Command, CommandReply, PlaybackStreamParams, Prop, Props,
    PulseError, RecordStreamParams, SampleFormat, SampleSpec, SubscriptionMask, TagStructRead,
    TagStructReader, stream,
};

use super::super::age::SAMPLE_RATE;
use super::super::card::CardName;
use super::super::news::StreamId;
use super::{Fault, tags};

/// What one sample is on the wire: a 32-bit float.
pub(super) const SAMPLE_BYTES: u32 = 4;

/// Samples the server keeps for who does not take or give them: 200 ms.
const BUFFER: u32 = SAMPLE_RATE / 5;

/// Samples of one fragment of a capture: 5 ms, so that a frame of 20 ms is full soon after it is spoken.
const FRAGMENT: u32 = SAMPLE_RATE / 200;

/// Samples on their way to the ear, in the server and its device: 15 ms.
const TARGET: u32 = SAMPLE_RATE / 1_000 * 15;

/// Samples the server asks for at once, at least: 5 ms.
const REQUEST: u32 = SAMPLE_RATE / 200;

/// One message of the server's.
pub(super) enum Said<'a> {
    /// To our request of this number; what it holds depends on what was asked.
    Reply(u32, Reply<'a>),
    Error(u32, PulseError),
    Event(Box<Command>),
}

/// The payload of a reply, not yet read.
pub(super) struct Reply<'a> {
    rest: Cursor<&'a [u8]>,
    version: u16,
}

impl Reply<'_> {
    pub(super) fn read<T: CommandReply + TagStructRead>(mut self) -> Result<T, Fault> {
        let mut reader = TagStructReader::new(&mut self.rest, self.version);
        reader.read().map_err(|_| Fault::Garbage)
    }
}

/// Reads a message; none where it is none we know.
pub(super) fn read(message: &[u8], version: u16) -> Option<Said<'_>> {
    if !tags::are_whole(message) {
        return None;
    }
    let mut rest = Cursor::new(message);
    match Command::read_tag_prefixed(&mut rest, version) {
        Ok((sequence, Command::Reply)) => Some(Said::Reply(sequence, Reply { rest, version })),
        Ok((sequence, Command::Error(error))) => Some(Said::Error(sequence, error)),
        Ok((_, event)) => Some(Said::Event(Box::new(event))),
        Err(_) => later_error(message),
    }
}

/// An error with a code of a later version is an error all the same.
fn later_error(message: &[u8]) -> Option<Said<'static>> {
    let sequence = message.strip_prefix(b"L\0\0\0\0L")?.first_chunk()?;
    Some(Said::Error(
        u32::from_be_bytes(*sequence),
        PulseError::Unknown,
    ))
}

pub(super) fn our_name() -> Command {
    let mut props = Props::new();
    props.set(Prop::ApplicationName, c"Thirdring");
    props.set(Prop::ApplicationId, c"thirdring");
    Command::SetClientName(props)
}

/// Plugged, unplugged, muted, another default.
pub(super) fn subscribe() -> Command {
    use SubscriptionMask as Of;
    Command::Subscribe(Of::SINK | Of::SOURCE | Of::SERVER | Of::CARD)
}

pub(super) fn capture(card: &CardName) -> Command {
    Command::CreateRecordStream(RecordStreamParams {
        sample_spec: mono(),
        channel_map: ChannelMap::new([ChannelPosition::Mono]),
        source_name: Some(c_name(card)),
        buffer_attr: stream::BufferAttr {
            max_length: BUFFER * SAMPLE_BYTES,
            fragment_size: FRAGMENT * SAMPLE_BYTES,
            ..Default::default()
        },
        flags: flags(),
        props: props(c"Microphone"),
        ..Default::default()
    })
}

pub(super) fn playback(card: &CardName, stream: StreamId) -> Command {
    Command::CreatePlaybackStream(PlaybackStreamParams {
        sample_spec: mono(),
        channel_map: ChannelMap::new([ChannelPosition::Mono]),
        sink_name: Some(c_name(card)),
        buffer_attr: stream::BufferAttr {
            max_length: BUFFER * SAMPLE_BYTES,
            target_length: TARGET * SAMPLE_BYTES,
            // Played from the first sample on.
            pre_buffering: 0,
            minimum_request_length: REQUEST * SAMPLE_BYTES,
            ..Default::default()
        },
        flags: flags(),
        // Streams of one number are kept together, and refused on two devices.
        sync_id: stream.0,
        props: props(c"Ear"),
        ..Default::default()
    })
}

fn mono() -> SampleSpec {
    SampleSpec {
        format: SampleFormat::Float32Le,
        channels: 1,
        sample_rate: SAMPLE_RATE,
    }
}

/// A stream ends with its device: moved to a loudspeaker, a caller would be heard by the room.
fn flags() -> stream::StreamFlags {
    stream::StreamFlags {
        no_move: true,
        adjust_latency: true,
        // The mute of the device is the one truth; one remembered for our stream would be found by nobody.
        start_muted: Some(false),
        ..Default::default()
    }
}

/// Music stops for streams of this role where the system has it so.
fn props(name: &std::ffi::CStr) -> Props {
    let mut props = Props::new();
    props.set(Prop::MediaName, name);
    props.set(Prop::MediaRole, c"phone");
    props
}

/// A name came from the server without zeros, or it names nothing.
pub(super) fn c_name(card: &CardName) -> CString {
    CString::new(card.as_str()).unwrap_or_default()
}
