//! The call itself: one leg, G.711, and every packet counted.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::tape::{RATE, Script, Tape};
use crate::desk::clock;
use crate::doctor::probes::outside::Outside;
use crate::doctor::verdicts::echo::{Back, Score, There};
use crate::media::codec::PACKET_BYTES_MAX;
use crate::media::reception::Reception;
use crate::media::{Codec, Encoder, FRAME_TIME, RtpHeader, RtpPacket, rtcp};
use crate::net::{Dscp, PortPool, Target};
use crate::sip::digest::Credentials;
use crate::sip::offer_answer::{self, Codecs, Negotiated, Origin};
use crate::sip::{Endpoint, Event, Invite, LegId, NameAddr, Uri};
use crate::words::{Entropy, Moment, Sentence};

/// Whoever rings so long will not answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
const DATAGRAM_MAX: usize = 2_048;
const ORIGIN: Origin = Origin { id: 1, version: 1 };

/// Whom we call, and as whom.
pub(super) struct Dial {
    pub(super) uri: Uri,
    pub(super) place: Target,
    pub(super) from: NameAddr,
    pub(super) login: Option<Credentials>,
    /// Every request goes by it.
    pub(super) routes: Vec<(String, String)>,
}

/// One call, from its INVITE on.
pub(super) struct Call<'a> {
    outside: &'a mut Outside,
    endpoint: Endpoint,
    leg: LegId,
    rtp: UdpSocket,
    rtcp: UdpSocket,
    codecs: Codecs,
    frames: Interval,
    entropy: Entropy,
}

/// What moves while both talk.
struct Talk<'a> {
    script: &'a Script,
    peer: Negotiated,
    codec: Codec,
    encoder: Encoder,
    header: RtpHeader,
    tape: Tape,
    sent: u32,
    back: Option<Reception>,
    there: Option<There>,
}

impl<'a> Call<'a> {
    /// Calls; the ports are bound at `ip`.
    pub(super) fn begin(
        outside: &'a mut Outside,
        ip: IpAddr,
        dial: Dial,
        mut entropy: Entropy,
    ) -> io::Result<Self> {
        let pair = PortPool::new(None, Dscp::default()).bind(ip)?;
        let (rtp, rtcp) = (
            UdpSocket::from_std(pair.rtp)?,
            UdpSocket::from_std(pair.rtcp)?,
        );
        let codecs = [offer_answer::Codec::Pcma, offer_answer::Codec::Pcmu];
        let codecs = Codecs::new(&codecs).unwrap_or_default();
        outside.learn_name(&dial.place);
        let peer = dial.place.hop.address.ip();
        let told = SocketAddr::new(outside.local_towards(peer).ip(), rtp.local_addr()?.port());
        let mut endpoint = outside.endpoint(peer);
        let login = dial.login.map(|login| endpoint.add_login(login));
        let invite = Invite {
            target: dial.uri,
            next_hop: dial.place.hop,
            symmetric: false,
            from: dial.from,
            login,
            call_id: None,
            offer: offer_answer::offer(told, ORIGIN, &codecs),
            headers: dial.routes,
        };
        let leg = endpoint
            .invite(invite, clock::now())
            .map_err(io::Error::other)?;
        let mut frames = interval(FRAME_TIME);
        frames.set_missed_tick_behavior(MissedTickBehavior::Burst);
        Ok(Self {
            outside,
            endpoint,
            leg,
            rtp,
            rtcp,
            codecs,
            frames,
            entropy: Entropy::from_seed(entropy.bytes()),
        })
    }

    /// Says the script and listens; why not is the error.
    pub(super) async fn score(
        mut self,
        script: &Script,
        far: &mut dyn FnMut(usize, usize),
    ) -> Result<Score, Sentence> {
        let called = clock::now();
        let peer = self.answered(called).await?;
        let answered_after = clock::now().since(called);
        let mut talk = self.talk(script, peer)?;
        let over = self.listen(&mut talk, far).await;
        self.hang_up().await;
        match over {
            // Some echo tests hang up by themselves: what was heard until then counts.
            Some(_) if talk.sent as usize >= script.frames() / 2 => {}
            Some(why) => return Err(why),
            None => {}
        }
        Ok(talk.score(answered_after))
    }

    async fn answered(&mut self, called: Moment) -> Result<Negotiated, Sentence> {
        loop {
            self.outside.flush(&mut self.endpoint).await;
            while let Some((leg, event)) = self.endpoint.poll_event() {
                if leg == self.leg
                    && let Some(told) = self.answer_of(event)
                {
                    return told;
                }
            }
            if clock::now().since(called) >= ANSWER_WITHIN {
                let _ = self.endpoint.cancel(self.leg, clock::now());
                self.outside.flush(&mut self.endpoint).await;
                return Err(Sentence::of("doctor.echo.no-answer"));
            }
            tokio::select! {
                () = self.outside.hear(&mut self.endpoint) => {}
                _ = self.frames.tick() => self.endpoint.handle_timeout(clock::now()),
            }
        }
    }

    /// What an event says of the call; nothing yet where it only rings.
    fn answer_of(&self, event: Event) -> Option<Result<Negotiated, Sentence>> {
        match event {
            Event::Answered { sdp } => Some(self.settled(sdp.as_deref())),
            Event::Refused { code, reason, .. } => Some(Err(Sentence::of("doctor.echo.refused")
                .with("code", code)
                .with("reason", reason))),
            Event::NoResponse => Some(Err(Sentence::of("doctor.echo.silent"))),
            Event::Lost { .. } | Event::HungUp { .. } | Event::Expired => {
                Some(Err(Sentence::of("doctor.echo.hung-up")))
            }
            Event::Invited(_)
            | Event::Cancelled { .. }
            | Event::Acked { .. }
            | Event::AckMissing
            | Event::Provisional { .. }
            | Event::Pracked { .. }
            | Event::PrackMissing
            | Event::Offered { .. }
            | Event::OfferTaken { .. }
            | Event::OfferRefused { .. }
            | Event::Expiring { .. }
            | Event::ReferAsked(_)
            | Event::ReferProgress { .. }
            | Event::ReferOver { .. }
            | Event::Keys(_) => None,
        }
    }

    fn settled(&self, sdp: Option<&[u8]>) -> Result<Negotiated, Sentence> {
        let settled = sdp.and_then(|sdp| {
            let theirs = offer_answer::read(sdp).ok()?;
            offer_answer::settle(&theirs, &self.codecs).ok()
        });
        settled.ok_or_else(|| Sentence::of("doctor.echo.no-audio"))
    }

    fn talk<'s>(&mut self, script: &'s Script, peer: Negotiated) -> Result<Talk<'s>, Sentence> {
        let codec = match peer.codec {
            offer_answer::Codec::Pcma => Codec::Pcma,
            offer_answer::Codec::Pcmu => Codec::Pcmu,
            offer_answer::Codec::G722 | offer_answer::Codec::Opus => {
                return Err(Sentence::of("doctor.echo.no-audio"));
            }
        };
        let header = RtpHeader {
            payload_type: peer.payload_type,
            marker: true,
            sequence: self.entropy.u16(),
            timestamp: self.entropy.u32(),
            ssrc: self.entropy.u32(),
        };
        Ok(Talk {
            script,
            peer,
            codec,
            encoder: Encoder::new(codec),
            header,
            tape: Tape::new(codec, script.frames(), clock::now()),
            sent: 0,
            back: None,
            there: None,
        })
    }

    /// Until all is said and heard; or why it ended before.
    async fn listen(
        &mut self,
        talk: &mut Talk<'_>,
        far: &mut dyn FnMut(usize, usize),
    ) -> Option<Sentence> {
        let (mut sound, mut report) = ([0; DATAGRAM_MAX], [0; DATAGRAM_MAX]);
        self.frames.reset();
        for n in 0..talk.script.frames() {
            far(n, talk.script.frames());
            talk.say(n, &self.rtp);
            loop {
                self.outside.flush(&mut self.endpoint).await;
                while let Some((leg, event)) = self.endpoint.poll_event() {
                    if leg == self.leg
                        && let Some(Err(why)) = self.answer_of(event)
                    {
                        return Some(why);
                    }
                }
                tokio::select! {
                    _ = self.frames.tick() => break,
                    Ok((length, from)) = self.rtp.recv_from(&mut sound) => {
                        talk.take(sound.get(..length).unwrap_or_default(), from);
                    }
                    Ok((length, _)) = self.rtcp.recv_from(&mut report) => {
                        talk.read(report.get(..length).unwrap_or_default());
                    }
                    () = self.outside.hear(&mut self.endpoint) => {}
                }
            }
            self.endpoint.handle_timeout(clock::now());
        }
        None
    }

    /// The BYE is sent, and not waited for.
    async fn hang_up(&mut self) {
        let _ = self.endpoint.bye(self.leg, None, clock::now());
        self.outside.flush(&mut self.endpoint).await;
    }
}

impl Talk<'_> {
    fn say(&mut self, n: usize, rtp: &UdpSocket) {
        let mut packet = Vec::new();
        self.header.write(&mut packet);
        let mut payload = [0; PACKET_BYTES_MAX];
        let length = self.encoder.encode(&self.script.frame(n), &mut payload);
        packet.extend_from_slice(payload.get(..length).unwrap_or_default());
        // A packet that finds no room now is lost, as on any line.
        let _ = rtp.try_send_to(&packet, self.peer.remote);
        self.sent += 1;
        self.header.sequence = self.header.sequence.wrapping_add(1);
        self.header.timestamp = self.header.timestamp.wrapping_add(self.codec.frame_ticks());
        self.header.marker = false;
    }

    fn take(&mut self, datagram: &[u8], from: SocketAddr) {
        let Some(packet) = RtpPacket::parse(datagram) else {
            return;
        };
        let is_sound = packet.header.payload_type == self.peer.payload_type;
        if !is_sound || from.ip() != self.peer.remote.ip() {
            return;
        }
        let now = clock::now();
        let clock_hz = self.codec.clock_hz();
        match &mut self.back {
            Some(back) => back.count(&packet.header, now),
            None => self.back = Some(Reception::new(&packet.header, clock_hz, now)),
        }
        self.tape.take(&packet, now);
    }

    /// What they say that they had of us.
    fn read(&mut self, datagram: &[u8]) {
        let told = rtcp::read(datagram, self.header.ssrc).and_then(|heard| heard.block);
        if let Some(block) = told {
            let ticks = u64::from(block.jitter) * 1_000_000;
            self.there = Some(There {
                lost: block.lost,
                jitter: Duration::from_micros(ticks / RATE as u64),
            });
        }
    }

    fn score(self, answered_after: Duration) -> Score {
        Score {
            answered_after,
            codec: self.codec.encoding_name(),
            said: self.script.rounds(),
            said_dbov: self.script.level_dbov(),
            sent: self.sent,
            there: self.there,
            back: self.back.map(|back| Back {
                received: back.received(),
                lost: back.lost(),
                jitter: back.jitter(),
                is_ours: back.ssrc() == self.header.ssrc,
            }),
            echoes: self.script.echoes(self.tape.samples()),
        }
    }
}
