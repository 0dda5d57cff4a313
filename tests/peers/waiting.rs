//! What an agent costs that waits for calls. What its file maps cost depends on the build: benches/run.sh measures that.

use std::fs;
use std::io::ErrorKind;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::time::Duration;

use super::agent::{Agent, House};

/// What a start leaves to be done is done by then, also on a busy machine.
const SETTLED_AFTER: Duration = Duration::from_secs(5);

/// How long it is watched.
const WATCHED: Duration = Duration::from_secs(10);

/// performance.md, "idle": 2 a second.
const WAKES_MAX: u64 = 20;

/// The desk, the workers', the keeper, media, voices; and one that had a file to read.
const THREADS_MAX: usize = 6;

/// Memory of its own, in kB: half of what it is while the phrases and the model of voices are at hand.
const OWN_MAX_KB: u64 = 6_000;

impl Agent {
    fn proc(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.pid()))
    }

    fn own_memory_kb(&self) -> u64 {
        let status = fs::read_to_string(self.proc("status")).expect("it runs");
        count(&status, "RssAnon:")
    }

    /// How often each thread has gone to sleep.
    fn sleeps(&self) -> Vec<u64> {
        let threads = fs::read_dir(self.proc("task")).expect("it runs");
        let status = threads.map(|thread| fs::read_to_string(thread?.path().join("status")));
        // A thread may end meanwhile.
        let status = status.filter_map(Result::ok);
        status
            .map(|status| count(&status, "voluntary_ctxt_switches:"))
            .collect()
    }
}

fn count(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or_else(|| panic!("no {name} in {status}"))
}

fn nobody_calls(phone: &UdpSocket, within: Duration) {
    phone.set_read_timeout(Some(within)).unwrap();
    let rung = phone.recv(&mut [0; 1_500]).map_err(|error| error.kind());
    assert_eq!(rung, Err(ErrorKind::WouldBlock), "nobody calls");
}

#[test]
fn an_agent_that_waits_hardly_wakes_and_keeps_little_in_memory() {
    let phone = UdpSocket::bind("127.0.0.1:0").unwrap();
    let agent = House::standard()
        .phone_seat("rep1", phone.local_addr().unwrap())
        .open();
    nobody_calls(&phone, SETTLED_AFTER);
    let before: u64 = agent.sleeps().iter().sum();
    nobody_calls(&phone, WATCHED);
    let sleeps = agent.sleeps();
    let wakes = sleeps.iter().sum::<u64>() - before;
    println!(
        "{wakes} wake-ups in {WATCHED:?}, {sleeps:?}; {} kB",
        agent.own_memory_kb()
    );
    assert!(
        wakes <= WAKES_MAX,
        "{wakes} wake-ups in {WATCHED:?}: {sleeps:?}"
    );
    assert!(sleeps.len() <= THREADS_MAX, "{} threads", sleeps.len());
    let own = agent.own_memory_kb();
    assert!(own <= OWN_MAX_KB, "{own} kB");
}
