//! The words that a script knows: what is not one of them is told with the nearest.

use crate::call::{LegNews, PromiseKind, Refused, Sign};

pub(super) const WHO: [&str; 4] = ["caller", "rep", "target", "desk"];

pub(super) const DESK: [&str; 4] = ["shuts down", "no seat", "waits", "calls back KIND"];

/// Why the desk may call back.
pub(super) const KINDS: [PromiseKind; 7] = [
    PromiseKind::LineFault,
    PromiseKind::Rep,
    PromiseKind::Supervisor,
    PromiseKind::Expert,
    PromiseKind::Waiting,
    PromiseKind::Crash,
    PromiseKind::Complaint,
];

/// News of a leg.
pub(super) const LEGS: [(&str, LegNews); 19] = [
    ("rings", LegNews::Ringing),
    ("picks up", LegNews::PickedUp),
    ("acks", LegNews::Acked),
    ("never acks", LegNews::NeverAcked),
    ("cancels", LegNews::Cancelled),
    ("is taken elsewhere", LegNews::AnsweredElsewhere),
    ("is busy", LegNews::Refused(Refused::status(486))),
    ("refuses", LegNews::Refused(Refused::status(603))),
    ("does not answer", LegNews::NoAnswer),
    ("hangs up", LegNews::HungUp),
    ("is lost", LegNews::Lost),
    ("does not refresh", LegNews::Expiring),
    ("holds", LegNews::Holds),
    ("resumes", LegNews::Resumes),
    ("loses headset", LegNews::Away),
    ("has headset", LegNews::Back),
    ("has moved", LegNews::Moved),
    ("is handed off", LegNews::HandedOff),
    ("is not handed off", LegNews::NotHandedOff),
];

/// What is heard of whom we call.
pub(super) const SIGNS: [(&str, Sign); 9] = [
    ("sounds ringback", Sign::Ringback),
    ("sounds busy", Sign::Busy),
    ("sounds special", Sign::SpecialInformation),
    ("sounds music", Sign::Music),
    ("sounds announcement", Sign::Announcement),
    ("sounds fax", Sign::Fax),
    ("is a person", Sign::Person),
    ("is a machine", Sign::Machine),
    ("beeps", Sign::Beep),
];

/// What a party does beside, with an example of what follows.
pub(super) const PARTY: [&str; 8] = [
    "speaks 2s",
    "falls silent",
    "types 138#",
    "presses 1",
    "takes offer",
    "refuses offer",
    "line media-stopped",
    "is refused 503",
];

/// What a rep may ask for, with an example of what follows.
pub(super) const COMMANDS: [&str; 23] = [
    "answer",
    "hold lookup, agreed",
    "return",
    "transfer expert consult, agreed",
    "phone-transfer expert announced",
    "join",
    "abandon",
    "move",
    "consent hold yes",
    "hangup",
    "force REASON",
    "mute",
    "unmute",
    "recording paused",
    "say PHRASE",
    "dtmf 12#",
    "note TEXT",
    "language en",
    "cannot-hear",
    "machine",
    "still-looking",
    "promise REASON",
    "closing-said",
];
