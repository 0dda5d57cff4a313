use std::collections::BTreeSet;

use crate::call::LegNews;
use crate::words::Party;

/// Who is, or may be, on the line.
#[derive(Debug, Default)]
pub(super) struct Legs {
    pub(super) there: BTreeSet<Party>,
    /// The caller's leg is confirmed, so that a farewell is owed (D27).
    pub(super) caller_confirmed: bool,
    /// The caller's own hold (D13).
    pub(super) caller_holds: bool,
    /// The rep on the line has no headset.
    away: bool,
    /// The rep's own phone holds (D23).
    rep_holds: bool,
    /// ... and that was agreed to, or its missing consent recorded.
    rep_may_hold: bool,
}

/// Here the caller has agreed already, or his missing consent is in the log.
const HELD: [&str; 4] = ["holding", "transferring", "consulting", "announcing"];

impl Legs {
    pub(super) fn note(&mut self, party: Party, news: LegNews, state: &str) {
        match news {
            LegNews::Acked => {
                self.caller_confirmed |= party == Party::Caller && state == "answering";
            }
            LegNews::PickedUp => {
                self.away &= party != Party::Rep;
                let ours = !self.there.insert(party);
                self.caller_confirmed |= ours && party == Party::Caller;
            }
            LegNews::Holds | LegNews::Resumes if party == Party::Caller => {
                self.caller_holds = news == LegNews::Holds;
            }
            LegNews::Away | LegNews::Back if party == Party::Rep => {
                self.away = news == LegNews::Away && self.has(party);
            }
            LegNews::Holds | LegNews::Resumes if party == Party::Rep => {
                self.rep_holds = news == LegNews::Holds && self.has(Party::Rep);
                self.rep_may_hold = self.rep_holds && HELD.contains(&state);
            }
            LegNews::Moved if party == Party::Rep && self.has(party) => {
                (self.away, self.rep_holds) = (false, false);
            }
            LegNews::Cancelled
            | LegNews::AnsweredElsewhere
            | LegNews::Refused(_)
            | LegNews::NoAnswer
            | LegNews::HungUp
            | LegNews::Lost => {
                self.there.remove(&party);
                self.rep_holds &= party != Party::Rep;
            }
            LegNews::NeverAcked
            | LegNews::Expiring
            | LegNews::Ringing
            | LegNews::Holds
            | LegNews::Resumes
            | LegNews::Moved
            | LegNews::Away
            | LegNews::Back
            | LegNews::Kept
            | LegNews::HandedOff
            | LegNews::NotHandedOff
            | LegNews::NoSeat => {}
        }
    }

    /// The rep hears and is heard.
    pub(super) fn has_able_rep(&self) -> bool {
        self.has(Party::Rep) && !self.away
    }

    /// The caller agreed, or that he did not is written down.
    pub(super) fn may_hold(&mut self) {
        self.rep_may_hold = self.rep_holds;
    }

    /// The rep's own phone holds, and nothing is left to ask.
    pub(super) fn is_held_by_phone(&self) -> bool {
        self.rep_holds && self.rep_may_hold
    }

    pub(super) fn has(&self, party: Party) -> bool {
        self.there.contains(&party)
    }
}
