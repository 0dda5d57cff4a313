use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pulseaudio::protocol::{
    self, CommandReply, Request as Asks, SetClientNameReply, SinkInfo, SourceInfo, SourceInfoList,
    StreamSuspendedParams, SubscriptionEvent, SubscriptionEventFacility, SubscriptionEventType,
    TagStructWrite,
};

use super::*;
use crate::seats::sound_cards::age::Flow;
use crate::seats::sound_cards::bell::Bell;
use crate::seats::sound_cards::stream::{Capture, Playback};

const MS: Duration = Duration::from_millis(1);
const VERSION: u16 = 35;
const CHANNEL: u32 = 7;

/// A session, and the server it speaks with.
struct Scene {
    session: Session,
    now: Moment,
}

impl Scene {
    /// Greeted and listed: one ear, one microphone.
    fn begin() -> Self {
        let now = Moment::ZERO;
        let mut scene = Self {
            session: Session::begin(Vec::new(), now),
            now,
        };
        let auth = AuthReply {
            version: VERSION,
            use_memfd: false,
            use_shm: false,
        };
        scene.reply(0, &auth).unwrap();
        scene
            .reply(1, &SetClientNameReply { client_id: 1 })
            .unwrap();
        scene.ack(2);
        scene.list(3, false);
        assert_eq!(scene.news(), [CardNews::ServerBack]);
        scene.sent();
        scene
    }

    fn list(&mut self, sequence: u32, muted: bool) {
        let microphone = SourceInfo {
            name: c"mic".to_owned(),
            muted,
            ..SourceInfo::default()
        };
        let sources: SourceInfoList = vec![microphone];
        let sinks: SinkInfoList = vec![SinkInfo::new_dummy(1)];
        self.reply(sequence, &ServerInfo::default()).unwrap();
        self.reply(sequence + 1, &sinks).unwrap();
        self.reply(sequence + 2, &sources).unwrap();
    }

    fn reply<T: CommandReply + TagStructWrite>(
        &mut self,
        sequence: u32,
        reply: &T,
    ) -> Result<(), Fault> {
        let mut bytes = Vec::new();
        protocol::write_reply_message(&mut bytes, sequence, reply, VERSION).unwrap();
        self.said(&bytes)
    }

    fn ack(&mut self, sequence: u32) {
        let mut bytes = Vec::new();
        protocol::encode_ack_message(sequence, &mut bytes).unwrap();
        self.said(&bytes).unwrap();
    }

    fn event(&mut self, event: &Command) {
        let mut bytes = Vec::new();
        protocol::write_command_message(&mut bytes, u32::MAX, event, VERSION).unwrap();
        self.said(&bytes).unwrap();
    }

    fn said(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let message = &bytes[protocol::DESCRIPTOR_SIZE..];
        self.session.handle(Frame::Control(message), self.now)
    }

    fn news(&mut self) -> Vec<CardNews> {
        self.session.take_news().0
    }

    /// Bytes sent since it was last asked.
    fn sent(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.session.outbox.write_to(&mut bytes).unwrap();
        bytes
    }

    fn pass(&mut self, time: Duration) -> Result<(), Fault> {
        self.now += time;
        self.session.tick(self.now)
    }

    fn capture(&mut self) -> (Capture, Arc<AtomicUsize>) {
        let wakes = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&wakes);
        let wake = Box::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        let (stream, card) = (StreamId(0), CardName::new("mic"));
        let bell = Bell::new().unwrap();
        let (capture, end) = Capture::new(stream, card.clone(), wake, bell);
        let request = Request::Capture { stream, card, end };
        self.session.request(request, self.now);
        (capture, wakes)
    }

    fn open_capture(&mut self) -> (Capture, Arc<AtomicUsize>) {
        let capture = self.capture();
        let opened = CreateRecordStreamReply {
            channel: CHANNEL,
            ..CreateRecordStreamReply::default()
        };
        self.reply(6, &opened).unwrap();
        assert_eq!(self.news(), [told(StreamNews::Opened)]);
        capture
    }

    fn samples(&mut self, samples: &[f32]) {
        let bytes: Vec<u8> = samples.iter().flat_map(|it| it.to_le_bytes()).collect();
        let frame = Frame::Samples {
            channel: CHANNEL,
            bytes: &bytes,
        };
        self.session.handle(frame, self.now).unwrap();
    }

    fn open_playback(&mut self, requested: u32) -> Playback {
        let (stream, card) = (StreamId(0), CardName::new("ear"));
        let (bell, wake) = (Bell::new().unwrap(), Box::new(|| ()));
        let (playback, end) = Playback::new(stream, card.clone(), wake, bell);
        let request = Request::Playback { stream, card, end };
        self.session.request(request, self.now);
        let opened = CreatePlaybackStreamReply {
            channel: CHANNEL,
            requested_bytes: requested * 4,
            ..CreatePlaybackStreamReply::default()
        };
        self.reply(6, &opened).unwrap();
        self.sent();
        playback
    }
}

fn told(what: StreamNews) -> CardNews {
    let stream = StreamId(0);
    CardNews::Stream { stream, what }
}

fn something_changed() -> Command {
    Command::SubscribeEvent(SubscriptionEvent {
        event_facility: SubscriptionEventFacility::Source,
        event_type: SubscriptionEventType::Changed,
        index: Some(1),
    })
}

#[test]
fn crumbs_wake_the_reader_once_for_five_milliseconds() {
    let mut scene = Scene::begin();
    let (mut capture, wakes) = scene.open_capture();
    for crumb in 0..100 {
        scene.samples(&[crumb as f32; 24]);
    }
    assert_eq!(wakes.load(Ordering::Relaxed), 10);
    assert_eq!(scene.news(), [told(StreamNews::Flow(Flow::Flows))]);
    let mut block = [0.0; 4_800];
    assert_eq!(capture.read(&mut block), 2_400);
    assert_eq!((block[23], block[24]), (0.0, 1.0));
}

#[test]
fn samples_that_nobody_reads_are_lost_and_counted() {
    let mut scene = Scene::begin();
    let (capture, _) = scene.open_capture();
    for _ in 0..30 {
        scene.samples(&[0.1; 480]);
    }
    assert_eq!(capture.waiting() as u64 + capture.lost(), 30 * 480);
    assert_eq!(capture.lost(), 30 * 480 - 9_600);
}

#[test]
fn a_microphone_that_stops_is_told_and_one_that_sleeps_is_not_late() {
    let mut scene = Scene::begin();
    let (_capture, _) = scene.open_capture();
    scene.samples(&[0.1; 240]);
    scene.news();
    scene.pass(699 * MS).unwrap();
    assert_eq!(scene.news(), []);
    scene.pass(MS).unwrap();
    assert_eq!(scene.news(), [told(StreamNews::Flow(Flow::Stalled))]);
    scene.event(&Command::RecordStreamSuspended(StreamSuspendedParams {
        stream_index: CHANNEL,
        suspended: true,
    }));
    scene.pass(Duration::from_secs(60)).unwrap();
    assert_eq!(scene.news(), [told(StreamNews::Suspended(true))]);
    assert_eq!(scene.session.due(), None);
}

#[test]
fn an_ear_gets_what_is_written_and_silence_for_what_is_late() {
    let mut scene = Scene::begin();
    let mut playback = scene.open_playback(600);
    assert_eq!(playback.wanted(), 600);
    assert_eq!(playback.write(&[0.5; 400]), 400);
    assert_eq!(playback.wanted(), 200);
    scene.session.attend(scene.now);
    assert_eq!(scene.sent().len(), 20 + 400 * 4);
    scene.pass(4 * MS).unwrap();
    assert!(scene.sent().is_empty());
    scene.pass(MS).unwrap();
    assert_eq!(scene.sent().len(), 20 + 200 * 4);
    assert_eq!((playback.missing(), playback.wanted()), (200, 0));
}

#[test]
fn what_was_written_before_it_is_wanted_is_sent_at_once() {
    let mut scene = Scene::begin();
    let mut playback = scene.open_playback(0);
    playback.write(&[0.5; 480]);
    let channel = CHANNEL;
    let asks = Asks {
        channel,
        length: 960,
    };
    scene.event(&Command::Request(asks));
    assert_eq!(scene.sent().len(), 20 + 960);
    assert_eq!(playback.missing(), 0);
}

#[test]
fn a_stream_whose_owner_is_gone_is_closed_also_when_it_opens_late() {
    let mut scene = Scene::begin();
    let (capture, _) = scene.open_capture();
    scene.sent();
    drop(capture);
    scene.session.attend(scene.now);
    assert!(!scene.sent().is_empty());
    assert_eq!(scene.session.streams(), []);

    let mut scene = Scene::begin();
    drop(scene.capture());
    scene.session.attend(scene.now);
    scene.sent();
    scene.reply(6, &CreateRecordStreamReply::default()).unwrap();
    assert!(!scene.sent().is_empty(), "it is closed");
}

#[test]
fn a_device_that_is_taken_away_ends_its_stream() {
    let mut scene = Scene::begin();
    let (_capture, _) = scene.open_capture();
    scene.event(&Command::RecordStreamKilled(CHANNEL));
    let ended = StreamNews::Ended(StreamEnd::Unplugged);
    assert_eq!(scene.news(), [told(ended)]);
    assert_eq!(scene.session.streams(), []);
}

#[test]
fn a_refused_stream_has_ended_and_the_server_stays() {
    let mut scene = Scene::begin();
    let (_capture, _) = scene.capture();
    let mut bytes = Vec::new();
    protocol::write_error(&mut bytes, 6, &PulseError::NoEntity).unwrap();
    scene.said(&bytes).unwrap();
    let ended = StreamEnd::Refused("No such entity".to_owned());
    assert_eq!(scene.news(), [told(StreamNews::Ended(ended))]);
}

#[test]
fn a_change_is_listed_once_and_told_where_it_is_one() {
    let mut scene = Scene::begin();
    scene.event(&something_changed());
    scene.event(&something_changed());
    scene.list(6, false);
    assert_eq!(scene.news(), []);
    scene.list(9, true);
    let card = CardName::new("mic");
    let muted = CardNews::Muted { card, muted: true };
    assert_eq!(scene.news(), [CardNews::Changed, muted]);
    assert_eq!(scene.session.due(), None);
}

#[test]
fn a_server_that_does_not_answer_is_none() {
    let mut scene = Scene::begin();
    scene.event(&something_changed());
    scene.pass(4_999 * MS).unwrap();
    assert!(matches!(scene.pass(MS), Err(Fault::Silent)));
}

#[test]
fn a_server_that_refuses_us_is_none() {
    let mut session = Session::begin(Vec::new(), Moment::ZERO);
    let mut bytes = Vec::new();
    protocol::write_error(&mut bytes, 0, &PulseError::AccessDenied).unwrap();
    let frame = Frame::Control(&bytes[protocol::DESCRIPTOR_SIZE..]);
    let refused = session.handle(frame, Moment::ZERO);
    assert!(matches!(
        refused,
        Err(Fault::Refused(PulseError::AccessDenied))
    ));
}

#[test]
fn more_streams_than_fit_are_refused() {
    let mut scene = Scene::begin();
    for id in 0..9 {
        let (stream, card) = (StreamId(id), CardName::new("mic"));
        let bell = Bell::new().unwrap();
        let (capture, end) = Capture::new(stream, card.clone(), Box::new(|| ()), bell);
        std::mem::forget(capture);
        let request = Request::Capture { stream, card, end };
        scene.session.request(request, scene.now);
    }
    assert_eq!(scene.news().len(), 1);
}

/// Every message the server may send, with each byte of it changed, cut anywhere.
#[test]
fn nothing_the_server_sends_panics() {
    let mut bytes = Vec::new();
    let mut messages = Vec::new();
    let list: SinkInfoList = vec![SinkInfo::new_dummy(1)];
    protocol::write_reply_message(&mut bytes, 4, &list, VERSION).unwrap();
    messages.push(std::mem::take(&mut bytes));
    protocol::write_command_message(&mut bytes, 0, &something_changed(), VERSION).unwrap();
    messages.push(bytes);
    for message in messages {
        for at in protocol::DESCRIPTOR_SIZE..message.len() {
            for change in [1, 0x7f, 0x80, 0xff] {
                let mut wrong = message.clone();
                wrong[at] ^= change;
                let mut scene = Scene::begin();
                scene.session.list(scene.now);
                // A fault is as good as an answer.
                let _ = scene.said(&wrong);
                let _ = scene.said(&wrong[..at.max(protocol::DESCRIPTOR_SIZE)]);
            }
        }
    }
}
