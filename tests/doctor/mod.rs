//! `thirdring doctor` as an admin runs it: what is broken on purpose is found, and what is whole is not blamed.

mod echo;
mod headset;
mod keeping;
mod network;
mod pc;
mod registrar;
mod running;
mod setup;
mod sheet;

pub(crate) use echo::without_figures;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::peers::scratch::Scratch;

/// A PC with settings and a state folder of its own.
pub(crate) struct Patient {
    scratch: Scratch,
    environment: Vec<(String, String)>,
}

/// What was told of it.
#[derive(Debug)]
struct Told {
    code: Option<i32>,
    findings: Vec<Value>,
}

impl Patient {
    /// Ports are the system's choice, and the quiet hours nobody's.
    pub(crate) fn with(settings: &str) -> Self {
        let patient = Self {
            scratch: Scratch::new("doctor"),
            environment: Vec::new(),
        };
        let usual = "sip.listen = \"127.0.0.1:0\"\napi.listen = \"127.0.0.1:0\"\ntest = true\n";
        let settings = format!("{usual}{settings}");
        patient.scratch.write("thirdring.toml", settings);
        fs::create_dir_all(patient.state()).expect("the folder is ours");
        patient.lets_in(&patient.state(), 0o700);
        patient
    }

    fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    fn state(&self) -> PathBuf {
        self.scratch.path("state")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path(name)
    }

    fn lets_in(&self, path: &std::path::Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    }

    fn command(&self, program: &str, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(words)
            .arg("-c")
            .arg(self.path("thirdring.toml"))
            .arg("--state")
            .arg(self.state())
            .env("LC_ALL", "en_US.UTF-8")
            .env("TZ", "Asia/Shanghai")
            .env_remove("THIRDRING_TOKEN")
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null());
        command
    }

    fn doctor(&self, words: &[&str]) -> Command {
        let words: Vec<&str> = ["doctor"].iter().chain(words).copied().collect();
        self.command(env!("CARGO_BIN_EXE_thirdring"), &words)
    }

    /// What these checks find.
    fn examined(&self, only: &str) -> Told {
        told(self.doctor(&["--json", "--only", only]))
    }

    /// The same, and what can be mended is.
    fn mended(&self, only: &str) -> Told {
        told(self.doctor(&["--json", "--fix", "--only", only]))
    }
}

fn told(mut command: Command) -> Told {
    let run = command.output().expect("run thirdring");
    let out = String::from_utf8_lossy(&run.stdout).into_owned();
    let errors = String::from_utf8_lossy(&run.stderr).into_owned();
    let told: Value = serde_json::from_str(&out).unwrap_or_else(|why| {
        panic!("{why}: {out}{errors}");
    });
    Told {
        code: run.status.code(),
        findings: told["findings"].as_array().expect("a list").clone(),
    }
}

impl Told {
    /// Whether one finding is this, and the exit code as the gravest says; its cause.
    fn is(&self, verdict: &str, key: &str) -> String {
        let key = format!("doctor.{key}");
        let found = self.findings.iter().find(|it| it["key"] == key.as_str());
        let found = found.unwrap_or_else(|| panic!("no {key}: {self:?}"));
        assert_eq!(found["verdict"], verdict, "{self:?}");
        let code = |verdict: &Value| match verdict.as_str() {
            Some("fault") => 2,
            Some("warning") => 1,
            _ => 0,
        };
        let gravest = self.findings.iter().map(|it| code(&it["verdict"])).max();
        assert_eq!(self.code, gravest, "{self:?}");
        let is_wrong = code(&found["verdict"]) > 0;
        assert_eq!(found["remedy"].is_string(), is_wrong, "{found}");
        found["cause"].as_str().expect("words").to_owned()
    }
}
