//! Seats on this PC that are no telephone: their legs speak RTP on loopback, and nothing else of the desk knows the
//! difference.

use std::io;
use std::net::SocketAddr;

use crate::call::LegNews;
use crate::media::Codec;
use crate::media::headset;
use crate::seats::headset::{HeadsetLeg, Start};
use crate::seats::{TestKind, TestSeat};
use crate::sip::offer_answer::{self, SrtpPolicy};
use crate::words::{CallId, Moment, Party};

use super::Desk;
use super::calls::Leg;
use super::sound::{self, Port};

/// The far end of such a leg; the leg's end is its end.
#[derive(Debug)]
pub(super) enum OwnEnd {
    Test(#[expect(dead_code, reason = "held for what its end does")] TestSeat),
    Headset(HeadsetEnd),
}

/// The headset's leg, and what its rep has been let hear of the call.
#[derive(Debug)]
pub(super) struct HeadsetEnd {
    #[expect(dead_code, reason = "held for what its end does")]
    leg: HeadsetLeg,
    pub(super) shown: Shown,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// He is with the caller: it does not ring any more.
    pub(super) joined: bool,
    pub(super) muted: bool,
    /// Another caller waits.
    pub(super) waited_for: bool,
}

/// A leg to such a seat that is open, and nobody's yet.
pub(super) struct OwnLeg {
    leg: Leg,
    codec: Codec,
    /// Where its far end hears.
    address: SocketAddr,
}

impl Desk {
    pub(super) fn open_test_seat(&mut self, id: CallId, kind: TestKind, now: Moment) {
        match self.test_leg(kind) {
            Ok(own) => self.seat_by(id, own, LegNews::PickedUp, now),
            Err(problem) => self.no_port(id, Party::Rep, &problem, now),
        }
    }

    /// He is joined by itself where the policy answers by itself; else it rings until he picks up (D2).
    pub(super) fn open_headset(&mut self, id: CallId, now: Moment) {
        let at_once = self.answers_by_itself();
        let start = match at_once && !self.rings(id) {
            true => Start::Joined,
            false => Start::Ringing,
        };
        match self.headset_leg(id, start) {
            Ok(own) if at_once => self.seat_by(id, own, LegNews::PickedUp, now),
            Ok(own) => {
                self.set_own_leg(id, own);
                self.leg_news(id, Party::Rep, LegNews::Ringing, None, now);
            }
            Err(problem) => self.no_port(id, Party::Rep, &problem, now),
        }
    }

    pub(super) fn test_leg(&mut self, kind: TestKind) -> io::Result<OwnLeg> {
        self.own_leg(Codec::Pcma, |_, desk| {
            let seat = TestSeat::open(kind, desk)?;
            Ok((seat.address(), OwnEnd::Test(seat)))
        })
    }

    pub(super) fn headset_leg(&mut self, id: CallId, start: Start) -> io::Result<OwnLeg> {
        let codec = self.headset_codec(id);
        let leg = headset::Leg {
            codec,
            payload_type: codec.payload_type(),
        };
        self.own_leg(codec, |desk, address| {
            let worn = desk.worn.as_ref().ok_or(io::ErrorKind::NotFound)?;
            let leg = worn.headset.begin(address, leg, start)?;
            let shown = Shown {
                joined: start == Start::Joined,
                ..Shown::default()
            };
            Ok((leg.address(), OwnEnd::Headset(HeadsetEnd { leg, shown })))
        })
    }

    fn own_leg(
        &mut self,
        codec: Codec,
        open: impl FnOnce(&Self, SocketAddr) -> io::Result<(SocketAddr, OwnEnd)>,
    ) -> io::Result<OwnLeg> {
        let port: Port = self.sound.open_own_port()?;
        let opened = open(self, port.address).inspect_err(|_| self.sound.close(port.key));
        let (address, end) = opened?;
        let shield = self.signalling.shield(SrtpPolicy::Off);
        let mut leg = Leg::new(self.signalling.origin(), shield);
        (leg.port, leg.own_end) = (Some(port), Some(end));
        Ok(OwnLeg {
            leg,
            codec,
            address,
        })
    }

    /// The rep is there by it at once; the call hears so as `PickedUp` or `Moved`.
    pub(super) fn seat_by(&mut self, id: CallId, own: OwnLeg, comes: LegNews, now: Moment) {
        self.set_own_leg(id, own);
        self.own_seat_comes(id, comes, now);
    }

    fn set_own_leg(&mut self, id: CallId, own: OwnLeg) {
        let spec = sound::own_spec(own.codec, own.address);
        self.calls.set_leg(id, Party::Rep, own.leg);
        self.connect(id, Party::Rep, spec);
    }

    pub(super) fn own_seat_picks_up(&mut self, id: CallId, now: Moment) {
        self.own_seat_comes(id, LegNews::PickedUp, now);
    }

    fn own_seat_comes(&mut self, id: CallId, comes: LegNews, now: Moment) {
        if let Some(leg) = self.calls.leg_mut(id, Party::Rep) {
            leg.up = true;
        }
        self.leg_news(id, Party::Rep, comes, None, now);
    }

    /// What the caller speaks, so that his sound is passed on as it is; wideband as G.722.
    fn headset_codec(&self, id: CallId) -> Codec {
        match self.codecs_for(id, Party::Rep).first() {
            offer_answer::Codec::Pcma => Codec::Pcma,
            offer_answer::Codec::Pcmu => Codec::Pcmu,
            offer_answer::Codec::G722 | offer_answer::Codec::Opus => Codec::G722,
        }
    }
}
