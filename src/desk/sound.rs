//! What the desk tells the media thread, and what it hears from it, in the call's words.

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use crate::call::{Hears, LegNews, Line, Patch, Sign};
use crate::media::{
    self, Attended, Bed, Clip, Codec, Evidence, LegKey, LegSpec, Levels, Limits, Order, Phrasebook,
    Rate, Under, Verdict, Watch,
};
use crate::policy::{self, UnderPhrases};
use crate::sip::offer_answer::{self, Direction, Negotiated};
use crate::words::{Language, Moment, Party, PromptId};

use super::at_hand::{AtHand, Errand};
use super::calls::DeskCall;
use super::media_thread::{MediaCounts, MediaThread};

/// The static payload type of comfort noise at 8 kHz (RFC 3389 4): many send it untold.
const COMFORT_NOISE: u8 = 13;

/// An RTP port of ours, with RTCP beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Port {
    pub(super) key: LegKey,
    pub(super) address: SocketAddr,
    /// The same, as the other side is told it.
    pub(super) told: SocketAddr,
}

/// Where the ports of our legs are, and as what they are told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground {
    pub(super) bound: IpAddr,
    pub(super) told: IpAddr,
}

/// No call outlives more changes of its phrases.
const FORMER_MAX: usize = 8;

/// The media thread and what it plays.
pub(super) struct Sound {
    thread: MediaThread,
    pub(super) book: Arc<Phrasebook>,
    /// Of calls that began before it was another, the last one first; put away with it.
    former: VecDeque<Arc<Phrasebook>>,
    spoken: Spoken,
    at_hand: AtHand,
    ground: Ground,
    watch: Watch,
}

/// What callers are told, and whether a wideband caller has come for whom it is read as it was recorded.
pub(super) struct Spoken {
    /// In the order in which a call may need them.
    phrases: Vec<PromptId>,
    language: Language,
    /// What the music does under a phrase.
    under: Under,
    is_wide: OnceCell<()>,
}

impl Spoken {
    pub(super) fn new(phrases: Vec<PromptId>, language: Language, under: Under) -> Self {
        Self {
            phrases,
            language,
            under,
            is_wide: OnceCell::new(),
        }
    }
}

impl Sound {
    pub(super) fn new(
        thread: MediaThread,
        (book, spoken): (Arc<Phrasebook>, Spoken),
        ground: Ground,
        watch: Watch,
    ) -> Self {
        Self {
            thread,
            book,
            former: VecDeque::new(),
            spoken,
            at_hand: AtHand::default(),
            ground,
            watch,
        }
    }

    /// The first call rings for seconds: what it may be told is read meanwhile.
    pub(super) fn follow_calls(&mut self, calls: usize, now: Moment) {
        match self.at_hand.follow(calls, now) {
            Some(Errand::Fetch) => self.fetch(Rate::Narrow),
            Some(Errand::PutAway) => {
                self.book = Arc::new(self.book.unread());
                self.former.clear();
                self.spoken.is_wide.take();
            }
            None => {}
        }
    }

    /// From now on other phrases and music, and another look at lines.
    pub(super) fn renew(&mut self, (book, spoken): (Arc<Phrasebook>, Spoken), watch: Watch) {
        self.former
            .push_front(std::mem::replace(&mut self.book, book));
        self.former.truncate(FORMER_MAX);
        self.spoken = spoken;
        self.watch = watch;
        self.at_hand = AtHand::default();
    }

    /// When to follow the calls again, whatever happens.
    pub(super) fn timeout(&self) -> Option<Moment> {
        self.at_hand.timeout()
    }

    /// Where the ports of our legs are.
    pub(super) fn ground(&self) -> Ground {
        self.ground
    }

    /// Ports opened from now on are there.
    pub(super) fn move_to(&mut self, ground: Ground) {
        self.ground = ground;
    }

    pub(super) fn open_port(&self) -> io::Result<Port> {
        let (key, address) = self.thread.open_port(self.ground.bound)?;
        let told = SocketAddr::new(self.ground.told, address.port());
        Ok(Port { key, address, told })
    }

    /// For a seat on this PC that is no telephone: nobody from outside reaches it.
    pub(super) fn open_own_port(&self) -> io::Result<Port> {
        let (key, address) = self.thread.open_port(IpAddr::V4(Ipv4Addr::LOCALHOST))?;
        let told = address;
        Ok(Port { key, address, told })
    }

    /// Another pair of ports for a leg that has one: it is heard on both until `move_port` or
    /// `close_beside`, and sends from the old one.
    pub(super) fn open_beside(&self, old: Port) -> io::Result<Port> {
        let address = self.thread.open_beside(old.key, self.ground.bound)?;
        let told = SocketAddr::new(self.ground.told, address.port());
        Ok(Port {
            key: old.key,
            address,
            told,
        })
    }

    /// The leg goes on with its other ports alone.
    pub(super) fn move_port(&self, leg: LegKey) {
        self.thread.move_ports(leg);
    }

    /// The leg stays where it is.
    pub(super) fn close_beside(&self, leg: LegKey) {
        self.thread.close_beside(leg);
    }

    pub(super) fn counts(&self) -> &MediaCounts {
        self.thread.counts()
    }

    pub(super) fn order(&self, order: Order) {
        self.thread.order(order);
    }

    /// The leg's sound begins, or goes on somewhere else.
    pub(super) fn connect(&self, key: LegKey, spec: LegSpec, sounds: bool) {
        let leg = key;
        if spec.codec.rate() == Rate::Wide {
            self.widen();
        }
        self.order(if sounds {
            Order::Retarget { leg, spec }
        } else {
            Order::Open { leg, spec }
        });
    }

    /// Until it is read a wideband caller hears the telephone's band.
    fn widen(&self) {
        self.spoken.is_wide.get_or_init(|| self.fetch(Rate::Wide));
    }

    /// Without it each phrase is read when it is said.
    fn fetch(&self, rate: Rate) {
        let Spoken {
            phrases, language, ..
        } = &self.spoken;
        if let Err(error) = warm_up(&self.book, phrases, *language, rate) {
            tracing::warn!(%error, hz = rate.hz(), "read the phrases");
        }
    }

    /// What arrives from the caller is judged; other legs only by what ICMP and RTCP say.
    pub(super) fn watch(&self, leg: LegKey) {
        self.order(Order::Watch {
            leg,
            watch: self.watch,
        });
    }

    /// Who answers our call is listened for.
    pub(super) fn attend(&self, leg: LegKey, call: Attended) {
        self.order(Order::Attend { leg, call });
    }

    pub(super) fn close(&self, leg: LegKey) {
        self.order(Order::Close { leg });
    }

    /// These phrases as one, read out one after the other.
    pub(super) fn clip_of_all<'a>(
        &self,
        phrases: impl Iterator<Item = &'a PromptId>,
        language: Language,
    ) -> Option<Arc<Clip>> {
        let clips: Option<Vec<_>> = phrases.map(|phrase| self.clip(phrase, language)).collect();
        Some(Arc::new(Clip::in_a_row(&clips?)))
    }

    pub(super) fn clip(&self, phrase: &PromptId, language: Language) -> Option<Arc<Clip>> {
        let clip = |book: &Arc<Phrasebook>| book.clip(phrase, language).ok();
        clip(&self.book).or_else(|| self.former.iter().find_map(clip))
    }

    /// Who hears whom, leg by leg.
    pub(super) fn patch(&self, call: &DeskCall, patch: Patch) {
        let all = [
            (Party::Caller, patch.caller),
            (Party::Rep, patch.rep),
            (Party::Target, patch.target),
        ];
        for (party, hears) in all {
            if let Some(leg) = call.sound(party) {
                let hears = self.hears(call, party, hears);
                self.order(Order::Hear { leg, hears });
            }
        }
    }

    /// Silence where the music cannot be played.
    fn bed(&self) -> Bed {
        let music = self.book.music(Rate::Narrow);
        music.map_or(Bed::Silence, |music| Bed::Music(music, self.spoken.under))
    }

    fn hears(&self, call: &DeskCall, hearing: Party, hears: Hears) -> media::Hears {
        let heard = [
            (hears.caller, Party::Caller),
            (hears.rep, Party::Rep),
            (hears.target, Party::Target),
        ];
        let mut legs = heard
            .into_iter()
            .filter(|(heard, _)| *heard)
            .filter_map(|(_, party)| call.sound(party));
        media::Hears {
            legs: [legs.next(), legs.next()],
            phrases_to: if hears.phrases {
                call.sound(Party::Caller)
            } else {
                None
            },
            keys: hears.keys,
            levelled: hearing == Party::Rep,
            bed: if hears.music {
                self.bed()
            } else {
                Bed::Silence
            },
        }
    }
}

/// What offer and answer agreed on, in the words of the media.
pub(super) fn spec(agreed: &Negotiated) -> LegSpec {
    let direction = agreed.direction;
    LegSpec {
        codec: match agreed.codec {
            offer_answer::Codec::Pcma => Codec::Pcma,
            offer_answer::Codec::Pcmu => Codec::Pcmu,
            offer_answer::Codec::G722 => Codec::G722,
            offer_answer::Codec::Opus => Codec::Opus,
        },
        payload_type: agreed.payload_type,
        telephone_event: agreed.telephone_event,
        comfort_noise: Some(agreed.comfort_noise.unwrap_or(COMFORT_NOISE)),
        remote: agreed.remote,
        remote_rtcp: agreed.remote_rtcp,
        extended_reports: agreed.extended_reports,
        srtp: agreed.srtp.clone(),
        sends: matches!(direction, Direction::SendRecv | Direction::SendOnly),
        receives: matches!(direction, Direction::SendRecv | Direction::RecvOnly),
    }
}

/// A leg's codec, as session descriptions have it.
pub(super) fn named(codec: Codec) -> offer_answer::Codec {
    match codec {
        Codec::Pcma => offer_answer::Codec::Pcma,
        Codec::Pcmu => offer_answer::Codec::Pcmu,
        Codec::G722 => offer_answer::Codec::G722,
        Codec::Opus => offer_answer::Codec::Opus,
    }
}

/// Who is behind a NAT tells an address that nobody reaches: its sound comes from where its signalling
/// does, the port is learnt from its first packet (D19).
pub(super) fn seen_at(agreed: Negotiated, ip: Option<IpAddr>) -> Negotiated {
    let seen = |told: SocketAddr| match ip {
        Some(ip) if !told.ip().is_unspecified() => SocketAddr::new(ip, told.port()),
        Some(_) | None => told, // held the old way: nothing is sent
    };
    Negotiated {
        remote: seen(agreed.remote),
        remote_rtcp: seen(agreed.remote_rtcp),
        ..agreed
    }
}

/// A seat of ours that is no telephone speaks RTP without RTCP.
pub(super) fn own_spec(codec: Codec, remote: SocketAddr) -> LegSpec {
    LegSpec {
        codec,
        payload_type: codec.payload_type(),
        telephone_event: None,
        comfort_noise: None,
        remote,
        remote_rtcp: remote,
        extended_reports: false,
        srtp: None,
        sends: true,
        receives: true,
    }
}

/// The policy's word for what the music does, as the player's.
pub(super) fn under(wanted: UnderPhrases) -> Under {
    match wanted {
        UnderPhrases::Duck => Under::Duck,
        UnderPhrases::Silence => Under::Silence,
        UnderPhrases::Pause => Under::Pause,
    }
}

/// The call's word for a verdict.
pub(super) fn line(verdict: Verdict) -> Line {
    match verdict {
        Verdict::TheyDoNotReceive(_) => Line::TheyDoNotReceive,
        Verdict::NoMedia => Line::NoMedia,
        Verdict::MediaStopped => Line::MediaStopped,
        Verdict::MediaLate => Line::MediaLate,
        Verdict::DigitalSilence => Line::DigitalSilence,
        Verdict::SilentCaller => Line::SilentCaller,
        Verdict::MusicOrTone => Line::MusicOrTone,
        Verdict::Clipped => Line::Clipped,
        Verdict::TooLoud => Line::TooLoud,
        Verdict::TooQuiet => Line::TooQuiet,
        Verdict::LineNoise => Line::LineNoise,
        Verdict::Echo => Line::Echo,
        Verdict::Fine => Line::Fine,
    }
}

/// The call's word for what is heard of whom we call.
pub(super) fn sign(sign: media::Sign) -> Sign {
    match sign {
        media::Sign::Ringback => Sign::Ringback,
        media::Sign::Busy => Sign::Busy,
        media::Sign::SpecialInformation => Sign::SpecialInformation,
        media::Sign::Music => Sign::Music,
        media::Sign::Announcement => Sign::Announcement,
        media::Sign::Fax => Sign::Fax,
        media::Sign::Person => Sign::Person,
        media::Sign::Machine => Sign::Machine,
        media::Sign::Beep => Sign::Beep,
    }
}

/// A rep's or target's leg whose port answers with ICMP is gone (D6).
pub(super) fn loss(verdict: Verdict) -> Option<LegNews> {
    let is_gone = verdict == Verdict::TheyDoNotReceive(Evidence::Unreachable);
    is_gone.then_some(LegNews::Lost)
}

/// When something is a fault, by the policy.
pub(super) fn limits(line: &policy::Line) -> Limits {
    let (after, level) = (&line.after, &line.level);
    Limits {
        no_media: after.no_media.get(),
        late: after.media_late.get(),
        stopped: after.media_stopped.get(),
        silence: after.digital_silence.get(),
        silent_caller: after.silent_caller.get(),
        music: after.music_or_tone.get(),
        levels: Levels {
            too_quiet_dbov: level.too_quiet.get(),
            too_loud_dbov: level.too_loud.get(),
            clipped_share: level.clipped.share(),
            noise_dbov: level.noise_floor.get(),
            snr_db: level.noise_distance.get(),
            return_loss_db: level.echo_loss.get(),
            hum_dbov: level.hum.get(),
            music_dbov: level.music.get(),
        },
    }
}

/// Reads what the policy may say in the language callers are greeted in, off the desk and the media thread (D31). The
/// other languages wait for the first who hears them, what wideband callers hear for the first of those.
pub(super) fn warm_up(
    book: &Arc<Phrasebook>,
    phrases: &[PromptId],
    language: Language,
    rate: Rate,
) -> io::Result<()> {
    let (book, phrases) = (Arc::clone(book), phrases.to_vec());
    let work = move || {
        for phrase in &phrases {
            drop(book.clip_at(phrase, language, rate));
        }
        drop(book.music(rate));
    };
    std::thread::Builder::new()
        .name("prompts".to_owned())
        .spawn(work)
        .map(drop)
}
