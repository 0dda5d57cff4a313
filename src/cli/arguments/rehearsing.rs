//! What is tried, shown and lived through again without a line.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::words::{Language, PromptId};

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct RehearseArguments {
    /// A shipped policy's name, or a file.
    pub(in crate::cli) policy: String,
    /// Files, or folders of them; without one the shipped scripts.
    #[arg(value_name = "SCRIPT")]
    pub(in crate::cli) scripts: Vec<PathBuf>,
    #[arg(long, requires = "scripts")]
    pub(in crate::cli) update: bool,
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) junit: Option<PathBuf>,
    #[arg(long, value_name = "DIR", conflicts_with = "scripts")]
    pub(in crate::cli) copy: Option<PathBuf>,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct PromptsArguments {
    #[command(subcommand)]
    pub(in crate::cli) verb: PromptsVerb,
}

#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum PromptsVerb {
    List {
        /// Without one the shipped phrases; so in all verbs.
        #[arg(value_name = "FOLDER")]
        prompts: Option<PathBuf>,
    },
    Lint {
        /// Folders of phrases, and any text files.
        #[arg(value_name = "PATH")]
        linted: Vec<PathBuf>,
        #[arg(
            long,
            value_name = "POLICY",
            default_value = "standard",
            id = "linted_policy"
        )]
        policy: String,
    },
    Play(PlayArguments),
    Import(ImportArguments),
    Render(RenderArguments),
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct PlayArguments {
    pub(in crate::cli) phrase: PromptId,
    #[arg(value_name = "FOLDER")]
    pub(in crate::cli) prompts: Option<PathBuf>,
    #[arg(long, value_name = "zh-CN|en")]
    pub(in crate::cli) spoken: Option<Language>,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct ImportArguments {
    #[arg(required = true, value_name = "RECORDING")]
    pub(in crate::cli) recordings: Vec<PathBuf>,
    #[arg(long, value_name = "FOLDER")]
    pub(in crate::cli) into: PathBuf,
    #[arg(long, value_name = "zh-CN|en")]
    pub(in crate::cli) spoken: Language,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct RenderArguments {
    #[arg(value_name = "FOLDER", id = "rendered")]
    pub(in crate::cli) prompts: PathBuf,
    #[arg(long)]
    pub(in crate::cli) all: bool,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct PolicyArguments {
    #[command(subcommand)]
    pub(in crate::cli) verb: PolicyVerb,
}

#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum PolicyVerb {
    Explain {
        /// A shipped policy's name, or a file.
        #[arg(default_value = "standard")]
        policy: String,
    },
    Timing {
        /// As of `explain`.
        #[arg(default_value = "standard")]
        policy: String,
    },
    Diff {
        old: String,
        new: String,
        #[arg(value_name = "JOURNAL")]
        journals: Vec<PathBuf>,
    },
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct ReplayArguments {
    #[arg(value_name = "JOURNAL")]
    pub(in crate::cli) journal: PathBuf,
}
