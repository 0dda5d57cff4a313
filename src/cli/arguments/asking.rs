//! What is asked of the agent as a whole, or only read.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Deserialize;

use super::LayersArguments;
use super::values::{utc, word};
use crate::words::{CallId, Owed, PhoneNumber, SeatId};

/// A number to dial, or what is asked about one.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(in crate::cli) struct DialArguments {
    /// There without a verb: clap asks for it.
    #[arg(required = true, value_parser = PhoneNumber::parse)]
    pub(in crate::cli) number: Option<PhoneNumber>,
    #[command(subcommand)]
    pub(in crate::cli) verb: Option<DialVerb>,
}

#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum DialVerb {
    Explain(ExplainArguments),
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct ExplainArguments {
    #[arg(value_parser = PhoneNumber::parse)]
    pub(in crate::cli) number: PhoneNumber,
    #[command(flatten)]
    pub(in crate::cli) layers: LayersArguments,
}

/// What is asked of the agent as a whole, or only read.
#[derive(Subcommand)]
pub(in crate::cli) enum AskVerb {
    Calls {
        #[arg(long, value_name = "ID")]
        sip_call_id: Option<String>,
    },
    Call {
        call: Option<CallId>,
    },
    Timeline {
        call: Option<CallId>,
    },
    Trace(TraceArguments),
    SupportBundle(SupportBundleArguments),
    Callbacks(CallbacksWords),
    CallBack(NewCallbackWords),
    Callback(WishWords),
    Delete {
        #[arg(value_parser = PhoneNumber::parse)]
        number: PhoneNumber,
        #[arg(long)]
        by: String,
        #[arg(long)]
        reason: String,
    },
    Seats,
    Seat {
        seat: SeatId,
        #[arg(value_name = "available|busy|break|offline|extend|done", value_parser = word::<SeatWord>)]
        wanted: Option<SeatWord>,
        #[arg(value_name = "REASON")]
        reason: Option<String>,
    },
    Events {
        #[arg(long, value_name = "SEQ")]
        since: Option<u64>,
    },
    Drain(DrainWords),
    Monitor {
        #[arg(long)]
        once: bool,
    },
    Health,
}

#[derive(Args)]
pub(in crate::cli) struct TraceArguments {
    pub(in crate::cli) call: Option<CallId>,
    #[arg(long)]
    pub(in crate::cli) messages: bool,
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) svg: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) pcap: Option<PathBuf>,
}

#[derive(Args)]
pub(in crate::cli) struct SupportBundleArguments {
    pub(in crate::cli) call: Option<CallId>,
    #[arg(long, value_name = "FILE", id = "bundle")]
    pub(in crate::cli) out: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) log: Option<PathBuf>,
}

#[derive(Args)]
pub(in crate::cli) struct DrainWords {
    #[arg(long)]
    pub(in crate::cli) no_wait: bool,
    #[arg(long, conflicts_with = "no_wait")]
    pub(in crate::cli) cancel: bool,
}

#[derive(Args)]
pub(in crate::cli) struct NewCallbackWords {
    #[arg(value_parser = PhoneNumber::parse)]
    pub(in crate::cli) number: PhoneNumber,
    #[arg(long)]
    pub(in crate::cli) reason: String,
    #[arg(long, value_name = "UTC", value_parser = utc)]
    pub(in crate::cli) due: Option<Timestamp>,
    #[arg(long, value_name = "MINUTES", conflicts_with = "due")]
    pub(in crate::cli) within: Option<u32>,
    #[arg(long, value_name = "rep|expert|supervisor|complaint", value_parser = word::<Owed>, default_value = "rep")]
    pub(in crate::cli) kind: Owed,
    #[arg(long)]
    pub(in crate::cli) note: Option<String>,
    #[arg(long)]
    pub(in crate::cli) seat: Option<SeatId>,
}

#[derive(Args)]
pub(in crate::cli) struct CallbacksWords {
    #[command(subcommand)]
    pub(in crate::cli) verb: Option<CallbacksVerb>,
}

#[derive(Subcommand)]
pub(in crate::cli) enum CallbacksVerb {
    Export(ExportWords),
}

#[derive(Args)]
pub(in crate::cli) struct ExportWords {
    #[arg(long, conflicts_with = "jsonl")]
    pub(in crate::cli) csv: bool,
    #[arg(long)]
    pub(in crate::cli) jsonl: bool,
    #[arg(long)]
    pub(in crate::cli) numbers: bool,
    #[arg(long)]
    pub(in crate::cli) by: Option<String>,
}

#[derive(Args)]
pub(in crate::cli) struct WishWords {
    pub(in crate::cli) callback: String,
    #[arg(value_name = "cancel|done|snooze|assign|redial", value_parser = word::<WishWord>)]
    pub(in crate::cli) wanted: Option<WishWord>,
    #[arg(long)]
    pub(in crate::cli) by: Option<String>,
    #[arg(long, required_if_eq("wanted", "cancel"))]
    pub(in crate::cli) reason: Option<String>,
    #[arg(long, value_name = "UTC", value_parser = utc, required_if_eq("wanted", "snooze"))]
    pub(in crate::cli) until: Option<Timestamp>,
    #[arg(long)]
    pub(in crate::cli) seat: Option<SeatId>,
}

/// What a rep may want of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum WishWord {
    Cancel,
    Done,
    /// Not before a time.
    Snooze,
    /// To a seat, or to whichever is free.
    Assign,
    Redial,
}

/// What a rep may want of his seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum SeatWord {
    #[serde(alias = "ready")]
    Available,
    #[serde(alias = "away")]
    Busy,
    Break,
    Offline,
    /// The wrap-up, by as much as the settings say.
    Extend,
    /// The wrap-up ends now.
    Done,
}
