//! `thirdring setup`: from an empty home to the first call.

#![expect(
    clippy::disallowed_methods,
    reason = "an admin's three minutes are real"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use serde_json::Value;
use thirdring::settings::{SeatKind, Settings};

use crate::peers::kamailio::{Kamailio, PASSWORD, Setup};
use crate::peers::missing::{Need, can_run};
use crate::peers::phone::Phone;
use crate::peers::scene::{A_WHILE, NUMBER};
use crate::peers::scratch::Scratch;
use crate::settings::read;

/// A user who has never had an agent, on a PC without a sound server.
struct Home(Scratch);

impl Home {
    fn new() -> Self {
        Self(Scratch::new("home"))
    }

    fn file(&self) -> PathBuf {
        self.0.path(".config/thirdring/thirdring.toml")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("HOME", self.0.path(""))
            .env("PULSE_SERVER", "unix:/nonexistent/native")
            .env("LC_ALL", "en_US.UTF-8")
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_STATE_HOME")
            .env_remove("THIRDRING_TOKEN");
        command
    }

    fn setup(&self, words: &[&str], typed: &str) -> String {
        let mut command = self.command(env!("CARGO_BIN_EXE_thirdring"));
        command.arg("setup").args(words);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("run thirdring");
        let mut stdin = child.stdin.take().expect("it is piped");
        // Whoever answers no question leaves some unread.
        let _ = stdin.write_all(typed.as_bytes());
        drop(stdin);
        let run = child.wait_with_output().expect("it ends");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        text(&run.stdout) + &text(&run.stderr)
    }

    fn settings(&self) -> Settings {
        read(&self.file()).expect("what setup wrote can be read")
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path)
        .expect("it is there")
        .permissions()
        .mode()
        & 0o777
}

#[test]
fn a_fresh_home_has_its_first_call_within_three_minutes() {
    let began = Instant::now();
    let home = Home::new();
    let told = home.setup(&["--yes"], "");
    let settings = home.settings();
    assert_eq!(settings.seat[0].kind, SeatKind::Headset, "{told}");
    let unit = home.0.path(".config/systemd/user/thirdring.service");
    let unit = fs::read_to_string(unit).expect("the service is written");
    assert!(unit.contains(&home.file().display().to_string()), "{unit}");
    assert_eq!(mode(&home.0.path(".local/state/thirdring")), 0o700);
    for check in ["settings", "folders", "registration", "microphone"] {
        assert!(told.contains(check), "{check} is not in {told}");
    }
    let mut agent = Running::start(&home);
    let caller = Phone::open(NUMBER);
    caller.invite(agent.sip);
    // Nobody sits at its headset: the PBX is told so, and that is an answer.
    let answer = caller.final_response("INVITE", A_WHILE);
    assert_eq!(answer.status(), Some(480), "{}", answer.first_line);
    agent.end();
    assert!(began.elapsed().as_secs() < 180, "{:?}", began.elapsed());
}

/// `thirdring run` with what setup wrote, at other ports: whoever tests beside us may have those by now.
struct Running {
    child: Child,
    sip: SocketAddr,
}

impl Running {
    fn start(home: &Home) -> Self {
        let mut command = home.command(env!("CARGO_BIN_EXE_thirdring"));
        command.arg("run").arg("-c").arg(home.file());
        for port in ["sip.listen=127.0.0.1:0", "api.listen=127.0.0.1:0"] {
            command.args(["--set", port]);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("run thirdring");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let chosen = lines.next().expect("its ports").expect("text");
        let chosen: Value = serde_json::from_str(&chosen).expect("JSON");
        assert_eq!(lines.next().expect("a word").expect("text"), "READY");
        let sip = chosen["sip"].as_str().expect("an address");
        Self {
            child,
            sip: sip.parse().expect("an address"),
        }
    }

    fn end(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

#[test]
fn what_is_there_already_is_not_written_over_unasked() {
    let home = Home::new();
    fs::create_dir_all(home.file().parent().expect("a folder")).expect("it is ours");
    fs::write(home.file(), "# mine\n").expect("it is ours");
    let told = home.setup(&["--yes"], "");
    assert!(told.contains("is kept as it is"), "{told}");
    assert_eq!(fs::read_to_string(home.file()).expect("a file"), "# mine\n");
    let told = home.setup(&[], "n\nn\n");
    assert!(told.contains("write over it"), "{told}");
    assert_eq!(fs::read_to_string(home.file()).expect("a file"), "# mine\n");
}

#[test]
fn answers_become_settings_and_the_pbx_is_asked() {
    if !can_run(&[Need::Kamailio]) {
        return;
    }
    let kamailio = Kamailio::start(&Setup::default());
    let home = Home::new();
    // A slip each for the language and the extension: both are asked for again.
    let typed = format!(
        "klingon\nen\nheadset\n\nhotline\nhotline@pbx.example\n{}\n{PASSWORD}\nn\n",
        kamailio.address
    );
    let told = home.setup(&[], &typed);
    assert!(
        told.contains("zh-CN or en") && told.contains("user@domain"),
        "{told}"
    );
    assert!(told.contains("pbx: the registrar knows it"), "{told}");
    let settings = home.settings();
    let account = &settings.sip.account[0];
    assert_eq!(
        (
            account.username.as_str(),
            settings.sip.listen.ip().is_unspecified()
        ),
        ("hotline", true)
    );
    let password = account
        .password
        .as_ref()
        .and_then(|it| it.file())
        .expect("a file");
    assert_eq!(mode(password), 0o600);
    let text = fs::read_to_string(home.file()).expect("a file");
    assert!(
        !text.contains(PASSWORD) && !told.contains(PASSWORD),
        "{told}"
    );
    assert!(
        !home.0.path(".config/systemd").exists(),
        "no service was wanted"
    );
}

#[test]
fn who_goes_away_in_the_middle_leaves_nothing_behind() {
    let home = Home::new();
    let told = home.setup(&[], "en\n");
    assert!(told.contains("was not answered"), "{told}");
    assert!(!home.file().exists());
}

#[test]
fn a_taken_port_is_not_chosen() {
    let taken = UdpSocket::bind("127.0.0.1:5060");
    let home = Home::new();
    home.setup(&["--yes"], "");
    let chosen = home.settings().sip.listen;
    drop(taken);
    assert_ne!(chosen.port(), 5060, "somebody has it, if only this test");
}

/// A terminal, by script(1).
struct Terminal {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    shown: String,
}

impl Terminal {
    fn run(home: &Home, line: &str) -> Self {
        let mut child = home
            .command("script")
            .args(["-qec", line, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("run script");
        Self {
            stdin: child.stdin.take().expect("it is piped"),
            stdout: child.stdout.take().expect("it is piped"),
            child,
            shown: String::new(),
        }
    }

    /// Waits for a question, then types; the test's own limit ends what never comes.
    fn types(&mut self, question: &str, words: &str) {
        let before = self.shown.len();
        let mut bytes = [0; 256];
        while !self
            .shown
            .get(before..)
            .unwrap_or_default()
            .contains(question)
        {
            let length = self.stdout.read(&mut bytes).expect("it runs");
            assert!(length > 0, "no {question}: {}", self.shown);
            self.shown
                .push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
        writeln!(self.stdin, "{words}").expect("it runs");
    }

    fn shown(mut self) -> String {
        drop(self.stdin);
        let mut rest = Vec::new();
        // The terminal is gone with its last program.
        let _ = self.stdout.read_to_end(&mut rest);
        let _ = self.child.wait();
        self.shown + &String::from_utf8_lossy(&rest)
    }
}

#[test]
fn on_a_terminal_the_password_is_not_shown() {
    if !Path::new("/usr/bin/script").exists() {
        eprintln!("SKIPPED: no script(1)");
        return;
    }
    let home = Home::new();
    let silent = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let at = silent.local_addr().expect("it is bound");
    let mut terminal = Terminal::run(&home, &format!("{} setup", env!("CARGO_BIN_EXE_thirdring")));
    terminal.types("[en]", "zh-CN");
    terminal.types("[headset]", "");
    terminal.types("plug it in later", "");
    terminal.types("user@domain", "8001@pbx.example");
    terminal.types("host:port", &at.to_string());
    terminal.types("not shown", "open sesame");
    terminal.types("service for each login", "n");
    let shown = terminal.shown();
    assert!(
        shown.contains("8001@pbx.example") && !shown.contains("sesame"),
        "{shown}"
    );
    assert!(shown.contains("nobody answers at"), "{shown}");
    let file = home.0.path(".config/thirdring/pbx-password.txt");
    assert_eq!(
        fs::read_to_string(file).expect("it is written"),
        "open sesame\n"
    );
}
