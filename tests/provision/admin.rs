use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::peers::certificates::{Authority, Identity};
use crate::peers::scratch::Scratch;

/// Who gives PCs their settings: a folder, a key, and a certificate for 127.0.0.1.
pub(super) struct Admin {
    scratch: Scratch,
    authority: Authority,
    identity: Identity,
    pub(super) key: String,
}

/// Files of the folder, and what is in them.
pub(super) type Kept = Vec<(PathBuf, Vec<u8>)>;

/// A web server that ends with its owner.
pub(super) struct Server {
    child: Child,
    pub(super) url: String,
}

/// What a command line did: exit code, answer, complaint.
pub(super) struct Did {
    pub(super) code: Option<i32>,
    pub(super) out: String,
    pub(super) errors: String,
}

pub(super) fn thirdring() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_thirdring"));
    command
        .env("LC_ALL", "en_US.UTF-8")
        .env_remove("THIRDRING_TOKEN")
        .stdin(Stdio::null());
    command
}

pub(super) fn did(mut command: Command) -> Did {
    let run = command.output().expect("run it");
    Did {
        code: run.status.code(),
        out: String::from_utf8_lossy(&run.stdout).into_owned(),
        errors: String::from_utf8_lossy(&run.stderr).into_owned(),
    }
}

impl Admin {
    /// With this index, which is yet to be signed.
    pub(super) fn new(index: &str) -> Self {
        let scratch = Scratch::new("admin");
        let authority = Authority::new();
        let identity = authority.identity("server", "127.0.0.1");
        let mut keys = thirdring();
        keys.args(["provision", "keys", "--json"])
            .arg(scratch.path("admin.key"));
        let told: serde_json::Value = serde_json::from_str(&did(keys).out).expect("a key");
        let key = told["key"].as_str().expect("a text").to_owned();
        let admin = Self {
            scratch,
            authority,
            identity,
            key,
        };
        admin.write("index.toml", index);
        admin
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.scratch.path("conf")
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("it is ours");
        fs::write(path, content).expect("it is ours");
    }

    /// Beside the folder, where no server looks.
    pub(super) fn write_aside(&self, name: &str, content: &str) -> PathBuf {
        self.scratch.write(name, content)
    }

    pub(super) fn try_to_sign(&self) -> Did {
        let mut sign = thirdring();
        sign.args(["provision", "sign"])
            .arg(self.folder())
            .arg("--key")
            .arg(self.scratch.path("admin.key"));
        did(sign)
    }

    pub(super) fn sign(&self) {
        let Did { code, out, errors } = self.try_to_sign();
        assert_eq!(code, Some(0), "{out}{errors}");
    }

    /// All files as they are, to be put back.
    pub(super) fn kept(&self) -> Kept {
        let mut kept = Vec::new();
        keep(&self.folder(), &mut kept);
        kept
    }

    pub(super) fn put_back(&self, kept: &Kept) {
        for (path, bytes) in kept {
            fs::write(path, bytes).expect("it is ours");
        }
    }

    pub(super) fn ca(&self) -> PathBuf {
        self.authority.file()
    }

    /// Python's web server with the folder.
    pub(super) fn serve(&self) -> Server {
        let mut command = Command::new("python3");
        command
            .arg("tests/provision/server.py")
            .arg(self.folder())
            .arg(&self.identity.certificate)
            .arg(&self.identity.key)
            .stderr(Stdio::null());
        Server::start(command, |line| format!("https://127.0.0.1:{}", line.trim()))
    }

    /// Our own, with these codes.
    pub(super) fn serve_codes(&self, codes: &Path) -> Server {
        let mut command = thirdring();
        command
            .args(["provision", "serve", "--listen", "127.0.0.1:0", "--cert"])
            .arg(&self.identity.certificate)
            .arg("--key")
            .arg(&self.identity.key)
            .arg("--codes")
            .arg(codes)
            .arg(self.folder());
        Server::of_ours(command)
    }

    /// Server certificate, key and authority beside the folder.
    pub(super) fn lay_out_certificate(&self) {
        for (from, to) in [
            (&self.identity.certificate, "server.pem"),
            (&self.identity.key, "server.key"),
            (&self.ca(), "ca.pem"),
        ] {
            fs::copy(from, self.scratch.path(to)).expect("it is ours");
        }
    }

    /// Lines of a PC's own settings.
    pub(super) fn provisioned(&self, url: &str, host: &str) -> String {
        let (ca, key) = (self.ca(), &self.key);
        format!(
            "provision = {{ url = \"{url}\", ca = {ca:?}, key = \"{key}\", every = \"1s\", \
             host = \"{host}\", user = \"rep\" }}"
        )
    }
}

fn keep(folder: &Path, kept: &mut Kept) {
    for entry in fs::read_dir(folder).expect("it is ours") {
        let path = entry.expect("it is ours").path();
        match path.is_dir() {
            true => keep(&path, kept),
            false => kept.push((path.clone(), fs::read(&path).expect("it is ours"))),
        }
    }
}

impl Server {
    /// What `thirdring provision serve` tells.
    pub(super) fn of_ours(command: Command) -> Self {
        Self::start(command, |line| {
            let (_, url) = line
                .trim()
                .split_once(" at ")
                .expect("it tells its address");
            url.to_owned()
        })
    }

    /// Told is where it listens.
    fn start(mut command: Command, url: impl Fn(&str) -> String) -> Self {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = child.expect("start a web server");
        let mut line = String::new();
        let out = child.stdout.as_mut().expect("it is piped");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let url = url(&line);
        Self { child, url }
    }

    pub(super) fn stop(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it was ours");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test may have stopped it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A PC: settings and a state folder of its own.
pub(super) struct Pc {
    scratch: Scratch,
}

impl Pc {
    pub(super) fn with(settings: &str) -> Self {
        let scratch = Scratch::new("pc");
        let usual = "sip.listen = \"127.0.0.1:0\"\napi.listen = \"127.0.0.1:0\"\n";
        scratch.write("thirdring.toml", format!("{usual}{settings}\n"));
        Self { scratch }
    }

    pub(super) fn state(&self) -> PathBuf {
        self.scratch.path("state")
    }

    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = thirdring();
        command
            .args(words)
            .arg("-c")
            .arg(self.scratch.path("thirdring.toml"))
            .arg("--state")
            .arg(self.state());
        command
    }

    /// A start, told to leave as soon as it is ready: exit code 0 where it came so far.
    pub(super) fn starts(&self, words: &[&str]) -> Did {
        let words: Vec<&str> = ["run", "--test"].iter().chain(words).copied().collect();
        let log = self.scratch.path("log");
        let file = fs::File::create(&log).expect("the folder is ours");
        let mut command = self.command(&words);
        let child = command.stdout(Stdio::piped()).stderr(file).spawn();
        let mut child = child.expect("start the agent");
        let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut told = String::new();
        while !told.ends_with("READY\n") && out.read_line(&mut told).expect("text") > 0 {}
        let term = Command::new("kill").arg(child.id().to_string()).status();
        assert!(term.is_ok());
        Did {
            code: child.wait().expect("it was ours").code(),
            out: told,
            errors: fs::read_to_string(log).expect("it is ours"),
        }
    }

    pub(super) fn does(&self, words: &[&str]) -> Did {
        did(self.command(words))
    }
}
