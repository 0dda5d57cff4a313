//! What went over the wire between the agents and the customers, a line each: the judge reads nothing else of the calls.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) at: Instant,
    /// The same by the clock that the desks write into their rows.
    pub(super) utc: Timestamp,
    pub(super) call_id: String,
    pub(super) what: What,
}

/// Seen from the customer's telephone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// An INVITE; one that is sent again has the same branch.
    Invite {
        number: String,
        /// Which desk it came from.
        from: SocketAddr,
        branch: String,
    },
    Rang,
    /// He picked up.
    Answered,
    Acked,
    Refused(u16),
    Cancelled,
    /// He hung up.
    HungUp,
    /// The agent did.
    WasHungUp,
}

impl What {
    /// Whether nothing goes on after it.
    pub(super) fn is_end(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Cancelled | Self::HungUp | Self::WasHungUp => true,
            Self::Invite { .. } | Self::Rang | Self::Answered | Self::Acked => false,
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invite {
                number,
                from,
                branch,
            } => write!(f, "INVITE {number} from {from} {branch}"),
            Self::Rang => f.write_str("180 sent"),
            Self::Answered => f.write_str("200 sent"),
            Self::Acked => f.write_str("ACK"),
            Self::Refused(code) => write!(f, "{code} sent"),
            Self::Cancelled => f.write_str("CANCEL"),
            Self::HungUp => f.write_str("BYE sent"),
            Self::WasHungUp => f.write_str("BYE"),
        }
    }
}

/// The lines as they come, in memory and in a file for whoever wants to know why a run failed.
pub(super) struct Log {
    began: Instant,
    written: Mutex<(Vec<Line>, File)>,
    more: Condvar,
}

impl Log {
    pub(super) fn open(path: &Path) -> Self {
        let file = File::create(path).expect("the folder is ours");
        Self {
            began: Instant::now(),
            written: Mutex::new((Vec::new(), file)),
            more: Condvar::new(),
        }
    }

    pub(super) fn write(&self, call_id: &str, what: What) {
        let at = Instant::now();
        let mut written = self.written();
        let since = at.duration_since(self.began).as_secs_f64();
        writeln!(written.1, "{since:.4} {call_id} {what}").expect("there is room");
        let call_id = call_id.to_owned();
        let utc = Timestamp::now();
        written.0.push(Line {
            at,
            utc,
            call_id,
            what,
        });
        self.more.notify_all();
    }

    pub(super) fn lines(&self) -> Vec<Line> {
        self.written().0.clone()
    }

    /// When the first INVITE of this desk came after then.
    pub(super) fn first_invite(&self, of: SocketAddr, after: Instant) -> Option<Instant> {
        let is_its = |line: &&Line| matches!(&line.what, What::Invite { from, .. } if *from == of);
        let written = self.written();
        let later = written.0.iter().rev().take_while(|line| line.at >= after);
        later.filter(is_its).last().map(|line| line.at)
    }

    /// Until something is written, or this long.
    pub(super) fn wait(&self, within: Duration) {
        // What woke us does not matter: the caller looks for himself.
        drop(self.more.wait_timeout(self.written(), within));
    }

    fn written(&self) -> MutexGuard<'_, (Vec<Line>, File)> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
