//! Callers that are played.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::values::{rate, uri};
use crate::impairment::Weather;
use crate::sip::Uri;

/// Scenarios to play, or a relay to play them through.
#[derive(Args, Clone, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(in crate::cli) struct SimArguments {
    #[arg(value_name = "SCENARIO", required = true)]
    pub(in crate::cli) scenarios: Vec<PathBuf>,
    #[arg(id = "sim_target", long = "target", value_name = "URI", value_parser = uri)]
    pub(in crate::cli) target: Option<Uri>,
    #[arg(id = "calls", long = "count", value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(in crate::cli) count: u32,
    #[arg(long, value_name = "CALLS", default_value = "1", value_parser = rate)]
    pub(in crate::cli) cps: f64,
    #[arg(long, value_name = "N")]
    pub(in crate::cli) seed: Option<u64>,
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) junit: Option<PathBuf>,
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) wav: Option<PathBuf>,
    #[command(subcommand)]
    pub(in crate::cli) verb: Option<SimVerb>,
}

#[derive(Subcommand, Clone, Debug)]
pub(in crate::cli) enum SimVerb {
    Relay(RelayArguments),
}

#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct RelayArguments {
    #[arg(value_name = "LISTEN")]
    pub(in crate::cli) listen: SocketAddr,
    #[arg(id = "relay_to", value_name = "TO")]
    pub(in crate::cli) to: SocketAddr,
    #[arg(long, value_name = "WEATHER", default_value = "clear")]
    pub(in crate::cli) there: Weather,
    #[arg(long, value_name = "WEATHER", default_value = "clear")]
    pub(in crate::cli) back: Weather,
    #[arg(long, value_name = "N")]
    pub(in crate::cli) seed: Option<u64>,
}
