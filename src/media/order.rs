use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::clip::Clip;
use super::codec::Codec;
use super::hearing::{Sign, Verdict, Watch};
use super::player::Bed;
use super::quality::Quality;
use crate::words::{Key, Moment, SrtpKeys};

/// One leg's sound, by the number its ports were opened under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegKey(u32);

impl LegKey {
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    pub const fn number(self) -> u32 {
        self.0
    }
}

/// What the offer and answer agreed on for a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegSpec {
    pub codec: Codec,
    pub payload_type: u8,
    /// The payload type of telephone-events, where both sides have them, on the codec's clock.
    pub telephone_event: Option<u8>,
    /// The payload type of comfort noise (RFC 3389), where it may come.
    pub comfort_noise: Option<u8>,
    pub remote: SocketAddr,
    pub remote_rtcp: SocketAddr,
    /// VoIP metrics are told in our reports (RFC 3611 4.7).
    pub extended_reports: bool,
    /// How both directions are protected; none where they go in the clear.
    pub srtp: Option<SrtpKeys>,
    /// We may send: they did not say `sendonly` or `inactive`.
    pub sends: bool,
    /// They will send: false while the other side holds us.
    pub receives: bool,
}

/// What is played to a leg.
#[derive(Clone, Debug, Default)]
pub struct Hears {
    /// Whose sound; with nobody here the bed is played.
    pub legs: [Option<LegKey>; 2],
    /// Also hears the phrases said to that leg.
    pub phrases_to: Option<LegKey>,
    /// Their telephone keys are passed on; a question swallows them (D11).
    pub keys: bool,
    /// Their sound comes at one level: who is too quiet is made louder, who is too loud softer (R11, R27).
    pub levelled: bool,
    pub bed: Bed,
}

impl Hears {
    /// More than one may sound at a time.
    pub(super) fn may_mix(&self) -> bool {
        self.phrases_to.is_some() || self.legs.iter().flatten().count() > 1
    }
}

/// How far a call of ours has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attended {
    Rings,
    Answered,
    /// It is known who answered.
    Over,
}

/// Whether a call is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recording {
    On,
    Off,
}

/// What the desk wants of the sound.
#[derive(Clone, Debug)]
pub enum Order {
    Open {
        leg: LegKey,
        spec: LegSpec,
    },
    /// A new offer/answer: SSRC, sequence and timestamps run on.
    Retarget {
        leg: LegKey,
        spec: LegSpec,
    },
    Hear {
        leg: LegKey,
        hears: Hears,
    },
    /// Says a phrase in the first frame that is not due before `not_before`, over or instead of what else is heard;
    /// while the leg does not send, it passes unheard.
    Say {
        leg: LegKey,
        utterance: u64,
        clip: Arc<Clip>,
        not_before: Moment,
    },
    Cut {
        leg: LegKey,
        utterance: u64,
    },
    SendKeys {
        leg: LegKey,
        keys: Vec<Key>,
    },
    Watch {
        leg: LegKey,
        watch: Watch,
    },
    /// Listens to whom we call: what is heard of him is told.
    Attend {
        leg: LegKey,
        call: Attended,
    },
    /// Hands over every frame of the party's two directions, or no longer.
    Record {
        leg: LegKey,
        recording: Recording,
    },
    /// How likely the last block of this leg that was asked about is a human voice, 0 to 1.
    Human {
        leg: LegKey,
        probability: f32,
    },
    Close {
        leg: LegKey,
    },
}

/// What the desk is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// The first packet of a phrase has left; the numbers are that packet's.
    Started {
        leg: LegKey,
        utterance: u64,
        at: Moment,
        ssrc: u32,
        sequence: u16,
        timestamp: u32,
    },
    /// Every phrase that was ordered ends once, `whole` or cut, even if it never started.
    Ended {
        leg: LegKey,
        utterance: u64,
        whole: bool,
        at: Moment,
    },
    FirstSent {
        leg: LegKey,
        at: Moment,
    },
    FirstReceived {
        leg: LegKey,
        at: Moment,
    },
    Key {
        leg: LegKey,
        key: Key,
        at: Moment,
    },
    Voice {
        leg: LegKey,
        speaking: bool,
        since: Moment,
    },
    Line {
        leg: LegKey,
        verdict: Verdict,
        at: Moment,
    },
    /// What is heard of whom we call.
    Sign {
        leg: LegKey,
        sign: Sign,
    },
    /// How the leg sounds, every 5 s.
    Quality {
        leg: LegKey,
        quality: Quality,
        at: Moment,
    },
    Closed {
        leg: LegKey,
        stats: Stats,
    },
}

/// A leg's counts over its life, in packets where nothing else is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub sent: u32,
    pub received: u32,
    pub lost: u32,
    /// Of the time between two packets (RFC 3550 6.4.1).
    pub jitter: Duration,
    /// From another address than the signalled one.
    pub strangers: u64,
    /// From the right address, but no RTP or of no agreed payload type.
    pub discarded: u64,
    /// Not genuine SRTP, or come before.
    pub forged: u64,
}
