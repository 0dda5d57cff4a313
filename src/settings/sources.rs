use std::path::PathBuf;

/// Where settings come from, beside the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// With `conf.d/` beside it.
    pub file: Option<PathBuf>,
    /// `section.key=value`.
    pub sets: Vec<String>,
    /// The agent's state folder, where what is provisioned and what was enrolled is kept.
    pub state: Option<PathBuf>,
}
