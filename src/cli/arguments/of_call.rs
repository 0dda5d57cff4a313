//! What is asked of one call.

use clap::{ArgAction, Subcommand};
use jiff::Timestamp;

use super::values::{on_or_off, utc, word, yes_or_no};
use crate::words::{CallId, ConsentFor, Digits, Language, Owed, PromptId, SeatId, TransferMode};

/// What is asked of one call; with one live call its id may be left out.
#[derive(Subcommand)]
pub(in crate::cli) enum CallVerb {
    Answer {
        call: Option<CallId>,
    },
    Hold {
        call: Option<CallId>,
        #[arg(long)]
        reason: Option<String>,
        #[arg(long)]
        agreed: bool,
    },
    Return {
        call: Option<CallId>,
    },
    Transfer {
        target: String,
        call: Option<CallId>,
        #[arg(long, value_parser = word::<TransferMode>)]
        mode: Option<TransferMode>,
        #[arg(long)]
        agreed: bool,
    },
    Join {
        call: Option<CallId>,
    },
    Abandon {
        call: Option<CallId>,
    },
    Move {
        seat: SeatId,
        call: Option<CallId>,
    },
    Consent {
        #[arg(value_name = "hold|transfer|callback", value_parser = word::<ConsentFor>)]
        to: ConsentFor,
        #[arg(value_name = "yes|no", action = ArgAction::Set, value_parser = yes_or_no)]
        answer: bool,
        call: Option<CallId>,
    },
    Hangup {
        call: Option<CallId>,
        #[arg(long, requires = "reason")]
        force: bool,
        #[arg(long)]
        reason: Option<String>,
    },
    Mute {
        #[arg(value_name = "on|off", action = ArgAction::Set, value_parser = on_or_off)]
        switch: bool,
        call: Option<CallId>,
    },
    Say {
        phrase: PromptId,
        call: Option<CallId>,
    },
    Dtmf {
        #[arg(value_parser = str::parse::<Digits>)]
        digits: Digits,
        call: Option<CallId>,
    },
    Note {
        text: String,
        call: Option<CallId>,
    },
    Language {
        #[arg(value_name = "zh-CN|en")]
        spoken: Language,
        call: Option<CallId>,
    },
    CannotHear {
        call: Option<CallId>,
    },
    Machine {
        call: Option<CallId>,
    },
    StillLooking {
        call: Option<CallId>,
    },
    Promise {
        call: Option<CallId>,
        #[arg(long)]
        reason: String,
        #[arg(long, value_name = "UTC", value_parser = utc)]
        due: Option<Timestamp>,
        #[arg(long, value_name = "MINUTES", conflicts_with = "due")]
        within: Option<u32>,
        #[arg(long, value_name = "rep|expert|supervisor|complaint", value_parser = word::<Owed>, default_value = "rep")]
        kind: Owed,
        #[arg(long)]
        note: Option<String>,
    },
    ClosingSaid {
        call: Option<CallId>,
    },
}
