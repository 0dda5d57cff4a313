//! Where settings come from, and what only reads them.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::values::setting;
use crate::cli::Environment;
use crate::doctor::Check;
use crate::settings::Sources;

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct ConfigArguments {
    #[command(subcommand)]
    pub(in crate::cli) verb: ConfigVerb,
}

#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum ConfigVerb {
    Check(LayersArguments),
    Show(ShowArguments),
    #[command(name = "explain")]
    ExplainKey(ExplainKeyArguments),
    Schema,
}

/// Where settings come from.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct LayersArguments {
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) config: Option<PathBuf>,
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) state: Option<PathBuf>,
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    pub(in crate::cli) set: Vec<String>,
}

impl LayersArguments {
    pub(in crate::cli) fn sources(&self, environment: &Environment) -> Sources {
        Sources {
            file: self.config.clone(),
            sets: self.set.clone(),
            state: self.state.clone().or_else(|| environment.state()),
        }
    }
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct ShowArguments {
    #[command(flatten)]
    pub(in crate::cli) layers: LayersArguments,
    #[arg(long)]
    pub(in crate::cli) origin: bool,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct ExplainKeyArguments {
    pub(in crate::cli) key: String,
    #[command(flatten)]
    pub(in crate::cli) layers: LayersArguments,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct DevicesArguments {
    #[arg(long)]
    pub(in crate::cli) watch: bool,
    #[arg(long = "test", id = "try_headset", conflicts_with = "watch")]
    pub(in crate::cli) test: bool,
    #[command(flatten)]
    pub(in crate::cli) layers: LayersArguments,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct DoctorArguments {
    #[command(subcommand)]
    pub(in crate::cli) verb: Option<DoctorVerb>,
    #[command(flatten)]
    pub(in crate::cli) layers: LayersArguments,
    #[arg(long)]
    pub(in crate::cli) fix: bool,
    #[arg(long, value_name = "CHECK", value_delimiter = ',', value_parser = str::parse::<Check>)]
    pub(in crate::cli) only: Vec<Check>,
}

#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum DoctorVerb {
    Call(EchoArguments),
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct EchoArguments {
    /// Without one the echo test that an account names, or one of our own.
    #[arg(id = "echo", value_name = "URI|NUMBER")]
    pub(in crate::cli) whom: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) layers: LayersArguments,
}
