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

/// Whether the rep is there as soon as his leg is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PickUp {
    AtOnce(LegNews),
    /// He picks up himself.
    ByHand,
}

impl Desk {
    /// `comes` is how the call hears of it: `PickedUp` or `Moved`.
    pub(super) fn open_test_seat(
        &mut self,
        id: CallId,
        kind: TestKind,
        comes: LegNews,
        now: Moment,
    ) {
        let open = |_: &Self, desk| {
            let seat = TestSeat::open(kind, desk)?;
            Ok((seat.address(), OwnEnd::Test(seat)))
        };
        self.open_own_seat(id, Codec::Pcma, PickUp::AtOnce(comes), open, now);
    }

    /// He is joined by itself where the policy answers by itself; else it rings until he picks up (D2).
    pub(super) fn open_headset(&mut self, id: CallId, comes: LegNews, now: Moment) {
        let codec = self.headset_codec(id);
        let pick_up = match comes == LegNews::Moved || self.answers_by_itself() {
            true => PickUp::AtOnce(comes),
            false => PickUp::ByHand,
        };
        let rings = pick_up == PickUp::ByHand || self.rings(id);
        let start = if rings { Start::Ringing } else { Start::Joined };
        let leg = headset::Leg {
            codec,
            payload_type: codec.payload_type(),
        };
        let open = |desk: &Self, address| {
            let worn = desk.worn.as_ref().ok_or(io::ErrorKind::NotFound)?;
            let leg = worn.headset.begin(address, leg, start)?;
            let shown = Shown {
                joined: start == Start::Joined,
                ..Shown::default()
            };
            Ok((leg.address(), OwnEnd::Headset(HeadsetEnd { leg, shown })))
        };
        self.open_own_seat(id, codec, pick_up, open, now);
    }

    fn open_own_seat(
        &mut self,
        id: CallId,
        codec: Codec,
        pick_up: PickUp,
        open: impl FnOnce(&Self, SocketAddr) -> io::Result<(SocketAddr, OwnEnd)>,
        now: Moment,
    ) {
        let opened = self.sound.open_own_port().and_then(|port: Port| {
            let end = open(self, port.address);
            end.map(|end| (port, end))
                .inspect_err(|_| self.sound.close(port.key))
        });
        let (port, (address, end)) = match opened {
            Ok(opened) => opened,
            Err(problem) => return self.no_port(id, Party::Rep, &problem, now),
        };
        let shield = self.signalling.shield(SrtpPolicy::Off);
        let mut leg = Leg::new(self.signalling.origin(), shield);
        (leg.port, leg.own_end) = (Some(port), Some(end));
        self.calls.set_leg(id, Party::Rep, leg);
        self.connect(id, Party::Rep, sound::own_spec(codec, address));
        match pick_up {
            PickUp::AtOnce(comes) => self.own_seat_comes(id, comes, now),
            PickUp::ByHand => self.leg_news(id, Party::Rep, LegNews::Ringing, None, now),
        }
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
