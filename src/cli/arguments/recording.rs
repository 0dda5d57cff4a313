//! What is asked of recordings.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::words::CallId;

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct RecordingArguments {
    #[command(subcommand)]
    pub(in crate::cli) verb: RecordingVerb,
}

#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum RecordingVerb {
    Pause { call: Option<CallId> },
    Resume { call: Option<CallId> },
    Decrypt(DecryptArguments),
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct DecryptArguments {
    #[arg(value_name = "IN")]
    pub(in crate::cli) sealed: PathBuf,
    #[arg(value_name = "OUT")]
    pub(in crate::cli) opened: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) key_file: PathBuf,
}
