mod events;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::UdpSocket;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::time::interval;

use super::diary::{Diary, DiaryPen, Progress, Way};
use super::hearing::Sound;
use super::inbox::Inbox;
use super::recording::Recording;
use super::settings::{PhoneAddress, PhoneSettings, Sends};
use super::talk::Talk;
use super::tongue;
use crate::desk::clock::now;
use crate::media::{Clip, FRAME_TIME, RtpPacket};
use crate::net::{Dscp, PortPair, PortPool, UdpPort};
use crate::sip::offer_answer::{self, Codecs, Direction, Negotiated, Origin};
use crate::sip::{
    Dialogs, Endpoint, Invite, Invited, LegId, Listening, NameAddr, Refer, Refusal, Settings,
    Transmit, Uri,
};
use crate::words::{Entropy, Key, Moment};

/// No datagram is longer (RFC 768).
const DATAGRAM_MAX: usize = 65_535;
/// One call, and one more that hears that we are busy.
const LEGS_MAX: usize = 4;

/// What a phone is told to do; what does not fit its state is passed over.
pub(super) enum Command {
    Dial {
        target: Uri,
        next_hop: SocketAddr,
    },
    Answer,
    /// Refuses the call that rings.
    Refuse {
        code: u16,
    },
    Press(Vec<Key>),
    Speak(Arc<Clip>),
    Send(Sends),
    /// Offers anew with this direction: our hold, or its end.
    Reoffer(Direction),
    Refer {
        to: Uri,
    },
    HangUp,
}

/// A phone's sockets.
pub(super) struct Ports {
    pub(super) sip: UdpPort,
    rtp: Inbox,
    /// Bound so that reports find a listener; what comes is not read.
    rtcp: UdpSocket,
}

/// The task behind a phone: its sockets, its endpoint and its one call.
pub(super) struct Line {
    settings: PhoneSettings,
    endpoint: Endpoint,
    ports: Ports,
    stage: Stage,
    diary: DiaryPen,
    sounds: Sender<Sound>,
    /// For the ear, once the line may wait for it.
    unheard: VecDeque<Sound>,
    recording: Arc<Mutex<Recording>>,
    /// How often our description has changed.
    version: u64,
}

enum Stage {
    Free,
    Calling(LegId),
    Ringing(Box<Ringing>),
    Talking(Box<Talk>),
}

struct Ringing {
    leg: LegId,
    invited: Invited,
    answer_at: Option<Moment>,
    /// We answered with an offer of ours and wait for theirs.
    answered: bool,
}

impl Ports {
    pub(super) fn bind(at: PhoneAddress) -> io::Result<Self> {
        let range = at.rtp.map(|port| port..=port.saturating_add(1));
        let PortPair { rtp, rtcp } = PortPool::new(range, Dscp::default()).bind(at.sip.ip())?;
        Ok(Self {
            sip: UdpPort::bind(at.sip)?,
            rtp: Inbox::new(rtp)?,
            rtcp: UdpSocket::from_std(rtcp)?,
        })
    }
}

impl Line {
    pub(super) fn new(
        mut settings: PhoneSettings,
        ports: Ports,
        diary: DiaryPen,
        sounds: Sender<Sound>,
        recording: Arc<Mutex<Recording>>,
    ) -> io::Result<Self> {
        let endpoint = Settings {
            listening: Listening::udp_only(ports.sip.local_addr()?),
            user: settings.user.clone(),
            user_agent: "thirdring phone".to_owned(),
            calls_max: LEGS_MAX,
            dialogs: Dialogs::default(),
        };
        let seed = settings.entropy.bytes();
        Ok(Self {
            endpoint: Endpoint::new(endpoint, Entropy::from_seed(seed)),
            settings,
            ports,
            stage: Stage::Free,
            diary,
            sounds,
            unheard: VecDeque::new(),
            recording,
            version: 1,
        })
    }

    /// Lives until its handset is dropped, then hangs up.
    pub(super) async fn live(mut self, mut commands: Receiver<Command>) {
        let mut frames = interval(FRAME_TIME);
        let (mut message, mut packet) = (vec![0; DATAGRAM_MAX], vec![0; DATAGRAM_MAX]);
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.obey(command, now()),
                    None => break,
                },
                Ok((length, from)) = self.ports.sip.receive(&mut message) => {
                    let datagram = message.get(..length).unwrap_or_default();
                    self.note_message(Way::Received, datagram, now());
                    self.endpoint.receive(datagram, from, now());
                }
                Ok((length, from, at)) = self.ports.rtp.receive(&mut packet) => {
                    let datagram = packet.get(..length).unwrap_or_default();
                    self.take_rtp(datagram, from, at);
                }
                _ = frames.tick() => self.tick(now()),
            }
            self.settle().await;
        }
        self.hang_up(now());
        self.settle().await;
    }

    fn obey(&mut self, command: Command, now: Moment) {
        match command {
            Command::Dial { target, next_hop } => self.dial(target, next_hop, now),
            Command::Answer => self.answer(now),
            Command::Refuse { code } => self.refuse(code, now),
            Command::Reoffer(direction) => self.reoffer(direction, now),
            Command::Refer { to } => self.refer(to, now),
            Command::HangUp => self.hang_up(now),
            Command::Press(keys) => self.with_talk(|talk| talk.mouth.press(&keys)),
            Command::Speak(clip) => self.with_talk(|talk| talk.mouth.speak(clip)),
            Command::Send(sends) => {
                self.settings.sends = sends.clone();
                self.with_talk(|talk| talk.mouth.send(sends));
            }
        }
    }

    fn with_talk(&mut self, act: impl FnOnce(&mut Talk)) {
        if let Stage::Talking(talk) = &mut self.stage {
            act(talk);
        }
    }

    fn dial(&mut self, target: Uri, next_hop: SocketAddr, now: Moment) {
        if !matches!(self.stage, Stage::Free) {
            return;
        }
        let Ok(us) = self.ports.sip.local_addr() else {
            return;
        };
        let invite = Invite {
            target,
            next_hop: next_hop.into(),
            from: NameAddr::new(None, Uri::sip(&self.settings.user, us)),
            symmetric: false,
            login: None,
            call_id: None,
            offer: self.offer(),
            headers: Vec::new(),
        };
        match self.endpoint.invite(invite, now) {
            Ok(leg) => {
                self.stage = Stage::Calling(leg);
                self.begin(leg, Progress::Calling);
            }
            Err(_) => self.end(Progress::Refused { code: 503 }),
        }
    }

    fn begin(&mut self, leg: LegId, progress: Progress) {
        let call_id = self.endpoint.call_id(leg).map(str::to_owned);
        self.diary.send_modify(|diary| {
            diary.progress = progress;
            diary.call_id = call_id;
        });
    }

    fn note_message(&self, way: Way, datagram: &[u8], now: Moment) {
        let note = |diary: &mut Diary| diary.note_message(way, datagram, now);
        self.diary.send_modify(note);
    }

    fn note(&self, progress: Progress) {
        self.diary.send_modify(|diary| diary.progress = progress);
    }

    fn answer(&mut self, now: Moment) {
        let Stage::Ringing(ringing) = &mut self.stage else {
            return;
        };
        ringing.answer_at = None;
        let leg = ringing.leg;
        let Some(offer) = ringing.invited.offer.clone() else {
            ringing.answered = true;
            let _ = self.endpoint.answer(leg, self.offer(), now);
            return;
        };
        match self.answer_to(&offer) {
            Some((sdp, negotiated)) => {
                if self.endpoint.answer(leg, sdp, now).is_ok() {
                    self.talk(leg, negotiated, now);
                }
            }
            None => self.refuse(488, now),
        }
    }

    fn refuse(&mut self, code: u16, now: Moment) {
        if let Stage::Ringing(ringing) = &self.stage {
            let _ = self.endpoint.reject(ringing.leg, &Refusal::new(code), now);
            self.end(Progress::HungUp { by_us: true });
        }
    }

    fn talk(&mut self, leg: LegId, negotiated: Negotiated, now: Moment) {
        lock(&self.recording).align();
        let talk = Talk::new(leg, negotiated, &mut self.settings, now);
        self.stage = Stage::Talking(Box::new(talk));
        self.note(Progress::Talking);
    }

    /// What cannot be offered now is passed over, as any command that does not fit.
    fn reoffer(&mut self, direction: Direction, now: Moment) {
        if let Stage::Talking(talk) = &self.stage {
            let leg = talk.leg;
            self.version += 1;
            let (local, codecs) = (self.media_address(), self.codecs());
            let offer = offer_answer::offer_with(local, self.origin(), &codecs, direction);
            let _ = self.endpoint.reoffer(leg, offer, now);
        }
    }

    fn refer(&mut self, to: Uri, now: Moment) {
        if let Stage::Talking(talk) = &self.stage {
            let refer = Refer {
                to,
                replaces: None,
                referred_by: None,
            };
            let _ = self.endpoint.refer(talk.leg, refer, now);
        }
    }

    /// What is under way ends as fits: CANCEL, 603 or BYE.
    fn hang_up(&mut self, now: Moment) {
        let _ = match &self.stage {
            Stage::Free => return,
            // `Refused` with 487 follows.
            Stage::Calling(leg) => {
                let _ = self.endpoint.cancel(*leg, now);
                return;
            }
            Stage::Ringing(ringing) if ringing.answered => {
                self.endpoint.bye(ringing.leg, None, now)
            }
            Stage::Ringing(ringing) => self.endpoint.reject(ringing.leg, &Refusal::new(603), now),
            Stage::Talking(talk) => self.endpoint.bye(talk.leg, None, now),
        };
        self.end(Progress::HungUp { by_us: true });
    }

    fn end(&mut self, progress: Progress) {
        if let Stage::Talking(mut talk) = std::mem::replace(&mut self.stage, Stage::Free) {
            let rest = talk.incoming.rest();
            lock(&self.recording).received(&rest);
            self.unheard.push_back(Sound::Part(rest));
            self.unheard.push_back(Sound::End);
        }
        self.diary.send_modify(|diary| diary.note_end(progress));
    }

    fn tick(&mut self, now: Moment) {
        if self.endpoint.timeout().is_some_and(|due| due <= now) {
            self.endpoint.handle_timeout(now);
        }
        if let Stage::Ringing(ringing) = &self.stage
            && ringing.answer_at.is_some_and(|due| due <= now)
        {
            self.answer(now);
        }
        if let Stage::Talking(talk) = &mut self.stage {
            let samples = talk.send_frame(self.ports.rtp.socket());
            talk.send_report(&self.ports.rtcp, now);
            lock(&self.recording).sent(&samples);
            if let Some(part) = talk.incoming.part() {
                lock(&self.recording).received(&part);
                self.unheard.push_back(Sound::Part(part));
            }
        }
    }

    fn take_rtp(&mut self, datagram: &[u8], from: SocketAddr, now: Moment) {
        let Stage::Talking(talk) = &mut self.stage else {
            return;
        };
        if let Some(packet) = RtpPacket::parse(datagram)
            && let Some(key) = talk.take(&packet, from, now)
        {
            self.diary.send_modify(|diary| diary.note_key(key, now));
        }
    }

    async fn settle(&mut self) {
        while let Some((leg, event)) = self.endpoint.poll_event() {
            self.happened(leg, event, now());
        }
        while let Some(Transmit { to, bytes }) = self.endpoint.poll_transmit() {
            self.note_message(Way::Sent, &bytes, now());
            // A datagram that cannot be sent is as good as lost: the endpoint repeats it.
            let _ = self.ports.sip.send(&bytes, to.address).await;
        }
        while let Some(sound) = self.unheard.pop_front() {
            if self.sounds.send(sound).await.is_err() {
                return;
            }
        }
    }

    /// Our offer, our codec first.
    fn offer(&self) -> bytes::Bytes {
        offer_answer::offer(self.media_address(), self.origin(), &self.codecs())
    }

    fn codecs(&self) -> Codecs {
        tongue::codecs(self.settings.codec)
    }

    /// What both sides can do, of an answer to our offer.
    fn settled(&self, sdp: &[u8]) -> Option<Negotiated> {
        offer_answer::settle(&offer_answer::read(sdp).ok()?, &self.codecs()).ok()
    }

    fn answer_to(&self, offer: &[u8]) -> Option<(bytes::Bytes, Negotiated)> {
        let offer = offer_answer::read(offer).ok()?;
        let (local, origin) = (self.media_address(), self.origin());
        offer_answer::answer(&offer, local, origin, &self.codecs()).ok()
    }

    fn media_address(&self) -> SocketAddr {
        let at = self.settings.at;
        let unknown = SocketAddr::new(at.sip.ip(), 0);
        let own = || self.ports.rtp.socket().local_addr().unwrap_or(unknown);
        at.behind.unwrap_or_else(own)
    }

    fn origin(&self) -> Origin {
        Origin {
            id: 1,
            version: self.version,
        }
    }
}

/// A recording that a panic left half written is still a recording.
fn lock(recording: &Mutex<Recording>) -> std::sync::MutexGuard<'_, Recording> {
    recording.lock().unwrap_or_else(PoisonError::into_inner)
}
