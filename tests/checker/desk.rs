//! One desk as a process: started again and again on the same folder, and killed.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use thirdring::failpoint::Failpoint;

use crate::peers::agent::TOKEN;
use crate::peers::program::free_ports;
use crate::peers::scratch::Scratch;

/// A desk that is not ready by then never will be.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Opening words of 1.2 s, so that a call is soon joined; and customers who are not rung for long.
const POLICY: &str = "
name = \"checker\"
fast = true
[callback]
open_fault = \"hold_wait\"
open_promise = \"hold_wait\"
voice_within = \"200ms\"
rings_for = \"2s\"
";

/// Who was being called when we were killed is asked for (`ask`): nobody is dialled again by himself.
const PROMISES: &str = "
[callbacks]
redial_after_crash = []
attempts_a_day = 0
[callbacks.retry_after]
rep = [\"300ms\", \"300ms\"]
crash = [\"300ms\", \"300ms\"]
[callbacks.snooze]
rep = \"1s\"
crash = \"1s\"
[callbacks.quiet_hours]
every_day = \"none\"
";

/// When it is to be killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    /// This long after it was started.
    Moment(Duration),
    /// When the point is reached so often; at the latest then.
    Point(Failpoint, u32, Duration),
}

/// A desk's folder and its place in the network.
pub(super) struct Desk {
    pub(super) scratch: Scratch,
    pub(super) sip: SocketAddr,
    /// But where its promises are.
    settings: String,
    runs: u32,
}

impl Desk {
    /// `store` are the settings that say where the promises are.
    pub(super) fn new(trunk: SocketAddr, seats: u32, store: &str) -> Self {
        let scratch = Scratch::new("checker");
        let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let sip = SocketAddr::new(host, free_ports(host));
        let policy = scratch.write("policy.toml", POLICY);
        let seats: String = (1..=seats)
            .map(|n| format!("[[seat]]\nid = \"rep{n}\"\nkind = \"echo\"\n"))
            .collect();
        let settings = format!(
            "policy = {policy:?}\nsip.listen = \"{sip}\"\napi.listen = \"127.0.0.1:0\"\n\
             sip.behind = \"direct\"\nsip.trunk = \"{trunk}\"\nline.watch = \"off\"\n\
             log.level = \"debug\"\n{seats}{PROMISES}"
        );
        let desk = Self {
            scratch,
            sip,
            settings,
            runs: 0,
        };
        desk.keep_promises_in(store);
        desk
    }

    /// From its next start on.
    pub(super) fn keep_promises_in(&self, store: &str) {
        let settings = format!("{}{store}", self.settings);
        self.scratch.write("settings.toml", settings);
    }

    pub(super) fn start(&mut self, aim: Option<Aim>) -> Run {
        self.runs += 1;
        let log = self.scratch.path(&format!("log-{}", self.runs));
        let mut command = Command::new(env!("CARGO_BIN_EXE_thirdring"));
        command
            .args(["run", "--test", "-c"])
            .arg(self.scratch.path("settings.toml"))
            .arg("--state")
            .arg(self.scratch.path("state"))
            .env("THIRDRING_TOKEN", TOKEN)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(log).expect("the folder is ours"));
        if let Some(Aim::Point(point, nth, _)) = aim {
            command.env("THIRDRING_FAILPOINT", format!("{}:{nth}", point.as_str()));
        }
        let spawned = Instant::now();
        let mut child = command.spawn().expect("start the agent");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let (teller, news) = channel();
        thread::spawn(move || tell(stdout, &teller));
        Run {
            child,
            news,
            spawned,
            api: None,
        }
    }

    /// Started until it stays: a server has to notice first that the last run is dead.
    pub(super) fn live(&mut self) -> Run {
        let until = Instant::now() + READY_WITHIN;
        loop {
            let mut run = self.start(None);
            if run.is_ready() {
                return run;
            }
            assert!(Instant::now() < until, "{}", self.last_words());
        }
    }

    /// What the last run wrote at the end.
    pub(super) fn last_words(&self) -> String {
        let log = self.scratch.path(&format!("log-{}", self.runs));
        let log = std::fs::read_to_string(log).unwrap_or_default();
        let mut last: VecDeque<&str> = log.lines().collect();
        last.drain(..last.len().saturating_sub(20));
        Vec::from(last).join("\n")
    }
}

/// What a desk says on its standard output.
#[derive(Debug)]
enum News {
    Ready { api: SocketAddr },
    Reached,
}

/// Reads to the end, so that its pipe never fills.
fn tell(stdout: impl BufRead, teller: &Sender<News>) {
    let mut api = None;
    for line in stdout.lines().map_while(Result::ok) {
        let chosen: Option<Value> = serde_json::from_str(&line).ok();
        if let Some(chosen) = chosen {
            api = chosen["api"].as_str().and_then(|api| api.parse().ok());
        }
        let news = match (line.split_once(' '), api) {
            (Some(("FAILPOINT", _)), _) => News::Reached,
            (None, Some(api)) if line == "READY" => News::Ready { api },
            _ => continue,
        };
        // Who has killed it does not listen any more.
        let _ = teller.send(news);
    }
}

/// A desk that runs.
pub(super) struct Run {
    child: Child,
    news: Receiver<News>,
    pub(super) spawned: Instant,
    api: Option<SocketAddr>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Killed where it stood still, as it was aimed at.
    AtPoint(Failpoint),
    AtAnyMoment,
    /// It left: its store was not there.
    ByItself,
}

/// When a run ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Death {
    pub(super) spawned: Instant,
    /// It was dead by then.
    pub(super) over: Instant,
    pub(super) how: How,
}

impl Run {
    /// Kills it where it is aimed at; until then whoever asks is told where its API is.
    pub(super) fn kill_at(mut self, aim: Aim, ready: &Sender<SocketAddr>) -> Death {
        let (reached, after) = match aim {
            Aim::Moment(after) => (How::AtAnyMoment, after),
            Aim::Point(point, _, at_most) => (How::AtPoint(point), at_most),
        };
        let deadline = self.spawned + after;
        let how = loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.news.recv_timeout(left) {
                Ok(News::Ready { api }) => drop(ready.send(api)),
                Ok(News::Reached) => break reached,
                Err(RecvTimeoutError::Timeout) => break How::AtAnyMoment,
                Err(RecvTimeoutError::Disconnected) => break How::ByItself,
            }
        };
        self.kill();
        Death {
            spawned: self.spawned,
            over: Instant::now(),
            how,
        }
    }

    /// Whether it is; else it left by itself.
    pub(super) fn is_ready(&mut self) -> bool {
        match self.news.recv_timeout(READY_WITHIN) {
            Ok(News::Ready { api }) => self.api = Some(api),
            Ok(News::Reached) | Err(_) => return false,
        }
        true
    }

    /// Where its API is.
    pub(super) fn api(&self) -> SocketAddr {
        self.api.expect("it is ready")
    }

    /// SIGKILL, by its PID.
    fn kill(&mut self) {
        self.child.kill().expect("it runs, or was ours");
        self.child.wait().expect("it was ours");
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // It may have been killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
