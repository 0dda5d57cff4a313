//! What starts the agent, or puts one in place.

use std::path::PathBuf;

use clap::Args;

use super::LayersArguments;
use super::values::{count, setting};
use crate::provision::Digest;

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct RunArguments {
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) config: Option<PathBuf>,
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) state: Option<PathBuf>,
    #[arg(long, value_name = "N", value_parser = count)]
    pub(in crate::cli) exit_after: Option<u64>,
    #[arg(long)]
    pub(in crate::cli) test: bool,
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    pub(in crate::cli) set: Vec<String>,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct DemoArguments {
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) scene: Option<String>,
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) record: Option<PathBuf>,
}

/// What is given is not asked for.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct SetupArguments {
    #[arg(long)]
    pub(in crate::cli) yes: bool,
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) config: Option<PathBuf>,
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) state: Option<PathBuf>,
    #[arg(long = "seat", id = "setup_seat", value_name = "headset|URI")]
    pub(in crate::cli) seat: Option<String>,
    #[arg(long, value_name = "USER@DOMAIN")]
    pub(in crate::cli) account: Option<String>,
    #[arg(long, value_name = "HOST:PORT")]
    pub(in crate::cli) proxy: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) password_file: Option<PathBuf>,
}

/// Another program, or the previous one again.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct UpdateArguments {
    #[arg(
        required_unless_present = "previous",
        conflicts_with = "previous",
        value_name = "PROGRAM"
    )]
    pub(in crate::cli) program: Option<PathBuf>,
    #[arg(long = "back")]
    pub(in crate::cli) previous: bool,
    #[arg(long, value_name = "HEX", conflicts_with = "previous")]
    pub(in crate::cli) sha256: Option<Digest>,
    #[arg(long, value_name = "COMMAND")]
    pub(in crate::cli) restart: Option<String>,
    /// In whose place it comes; without one this very program's.
    #[arg(long, value_name = "PROGRAM")]
    pub(in crate::cli) installed: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) layers: LayersArguments,
}
