use serde::{Deserialize, Serialize};

use crate::words::{Command, Key, Moment, Party, TransferMode};

use super::{Line, Refused, RepairNews, Sign, Ticket, Timer, Utterance};

/// Everything that can happen to a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    Leg(Party, LegNews),
    /// What the rep asks for; answered by `Action::Refused` or by being done.
    Command(Command),
    /// The rep leads the caller on by his own phone (D23); answered like a command.
    PhoneTransfer {
        target: String,
        mode: TransferMode,
    },
    Phrase(Utterance, PhraseNews),
    Key(Party, Key),
    /// A voice began or ended at `since`, by the line's own hearing.
    Voice {
        party: Party,
        speaking: bool,
        since: Moment,
    },
    Line(Party, Line),
    /// What is heard of whom we call.
    Sign(Sign),
    /// What became of `Action::Repair`.
    Repair(Party, RepairNews),
    Promised(Ticket, Promised),
    /// The answer to `Action::Judge`.
    Judged(Judgement),
    TimedOut(Timer),
    /// The agent is being stopped (D29).
    ShutDown,
}

/// News of one leg. SIP is spoken elsewhere; this is what it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LegNews {
    /// Their phone rings.
    Ringing,
    /// They answered our call.
    PickedUp,
    /// They acknowledged our answer.
    Acked,
    /// They never acknowledged our answer.
    NeverAcked,
    /// They gave up while we rang.
    Cancelled,
    /// They were taken by another device of our extension while we rang: nobody is missed.
    AnsweredElsewhere,
    /// They are busy or refuse, or their network does.
    Refused(Refused),
    /// Nobody answered in time, or the call never got there.
    NoAnswer,
    HungUp,
    /// The leg is gone without a word: 408, 481, no RTP, ICMP.
    Lost,
    /// Nobody refreshes their session: their leg ends soon, after our farewell (RFC 4028 10, D27).
    Expiring,
    /// Their own hold (D13, D23).
    Holds,
    Resumes,
    /// Another seat has taken the rep's place.
    Moved,
    /// The rep's headset is gone: his leg is up, and he neither hears nor is heard.
    Away,
    /// The rep has a headset again.
    Back,
    /// The exchange has taken the caller to the target (D22).
    HandedOff,
    /// It has not: we stay between them.
    NotHandedOff,
    /// A seat is kept for the call, and not rung yet.
    Kept,
    /// There is no ready seat (D9).
    NoSeat,
}

/// News of a phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhraseNews {
    /// Its first packet has left.
    Started,
    Ended {
        whole: bool,
    },
}

/// Whether anybody may be promised a call to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    MayBeCalled,
    /// An emergency number, one that is never phoned back, or one that the dial rules do not let through (D34).
    NeverCalled,
}

/// What became of a promise's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Promised {
    /// Committed, due within five minutes and a seat is staffed.
    WithinFiveMinutes,
    /// Committed; nothing nearer is said of when it is due.
    Soon,
    /// Committed, moved past the quiet hours: to later today, ...
    LaterToday,
    /// ... to tomorrow morning, ...
    Tomorrow,
    /// ... to the next day that is not quiet.
    NextWorkingDay,
    /// Not committed: nothing may be promised (D24).
    NotNoted,
}
