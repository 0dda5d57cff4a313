//! What the buttons of the rep's headset ask for: the commands of the API, one press each.

use crate::buttons::Press;
use crate::call::{Input, LegNews, Refused};
use crate::records::What;
use crate::seating::{Declined, Seat};
use crate::seats::ButtonNews;
use crate::words::{CallId, Command, Moment, Party};

use super::Desk;
use super::by_hand::Wanted;

/// What a seat says that declines (RFC 3261 21.4.18).
const BUSY_HERE: u16 = 486;

impl Desk {
    pub(super) fn button_news(&mut self, news: ButtonNews, now: Moment) {
        let (state, device) = match news {
            ButtonNews::Pressed(press) => return self.pressed(press, now),
            ButtonNews::Found { name } => ("found", name),
            ButtonNews::Missing => ("missing", String::new()),
            ButtonNews::Gone { name } => ("gone", name),
            ButtonNews::Denied { name, path } => {
                tracing::warn!(name, path, "read a headset's buttons: permission denied");
                ("denied", name)
            }
            ButtonNews::Unfit { name, why } => {
                tracing::warn!(name, why, "read a headset's buttons");
                ("unfit", name)
            }
        };
        let state = state.to_owned();
        self.note_desk(What::Buttons { state, device }, now);
    }

    fn pressed(&mut self, press: Press, now: Moment) {
        match self.wearers_call() {
            Some(id) => self.pressed_in_call(id, press, now),
            None if press == Press::Redial => self.redial(now),
            None => {}
        }
        self.settle(now);
    }

    fn pressed_in_call(&mut self, id: CallId, press: Press, now: Moment) {
        let rings = self.rings(id) || !self.wearer_is_up(id);
        let command = match press {
            Press::Answer => Command::Answer,
            Press::HangUp if rings => return self.declines(id, now),
            Press::HangUp => return self.hangs_up(id, now),
            Press::MuteOn => Command::Mute { on: true },
            Press::MuteOff => Command::Mute { on: false },
            Press::ToggleMute => Command::Mute {
                on: !self.is_muted(id),
            },
            Press::Hold if self.holds(id) => Command::Return,
            // He asks, then presses: one action says that the caller agreed (D10).
            Press::Hold => Command::Hold {
                reason: None,
                agreed: true,
            },
            Press::Redial => return,
        };
        self.opens_microphone(id, &command);
        if !self.picks_up_headset(id, &command, now) {
            self.later(id, Input::Command(command));
        }
    }

    /// Where he may not, the call goes on: a headset that went on the hook by itself is lifted again.
    fn hangs_up(&mut self, id: CallId, now: Moment) {
        let hangup = Command::Hangup {
            force: false,
            reason: None,
        };
        if !self.is_done(id, Input::Command(hangup), now)
            && let Some(worn) = &self.worn
        {
            worn.show_again();
        }
    }

    /// He does not take this call: another seat may.
    fn declines(&mut self, id: CallId, now: Moment) {
        let how = (
            Declined::Refused,
            LegNews::Refused(Refused::status(BUSY_HERE)),
        );
        self.headset_declines(id, how, Some(BUSY_HERE), now);
    }

    fn redial(&mut self, now: Moment) {
        let Some(number) = self.duty.last_dialled.clone() else {
            return;
        };
        // He speaks by what he wears: nobody else's phone rings for his button.
        let seat = self.headset_seat();
        let seat = seat.filter(|seat| self.seating.get(seat).is_some_and(Seat::is_free));
        if seat.is_none() {
            return;
        }
        let wanted = Wanted {
            number,
            seat,
            reply: None,
        };
        self.dial_by_hand(wanted, now);
    }

    fn wearer_is_up(&self, id: CallId) -> bool {
        self.calls.leg(id, Party::Rep).is_some_and(|leg| leg.up)
    }
}
