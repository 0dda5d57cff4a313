//! What the desk tells the media thread, and what it hears from it, in the call's words.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::call::{Hears, LegNews, Line, Patch};
use crate::media::{
    self, Bed, Clip, Codec, Evidence, LegKey, LegSpec, Order, Phrasebook, Rate, Under, Verdict,
    Watch,
};
use crate::policy::UnderPhrases;
use crate::sip::offer_answer::{self, Direction, Negotiated};
use crate::words::{Language, Party, PromptId};

use super::calls::DeskCall;
use super::media_thread::{MediaCounts, MediaThread};

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

/// The media thread and what it plays.
pub(super) struct Sound {
    thread: MediaThread,
    pub(super) book: Arc<Phrasebook>,
    ground: Ground,
    watch: Watch,
    under: Under,
}

impl Sound {
    pub(super) fn new(
        thread: MediaThread,
        book: Arc<Phrasebook>,
        ground: Ground,
        watch: Watch,
        under: Under,
    ) -> Self {
        Self {
            thread,
            book,
            ground,
            watch,
            under,
        }
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

    pub(super) fn counts(&self) -> &MediaCounts {
        self.thread.counts()
    }

    pub(super) fn order(&self, order: Order) {
        self.thread.order(order);
    }

    /// The leg's sound begins, or goes on somewhere else.
    pub(super) fn connect(&self, key: LegKey, spec: LegSpec, sounds: bool) {
        let leg = key;
        self.order(if sounds {
            Order::Retarget { leg, spec }
        } else {
            Order::Open { leg, spec }
        });
    }

    /// What arrives from the caller is judged; other legs only by what ICMP and RTCP say.
    pub(super) fn watch(&self, leg: LegKey) {
        self.order(Order::Watch {
            leg,
            watch: self.watch,
        });
    }

    pub(super) fn close(&self, leg: LegKey) {
        self.order(Order::Close { leg });
    }

    pub(super) fn clip(&self, phrase: &PromptId, language: Language) -> Option<Arc<Clip>> {
        self.book.clip(phrase, language).ok()
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
                let hears = self.hears(call, hears);
                self.order(Order::Hear { leg, hears });
            }
        }
    }

    fn hears(&self, call: &DeskCall, hears: Hears) -> media::Hears {
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
            bed: match self.book.music(Rate::Narrow) {
                Ok(music) if hears.music => Bed::Music(music, self.under),
                _ => Bed::Silence, // no music is wanted, or its file cannot be played
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
        },
        payload_type: agreed.payload_type,
        telephone_event: agreed.telephone_event,
        remote: agreed.remote,
        remote_rtcp: agreed.remote_rtcp,
        sends: matches!(direction, Direction::SendRecv | Direction::SendOnly),
        receives: matches!(direction, Direction::SendRecv | Direction::RecvOnly),
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

/// A test seat speaks PCMA without RTCP.
pub(super) fn test_spec(remote: SocketAddr) -> LegSpec {
    LegSpec {
        codec: Codec::Pcma,
        payload_type: Codec::Pcma.payload_type(),
        telephone_event: None,
        remote,
        remote_rtcp: remote,
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
        Verdict::Fine => Line::Fine,
        Verdict::NoMedia => Line::NoMedia,
        Verdict::MediaStopped => Line::MediaStopped,
        Verdict::DigitalSilence => Line::DigitalSilence,
        Verdict::TheyDoNotReceive(_) => Line::TheyDoNotReceive,
    }
}

/// A rep's or target's leg whose port answers with ICMP is gone (D6).
pub(super) fn loss(verdict: Verdict) -> Option<LegNews> {
    match verdict {
        Verdict::TheyDoNotReceive(Evidence::Unreachable) => Some(LegNews::Lost),
        Verdict::Fine
        | Verdict::NoMedia
        | Verdict::MediaStopped
        | Verdict::DigitalSilence
        | Verdict::TheyDoNotReceive(_) => None,
    }
}

/// The timeline's word for a verdict.
pub(super) fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fine => "fine",
        Verdict::NoMedia => "no-media",
        Verdict::MediaStopped => "media-stopped",
        Verdict::DigitalSilence => "digital-silence",
        Verdict::TheyDoNotReceive(_) => "they-do-not-receive",
    }
}

/// Reads what the policy may say in the language callers are greeted in, off the desk and the media thread (D31). The
/// other languages, and what wideband callers hear, wait for the first who hears them.
pub(super) fn warm_up(
    book: &Arc<Phrasebook>,
    phrases: Vec<PromptId>,
    language: Language,
) -> io::Result<()> {
    let book = Arc::clone(book);
    let work = move || {
        drop(book.music(Rate::Narrow));
        for phrase in &phrases {
            drop(book.clip(phrase, language));
        }
    };
    std::thread::Builder::new()
        .name("prompts".to_owned())
        .spawn(work)
        .map(drop)
}
