use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use thirdring::console::{CallView, CallbackView};
use ureq::http::{Method, Request};

use super::events::Events;
use super::log::{indiscretions, secrets};
use super::scratch::Scratch;

pub(crate) const TOKEN: &str = "s3cret";

/// The agent's own folder in the test's.
pub(crate) const STATE: &str = "state";

/// How long the agent may take for one answer of its API.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How much of its log a failed test shows, in lines.
const LOG_SHOWN: usize = 60;

/// What differs from the shipped settings and policy.
pub(crate) struct House {
    listen: String,
    api: String,
    policy: String,
    settings: String,
    places: String,
    exit_after: Option<u32>,
    environment: Vec<(&'static str, String)>,
}

impl House {
    /// Seconds for minutes.
    pub(crate) fn fast() -> Self {
        Self::with_policy(include_str!("../../config/policy/fast.toml"))
    }

    pub(crate) fn standard() -> Self {
        Self::with_policy("")
    }

    fn with_policy(policy: &str) -> Self {
        Self {
            listen: "127.0.0.1:0".to_owned(),
            api: "127.0.0.1:0".to_owned(),
            policy: policy.to_owned(),
            settings: String::new(),
            places: String::new(),
            exit_after: None,
            environment: Vec::new(),
        }
    }

    /// Adds a variable to the agent's environment.
    pub(crate) fn env(mut self, name: &'static str, value: String) -> Self {
        self.environment.push((name, value));
        self
    }

    /// SIP and RTP on this address instead of loopback, each on its usual ports: a host of its own.
    pub(crate) fn at(mut self, address: IpAddr) -> Self {
        self.listen = format!("{address}:5060");
        self.api = "127.0.0.1:8080".to_owned();
        self.set("media.ports = \"10000-10999\"")
            .set(&format!("sip.trusted = [\"{address}/24\"]"))
    }

    pub(crate) fn listening(mut self, address: &str) -> Self {
        address.clone_into(&mut self.listen);
        self
    }

    /// Changes one value of the policy: `("hold", "every", "\"5s\"")`.
    pub(crate) fn policy(mut self, table: &str, key: &str, value: &str) -> Self {
        let mut policy: toml::Table = toml::from_str(&self.policy).expect("a policy");
        let value: toml::Table = toml::from_str(&format!("{key} = {value}")).expect("a value");
        let entry = policy
            .entry(table)
            .or_insert_with(|| toml::Table::new().into());
        entry.as_table_mut().expect("a table").extend(value);
        self.policy = policy.to_string();
        self
    }

    /// Adds lines before the first table.
    pub(crate) fn set(mut self, line: &str) -> Self {
        self.settings.push_str(line);
        self.settings.push('\n');
        self
    }

    pub(crate) fn seat(self, id: &str, kind: &str) -> Self {
        self.place("seat", &format!("id = \"{id}\"\nkind = \"{kind}\""))
    }

    /// The same, with more said of it.
    pub(crate) fn seat_saying(self, id: &str, kind: &str, more: &str) -> Self {
        self.place("seat", &format!("id = \"{id}\"\nkind = \"{kind}\"\n{more}"))
    }

    /// The rep's own telephone.
    pub(crate) fn phone_seat(self, id: &str, at: SocketAddr) -> Self {
        self.phone_seat_at(id, &format!("sip:rep@{at}"))
    }

    pub(crate) fn phone_seat_at(self, id: &str, uri: &str) -> Self {
        self.place(
            "seat",
            &format!("id = \"{id}\"\nkind = \"phone\"\nuri = \"{uri}\""),
        )
    }

    /// The same, with more said of the seat.
    pub(crate) fn phone_seat_saying(self, id: &str, at: SocketAddr, more: &str) -> Self {
        let lines = format!("id = \"{id}\"\nkind = \"phone\"\nuri = \"sip:rep@{at}\"\n{more}");
        self.place("seat", &lines)
    }

    /// The rep's own telephone, which registers at the agent.
    pub(crate) fn registered_seat(self, id: &str, username: &str, password: &str) -> Self {
        let login = format!("username = \"{username}\"\npassword = \"{password}\"");
        self.place("seat", &format!("id = \"{id}\"\nkind = \"phone\"\n{login}"))
    }

    pub(crate) fn target(self, id: &str, at: SocketAddr) -> Self {
        self.place("target", &format!("id = \"{id}\"\nuri = \"sip:{id}@{at}\""))
    }

    /// The same, with more said of it.
    pub(crate) fn target_saying(self, id: &str, at: SocketAddr, more: &str) -> Self {
        let lines = format!("id = \"{id}\"\nuri = \"sip:{id}@{at}\"\n{more}");
        self.place("target", &lines)
    }

    /// An extension or trunk that we register at.
    pub(crate) fn account(self, lines: &str) -> Self {
        self.place("sip.account", lines)
    }

    /// A PBX or trunk known by its address.
    pub(crate) fn peer(self, lines: &str) -> Self {
        self.place("sip.peer", lines)
    }

    pub(crate) fn dial_rule(self, lines: &str) -> Self {
        self.place("dial.rule", lines)
    }

    /// A target whose calls the exchange is to take (D22).
    pub(crate) fn handed_to(self, id: &str, at: SocketAddr) -> Self {
        let lines = format!("id = \"{id}\"\nuri = \"sip:{id}@{at}\"\nhandoff = \"refer\"");
        self.place("target", &lines)
    }

    fn place(mut self, kind: &str, lines: &str) -> Self {
        self.places.push_str(&format!("[[{kind}]]\n{lines}\n"));
        self
    }

    /// Opens for so many calls only.
    pub(crate) fn exit_after(mut self, calls: u32) -> Self {
        self.exit_after = Some(calls);
        self
    }

    pub(crate) fn open(self) -> Agent {
        self.open_in(Scratch::new("agent"))
    }

    pub(crate) fn open_in(self, scratch: Scratch) -> Agent {
        let policy = scratch.write("policy.toml", &self.policy);
        let Self {
            listen,
            api,
            settings,
            places,
            exit_after,
            environment,
            ..
        } = self;
        let settings = format!(
            "policy = {policy:?}\nsip.listen = \"{listen}\"\napi.listen = \"{api}\"\n\
             sip.behind = \"direct\"\nlog.level = \"trace\"\n{settings}{places}"
        );
        scratch.write("settings.toml", &settings);
        Agent::run(scratch, 0, exit_after, environment)
    }
}

/// A running agent; it ends with its owner.
pub(crate) struct Agent {
    child: Child,
    stdout: BufReader<ChildStdout>,
    scratch: Scratch,
    runs: u32,
    environment: Vec<(&'static str, String)>,
    pub(crate) sip: SocketAddr,
    pub(crate) sip_tcp: Option<SocketAddr>,
    pub(crate) sip_tls: Option<SocketAddr>,
    pub(crate) api: SocketAddr,
    http: ureq::Agent,
}

impl Agent {
    fn run(
        scratch: Scratch,
        runs: u32,
        exit_after: Option<u32>,
        environment: Vec<(&'static str, String)>,
    ) -> Self {
        let log = File::create(scratch.path(&format!("log-{runs}"))).expect("the folder is ours");
        let exit_after = exit_after.map(|calls| format!("--exit-after={calls}"));
        let mut child = Command::new(env!("CARGO_BIN_EXE_thirdring"))
            .args(["run", "--test", "-c"])
            .arg(scratch.path("settings.toml"))
            .arg("--state")
            .arg(scratch.path(STATE))
            .args(exit_after)
            .env("THIRDRING_TOKEN", TOKEN)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("start the agent");
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let Some(chosen) = chosen(&mut stdout) else {
            let log = fs::read_to_string(scratch.path(&format!("log-{runs}")));
            panic!("the agent did not get READY: {log:?}");
        };
        let address = |key: &str| chosen[key].as_str()?.parse().ok();
        let http = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(ANSWER_WITHIN))
            .build()
            .new_agent();
        Self {
            child,
            stdout,
            scratch,
            runs,
            environment,
            sip: address("sip").expect("it listens"),
            sip_tcp: address("sip_tcp"),
            sip_tls: address("sip_tls"),
            api: address("api").expect("it listens"),
            http,
        }
    }

    /// `kill -9`, and the same settings and state once more.
    pub(crate) fn crash_and_restart(mut self) -> Self {
        self.crash();
        self.restart()
    }

    /// `kill -9`.
    pub(crate) fn crash(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it was ours");
    }

    /// SIGTERM: it should part from its callers, and leave.
    pub(crate) fn terminate(&mut self) {
        self.signal("-TERM");
    }

    /// Changes a file that its settings are read from.
    pub(crate) fn rewrite(&self, file: &str, change: impl FnOnce(String) -> String) {
        let text = fs::read_to_string(self.scratch.path(file)).expect("we wrote it");
        self.scratch.write(file, change(text));
    }

    /// SIGHUP: it should read its settings and certificates anew.
    pub(crate) fn renew(&self) {
        self.signal("-HUP");
    }

    /// The PC falls asleep: nothing of the agent runs until it is resumed.
    pub(crate) fn suspend(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &pid]).status();
        assert!(sent.is_ok_and(|status| status.success()));
    }

    /// Waits until it ended by itself, its standard output tells when; true when it found nothing wrong.
    pub(crate) fn has_left(&mut self) -> bool {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).expect("text");
        self.child.wait().is_ok_and(|status| status.success())
    }

    /// The same settings and state once more, after its end.
    pub(crate) fn restart(mut self) -> Self {
        self.child.wait().expect("it was ours");
        let scratch = std::mem::replace(&mut self.scratch, Scratch::new("crashed"));
        let runs = self.runs + 1;
        let environment = std::mem::take(&mut self.environment);
        drop(self);
        Self::run(scratch, runs, None, environment)
    }

    /// Follows what happens from the agent's start.
    pub(crate) fn events(&self) -> Events {
        Events::follow(self.api)
    }

    /// Of the folder the agent's own is in.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.scratch.path(name)
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(Method::GET, path, &Value::Null);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// The status and the body, whatever they are.
    pub(crate) fn ask(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}/api/v1{path}", self.api))
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/json");
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = request.body(body).expect("a request");
        let mut answer = self.http.run(request).expect("the agent answers");
        let status = answer.status().as_u16();
        let body = answer.body_mut().read_to_string().expect("a whole answer");
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    /// What `/metrics` says of this name, labels included; none where it is not there.
    pub(crate) fn metric(&self, name: &str) -> Option<u64> {
        // What is counted elsewhere is taken over when the desk wakes: the second answer comes after it.
        self.get("/calls");
        self.get("/calls");
        let text = self.page("/metrics");
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(name));
        lines.find_map(|rest| rest.strip_prefix(' ')?.parse().ok())
    }

    /// The alarms that stand. Whichever they are it takes calls, and nobody should start it anew.
    pub(crate) fn alarms(&self) -> Value {
        let (status, health) = self.health();
        assert_eq!(
            (status, &health["ok"]),
            (200, &Value::Bool(true)),
            "{health}"
        );
        health["alarms"].clone()
    }

    /// What who watches it is told.
    pub(crate) fn health(&self) -> (u16, Value) {
        let (status, page) = self.status_and_page("/healthz");
        (status, serde_json::from_str(&page).expect("JSON"))
    }

    /// What is not among the API's own, or is no JSON.
    pub(crate) fn page(&self, path: &str) -> String {
        self.status_and_page(path).1
    }

    fn status_and_page(&self, path: &str) -> (u16, String) {
        let request = Request::builder()
            .uri(format!("http://{}{path}", self.api))
            .header("authorization", format!("Bearer {TOKEN}"));
        let request = request.body(()).expect("a request");
        let mut answer = self.http.run(request).expect("the agent answers");
        let page = answer.body_mut().read_to_string().expect("a whole answer");
        (answer.status().as_u16(), page)
    }

    /// Whether `/metrics` says so many of this within the time.
    pub(crate) fn counts_to(&self, name: &str, count: u64, within: Duration) -> bool {
        let until = Instant::now() + within;
        while Instant::now() < until {
            if self.metric(name) == Some(count) {
                return true;
            }
        }
        false
    }

    /// A command that must be obeyed.
    pub(crate) fn command(&self, call: &CallView, word: &str, body: Value) {
        let path = format!("/calls/{}/{word}", call.id);
        let (status, problem) = self.ask(Method::POST, &path, &body);
        assert!((200..300).contains(&status), "{word}: {status} {problem}");
    }

    /// The code of the problem a command runs into.
    pub(crate) fn refusal(&self, call: &CallView, word: &str, body: Value) -> String {
        let path = format!("/calls/{}/{word}", call.id);
        let (status, problem) = self.ask(Method::POST, &path, &body);
        assert!(status >= 400, "{word} was obeyed");
        problem["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The one call with this SIP Call-ID.
    pub(crate) fn call_of(&self, sip_call_id: &str) -> CallView {
        let calls = self.get(&format!("/calls?sip_call_id={sip_call_id}"));
        let mut calls: Vec<CallView> = serde_json::from_value(calls).expect("calls");
        assert_eq!(calls.len(), 1, "{sip_call_id}: {calls:?}");
        calls.remove(0)
    }

    /// What one of its runs wrote; nothing where the log has another owner by now.
    fn log(&self, run: u32) -> String {
        let log = self.scratch.path(&format!("log-{run}"));
        let bytes = fs::read(log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// How many lines of its log say this.
    pub(crate) fn logged(&self, words: &str) -> usize {
        let log = self.log(self.runs);
        log.lines().filter(|line| line.contains(words)).count()
    }

    /// At TRACE none of its runs has written a number or a secret.
    fn was_discreet(&self) {
        let settings = self.scratch.path("settings.toml");
        let settings = fs::read_to_string(settings).unwrap_or_default();
        let secrets = secrets(&settings, TOKEN);
        let told = (0..=self.runs).flat_map(|run| indiscretions(&self.log(run), &secrets));
        let told: Vec<String> = told.take(LOG_SHOWN).collect();
        assert!(told.is_empty(), "the log tells\n{}", told.join("\n"));
    }

    pub(crate) fn callbacks(&self) -> Vec<CallbackView> {
        serde_json::from_value(self.get("/callbacks")).expect("callbacks")
    }
}

/// The first two lines: the chosen addresses, then `READY`.
fn chosen(stdout: &mut impl BufRead) -> Option<Value> {
    let mut line = String::new();
    stdout.read_line(&mut line).ok()?;
    let chosen: Value = serde_json::from_str(&line).ok()?;
    line.clear();
    stdout.read_line(&mut line).ok()?;
    (line.trim() == "READY").then_some(chosen)
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended by itself: a test's own assertion tells more than a failure here.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = self.log(self.runs);
            let lines: Vec<&str> = log.lines().collect();
            let shown = lines.len().saturating_sub(LOG_SHOWN);
            eprintln!("--- the agent's log\n{}", lines[shown..].join("\n"));
        } else {
            self.was_discreet();
        }
    }
}
