//! The rep's headset: what follows when it comes and goes, and what it should know of his call.

use crate::buttons::Lamps;
use crate::call::{LegNews, Notice};
use crate::policy::AnswerMode;
use crate::records::What;
use crate::seating;
use crate::seats::headset::{Fault, Headset, News};
use crate::seats::{Buttons, Sought, UsbId};
use crate::words::{CallId, Command, Glob, Moment, Party, SeatId};

use super::Desk;
use super::house::Place;
use super::own_seats::{OwnEnd, Shown};

/// What the rep of this PC wears.
#[derive(Debug)]
pub(super) struct Worn {
    pub(super) headset: Headset,
    /// Where they are wanted.
    buttons: Option<Buttons>,
    /// For the buttons of a headset whose USB id is unknown.
    prefer: Vec<Glob>,
    lamps: Lamps,
    /// Its microphone is muted at the sound server.
    muted_there: bool,
}

impl Worn {
    pub(super) fn new(headset: Headset, buttons: Option<Buttons>, prefer: Vec<Glob>) -> Self {
        Self {
            headset,
            buttons,
            prefer,
            lamps: Lamps::default(),
            muted_there: false,
        }
    }

    /// Another headset is worn: its own buttons are wanted.
    fn look_for_buttons(&self, card: Option<UsbId>) {
        let prefer = self.prefer.clone();
        if let Some(buttons) = &self.buttons {
            buttons.look(Sought { card, prefer });
        }
    }

    pub(super) fn show_again(&self) {
        if let Some(buttons) = &self.buttons {
            buttons.show(self.lamps);
        }
    }

    fn light(&mut self, lamps: Lamps) {
        let changed = std::mem::replace(&mut self.lamps, lamps) != lamps;
        if let Some(buttons) = self.buttons.as_ref().filter(|_| changed) {
            buttons.show(lamps);
        }
    }
}

impl Desk {
    pub(super) fn headset_news(&mut self, news: News, now: Moment) {
        let Some(seat) = self.headset_seat() else {
            return;
        };
        match news {
            News::Worn(usb) => {
                if let Some(worn) = &self.worn {
                    worn.look_for_buttons(usb);
                }
            }
            News::Able => self.headset_is(&seat, None, now),
            News::Unable(fault) => self.headset_is(&seat, Some(fault), now),
            News::TalkingWhileMuted => self.tell_wearer(Notice::TalkingWhileMuted, now),
            News::MicrophoneSilent => self.tell_wearer(Notice::MicrophoneSilent, now),
            News::EchoHeard => self.tell_wearer(Notice::EchoCancelled, now),
        }
        self.settle(now);
    }

    /// The seat is rung while its headset works; a call that has it already goes on without, and with it again.
    fn headset_is(&mut self, seat: &SeatId, fault: Option<Fault>, now: Moment) {
        let state = fault.map_or("ready", Fault::as_str).to_owned();
        let what = What::Headset {
            seat: seat.clone(),
            state,
        };
        self.note_desk(what, now);
        if let Some(worn) = &mut self.worn {
            worn.muted_there = fault == Some(Fault::Muted);
        }
        let is_there = fault.is_none();
        let changed = self.seating.set_device(seat, fault.map(seats_fault), now);
        if let Some(id) = self.wearers_call() {
            self.wearer_is(id, is_there, now);
        }
        if changed {
            self.seats_changed(now);
        }
    }

    fn wearer_is(&mut self, id: CallId, is_there: bool, now: Moment) {
        let is_up = self.calls.leg(id, Party::Rep).is_some_and(|leg| leg.up);
        match (is_up, is_there) {
            (true, true) => self.leg_news(id, Party::Rep, LegNews::Back, None, now),
            (true, false) => self.leg_news(id, Party::Rep, LegNews::Away, None, now),
            (false, true) => {}
            // It cannot be picked up.
            (false, false) => {
                let how = (seating::Declined::Missed, LegNews::Lost);
                self.headset_declines(id, how, None, now);
            }
        }
    }

    fn tell_wearer(&mut self, notice: Notice, now: Moment) {
        if let Some(id) = self.wearers_call() {
            let notice = notice.to_string();
            self.note(id, What::Told { notice }, now);
        }
    }

    /// A rep who picks up by hand says so by this command.
    pub(super) fn picks_up_headset(&mut self, id: CallId, command: &Command, now: Moment) -> bool {
        let leg = self.calls.leg(id, Party::Rep);
        let rings =
            leg.is_some_and(|leg| matches!(leg.own_end, Some(OwnEnd::Headset(_))) && !leg.up);
        let picks_up = rings && *command == Command::Answer;
        if picks_up {
            self.own_seat_picks_up(id, now);
        }
        picks_up
    }

    /// Whoever opens his microphone opens it at the sound server, too: it may have been muted there alone.
    pub(super) fn opens_microphone(&self, id: CallId, command: &Command) {
        let opens = *command == Command::Mute { on: false };
        if let Some(worn) = self.worn.as_ref().filter(|_| opens)
            && self.wearers_call() == Some(id)
        {
            worn.headset.mute(false);
        }
    }

    /// Brings what the headset lets its rep hear and see up to what his call is.
    pub(super) fn follow_wearer(&mut self) {
        if self.worn.is_none() {
            return;
        }
        let call = self.wearers_call();
        let lamps = call.map_or_else(Lamps::default, |id| self.lamps(id));
        if let Some(worn) = &mut self.worn {
            worn.light(lamps);
        }
        if let Some(id) = call {
            self.show_wearer(id);
        }
    }

    fn lamps(&self, id: CallId) -> Lamps {
        let is_up = self.calls.leg(id, Party::Rep).is_some_and(|leg| leg.up);
        let base = match is_up && !self.rings(id) {
            true => Lamps::TALKING,
            false => Lamps::RINGING,
        };
        Lamps {
            muted: self.is_muted(id),
            held: self.holds(id),
            ..base
        }
    }

    fn show_wearer(&mut self, id: CallId) {
        let is = Shown {
            joined: !self.rings(id),
            muted: self.is_muted(id),
            waited_for: self.seating.is_anybody_waiting(),
        };
        let leg = self.calls.leg_mut(id, Party::Rep).filter(|leg| leg.up);
        let (Some(Some(OwnEnd::Headset(end))), Some(worn)) =
            (leg.map(|leg| &mut leg.own_end), &self.worn)
        else {
            return;
        };
        let was = std::mem::replace(&mut end.shown, is);
        if is.joined && !was.joined {
            worn.headset.joined();
        }
        if is.muted != was.muted {
            worn.headset.mute(is.muted);
        }
        if is.waited_for != was.waited_for {
            worn.headset.call_waiting(is.waited_for);
        }
    }

    /// The caller hears it ring.
    pub(super) fn rings(&self, id: CallId) -> bool {
        self.calls
            .get(id)
            .is_some_and(|call| call.call.state() == "ringing")
    }

    /// By his word, or at the sound server.
    pub(super) fn is_muted(&self, id: CallId) -> bool {
        let there = self.worn.as_ref().is_some_and(|worn| worn.muted_there);
        there || self.calls.get(id).is_some_and(|call| call.call.is_muted())
    }

    pub(super) fn holds(&self, id: CallId) -> bool {
        let call = self.calls.get(id);
        call.is_some_and(|call| call.call.state() == "holding")
    }

    pub(super) fn answers_by_itself(&self) -> bool {
        self.house.terms.policy.answer.mode == AnswerMode::Auto
    }

    pub(super) fn headset_seat(&self) -> Option<SeatId> {
        let mut seats = self.house.seats.iter();
        let seat = seats.find(|(_, place)| matches!(place, Place::Headset));
        seat.map(|(id, _)| id.clone())
    }

    /// The call whose rep wears the headset.
    pub(super) fn wearers_call(&self) -> Option<CallId> {
        let seat = self.headset_seat()?;
        let id = self.seating.get(&seat)?.standing().call?;
        let end = &self.calls.leg(id, Party::Rep)?.own_end;
        matches!(end, Some(OwnEnd::Headset(_))).then_some(id)
    }
}

/// What keeps the seat from taking calls.
fn seats_fault(fault: Fault) -> seating::Fault {
    match fault {
        Fault::Muted | Fault::MicrophoneDead => seating::Fault::DeadMicrophone,
        Fault::Looking
        | Fault::NoServer
        | Fault::Missing
        | Fault::Refused
        | Fault::Stalled
        | Fault::RunsAway => seating::Fault::NoHeadset,
    }
}
