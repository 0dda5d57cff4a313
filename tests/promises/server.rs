//! A PostgreSQL server of one test's own, that is gone with it.

use std::cell::RefCell;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use thirdring::callbacks::store::{OpenError, Postgres};
use thirdring::desk::clock;
use thirdring::words::{Moment, Pii};

use crate::peers::missing::{Need, can_run, postgres};

/// It refuses to be run by root: then it is nobody's.
const NOBODY: u32 = 65_534;

pub(crate) struct Server {
    folder: PathBuf,
    postgres: RefCell<Child>,
}

impl Server {
    /// Nothing where there is none on this machine.
    pub(crate) fn start() -> Option<Self> {
        if !can_run(&[Need::Postgres]) {
            return None;
        }
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("thirdring-{}-{count}", std::process::id());
        // The path of a socket is short (unix(7)).
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        if is_root() {
            chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let data = folder.join("data");
        let mut initdb = as_nobody("initdb");
        initdb.args(["--username=thirdring", "--auth=trust", "--no-sync", "-D"]);
        done(initdb.arg(&data));
        let postgres = RefCell::new(started(&folder));
        Some(Self { folder, postgres })
    }

    /// A new one.
    pub(crate) fn database(&self, name: &str) -> Database<'_> {
        self.say("postgres", &format!("CREATE DATABASE {name}"));
        Database {
            server: self,
            name: name.to_owned(),
        }
    }

    /// What it answers, as psql prints it: a line a row, `|` between columns.
    pub(crate) fn say(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(program("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"])
            .args(["-U", "thirdring", "-d", database, "-c", sql, "-h"])
            .arg(&self.folder);
        let said = psql.output().unwrap();
        assert!(said.status.success(), "{said:?}");
        String::from_utf8(said.stdout).unwrap().trim().to_owned()
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join(".s.PGSQL.5432")
    }

    /// As a power cut would.
    pub(crate) fn stop(&self) {
        let mut stop = as_nobody("pg_ctl");
        done(
            stop.args(["stop", "-m", "immediate", "-w", "-D"])
                .arg(self.folder.join("data")),
        );
        self.postgres.borrow_mut().wait().unwrap();
    }

    pub(crate) fn start_again(&self) {
        *self.postgres.borrow_mut() = started(&self.folder);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut stop = as_nobody("pg_ctl");
        let data = self.folder.join("data");
        drop(
            stop.args(["stop", "-m", "immediate", "-w", "-D"])
                .arg(data)
                .output(),
        );
        drop(self.postgres.borrow_mut().wait());
        drop(fs::remove_dir_all(&self.folder));
    }
}

pub(crate) struct Database<'a> {
    server: &'a Server,
    name: String,
}

impl Database<'_> {
    pub(crate) fn url(&self) -> Pii<String> {
        let folder = self.server.folder.display();
        Pii::new(format!("host={folder} user=thirdring dbname={}", self.name))
    }

    /// For a desk whose time the test makes.
    pub(super) fn desk(&self, name: &str) -> Postgres {
        let opened = Postgres::open(&self.url(), name.parse().unwrap(), a_second_later);
        opened.unwrap().0.with_time_of_desk()
    }

    /// For a desk that lives in ours.
    pub(super) fn living_desk(&self, name: &str) -> Postgres {
        self.try_desk(name).unwrap()
    }

    pub(super) fn try_desk(&self, name: &str) -> Result<Postgres, OpenError> {
        Postgres::open(&self.url(), name.parse().unwrap(), clock::now).map(|(store, _)| store)
    }

    pub(crate) fn say(&self, sql: &str) -> String {
        self.server.say(&self.name, sql)
    }
}

/// A clock that goes on with each look: nobody waits before he tries again.
fn a_second_later() -> Moment {
    static LOOKS: AtomicU32 = AtomicU32::new(0);
    let looks = LOOKS.fetch_add(1, Ordering::Relaxed);
    Moment::ZERO + Duration::from_secs(u64::from(looks) * 2)
}

/// Ready for connections, on a socket in its folder and nowhere else; fsync is on, as it is by default.
fn started(folder: &Path) -> Child {
    let mut postgres = as_nobody("postgres");
    postgres
        .arg("-D")
        .arg(folder.join("data"))
        .arg("-k")
        .arg(folder)
        .args(["-c", "listen_addresses=", "-c", "max_connections=100"]);
    let mut child = postgres.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let is_ready = |line: &String| line.contains("is ready to accept connections");
    assert!(
        lines
            .by_ref()
            .map_while(Result::ok)
            .any(|line| is_ready(&line))
    );
    // What else it has to say is nobody's, but its pipe must not fill.
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    child
}

/// A program of the server's, which ends when the test's thread does.
fn as_nobody(name: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if is_root() {
        let (user, group) = (format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"));
        command.args([&user, &group]).arg("--clear-groups");
    }
    command
        .arg(program(name))
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    // Its own folder may be closed to nobody.
    command.current_dir("/");
    command
}

fn program(name: &str) -> PathBuf {
    postgres().expect("it was there").join(name)
}

fn is_root() -> bool {
    nix::unistd::Uid::effective().is_root()
}

fn done(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
}
