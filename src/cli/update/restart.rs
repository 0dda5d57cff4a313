//! How the agent is started again.

use std::process::{Command, Stdio};

use crate::words::Sentence;

/// The rep's own service, as `thirdring setup` writes it (config/systemd/thirdring.service).
const UNIT: &str = "thirdring";

/// A command line of the system's shell.
pub(super) struct Restart {
    command: String,
}

impl Restart {
    /// As it is said, or by the rep's service where he has one; none where only he knows.
    pub(super) fn of(command: Option<&str>) -> Option<Self> {
        let command = command
            .map(str::to_owned)
            .or_else(|| is_a_service().then(|| format!("systemctl --user restart {UNIT}")));
        command.map(|command| Self { command })
    }

    pub(super) fn command(&self) -> &str {
        &self.command
    }

    /// Its output is shown: it says why it fails.
    pub(super) fn run(&self) -> Result<(), Sentence> {
        let failed = |why: String| {
            Sentence::of("update.not-started")
                .with("command", &self.command)
                .with("why", why)
        };
        let ended = shell(&self.command).stdin(Stdio::null()).status();
        let ended = ended.map_err(|why| failed(why.to_string()))?;
        match ended.success() {
            true => Ok(()),
            false => Err(failed(ended.to_string())),
        }
    }
}

fn shell(command: &str) -> Command {
    let (shell, option) = match cfg!(windows) {
        true => ("cmd", "/C"),
        false => ("sh", "-c"),
    };
    let mut shell = Command::new(shell);
    shell.args([option, command]);
    shell
}

fn is_a_service() -> bool {
    let asked = Command::new("systemctl")
        .args(["--user", "is-enabled", "--quiet", UNIT])
        .stderr(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}
