//! Settings that an admin keeps in one place.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::LayersArguments;

/// One code, once.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct EnrolArguments {
    #[arg(id = "enrolment_code", value_name = "CODE")]
    pub(in crate::cli) code: String,
    #[command(flatten)]
    pub(in crate::cli) layers: LayersArguments,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct ProvisionArguments {
    #[command(subcommand)]
    pub(in crate::cli) verb: ProvisionVerb,
}

#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum ProvisionVerb {
    #[command(name = "show")]
    ShowShare(LayersArguments),
    Keys {
        #[arg(id = "signing_key", value_name = "FILE")]
        key: PathBuf,
    },
    Sign(SignArguments),
    Codes {
        #[arg(value_name = "FILE")]
        codes: PathBuf,
    },
    Serve(ServeArguments),
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct SignArguments {
    #[arg(id = "provisioned", value_name = "FOLDER")]
    pub(in crate::cli) folder: PathBuf,
    #[arg(long = "key", id = "sign_with", value_name = "FILE")]
    pub(in crate::cli) key: PathBuf,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct ServeArguments {
    #[arg(id = "provisioned", value_name = "FOLDER")]
    pub(in crate::cli) folder: PathBuf,
    #[arg(long = "listen", id = "serve_at", value_name = "ADDRESS")]
    pub(in crate::cli) listen: SocketAddr,
    #[arg(long = "cert", id = "serve_cert", value_name = "FILE")]
    pub(in crate::cli) certificate: PathBuf,
    #[arg(long = "key", id = "serve_key", value_name = "FILE")]
    pub(in crate::cli) key: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) codes: Option<PathBuf>,
}
