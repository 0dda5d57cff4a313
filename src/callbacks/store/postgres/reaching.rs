use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use super::address::Address;
use super::fault::{Fault, FaultKind};
use super::link::Link;
use super::schema::{self, Newer, Tables};
use super::{OpenError, Opened, Postgres};

/// Between two tries to reach a server that is not there.
const TRY_EVERY: Duration = Duration::from_secs(1);

/// How long one order waits for a connection: callers wait for the words of their promise.
const PATIENCE: Duration = Duration::from_millis(500);

impl Postgres {
    /// Unless this desk was here before, the server is waited for: a wrong address is found when it is set up.
    pub(super) fn open_first(&mut self) -> Result<Opened, OpenError> {
        let server = self.address.to_string();
        let was_here = self.name.was_taken_at(&server);
        let reached = match was_here {
            true => self.connect(),
            false => Link::open(&self.address),
        };
        match reached.and_then(|link| self.begin(link)) {
            Ok(Begun::Ours(link, tables)) => {
                self.link = Some(link);
                Ok(match tables {
                    Tables::Laid => Opened::Fresh,
                    Tables::Found => Opened::Existing,
                })
            }
            Ok(Begun::Taken(_)) => Err(OpenError::DeskTaken(self.address.desk.clone())),
            Ok(Begun::Newer(Newer { found, known })) => Err(OpenError::NewerServer {
                server,
                found,
                known,
            }),
            Err(fault) if was_here && !fault.spares_the_link() => {
                tracing::warn!(server, %fault, "the promises' server is not reached");
                Ok(Opened::Existing)
            }
            Err(fault) => Err(OpenError::Server {
                server,
                why: fault.to_string(),
            }),
        }
    }

    /// Connects again, but not again and again.
    pub(super) fn reach(&mut self) -> Result<Link, Fault> {
        let link = self.connect()?;
        let had_name = self.name.is_had();
        let begun = self.begin(link).and_then(|begun| begun.again(had_name));
        self.rest_after(begun)
    }

    /// Whoever is not there soon is waited for beside us: nobody's promise waits for a server that is cut off.
    fn connect(&mut self) -> Result<Link, Fault> {
        let (reaching, patience) = match self.reaching.take() {
            Some(reaching) => (reaching, Duration::ZERO),
            None if (self.clock)() < self.again => {
                let why = "not reached a moment ago";
                return Err(Fault::new(FaultKind::Unreachable, why));
            }
            None => (Reaching::start(self.address.clone())?, PATIENCE),
        };
        match reaching.wait(patience) {
            Ok(opened) => self.rest_after(opened),
            Err(reaching) => {
                self.reaching = Some(reaching);
                Err(Fault::new(FaultKind::Unreachable, "not reached yet"))
            }
        }
    }

    fn rest_after(&mut self, reached: Result<Link, Fault>) -> Result<Link, Fault> {
        if reached.is_err() {
            self.again = (self.clock)() + TRY_EVERY;
        }
        reached
    }

    fn begin(&mut self, mut link: Link) -> Result<Begun, Fault> {
        let tables = match schema::bring_up(&link)? {
            Ok(tables) => tables,
            Err(newer) => return Ok(Begun::Newer(newer)),
        };
        link.prepare()?;
        // The server may be another one since.
        self.time.forget();
        match self.name.take(&link, &self.address.to_string())? {
            true => Ok(Begun::Ours(link, tables)),
            false => Ok(Begun::Taken(link)),
        }
    }
}

/// What a connection is good for.
enum Begun {
    /// It has our name.
    Ours(Link, Tables),
    /// Another agent has our name.
    Taken(Link),
    Newer(Newer),
}

impl Begun {
    /// While the desk works. Who had its name has it from a connection that the server has not buried yet; who never had
    /// it in this life must not touch what another agent has in flight under it.
    fn again(self, had_name: bool) -> Result<Link, Fault> {
        match self {
            Self::Ours(link, _) => Ok(link),
            Self::Taken(link) if had_name => {
                tracing::warn!("another connection has this desk's name");
                Ok(link)
            }
            Self::Taken(_) => {
                let why = "another agent has this desk's name";
                Err(Fault::new(FaultKind::Unreachable, why))
            }
            Self::Newer(newer) => {
                let found = newer.found;
                let why = format_args!("the tables have version {found}: start the later program");
                Err(Fault::new(FaultKind::Refused, why))
            }
        }
    }
}

/// A connection that is being opened on a thread of its own, which ends with it.
#[derive(Debug)]
pub(super) struct Reaching(Receiver<Result<Link, Fault>>);

impl Reaching {
    pub(super) fn start(address: Address) -> Result<Self, Fault> {
        let (tell, opened) = sync_channel(1);
        let open = move || {
            // Whoever does not wait any more leaves the connection to be closed.
            drop(tell.send(Link::open(&address)));
        };
        std::thread::Builder::new()
            .name("reaching".to_owned())
            .spawn(open)
            .map_err(|why| Fault::new(FaultKind::Unreachable, why))?;
        Ok(Self(opened))
    }

    /// What came of it; itself where nothing did by then.
    pub(super) fn wait(self, at_most: Duration) -> Result<Result<Link, Fault>, Self> {
        match self.0.recv_timeout(at_most) {
            Ok(opened) => Ok(opened),
            Err(RecvTimeoutError::Timeout) => Err(self),
            Err(RecvTimeoutError::Disconnected) => {
                let why = "the connection's thread panicked";
                Ok(Err(Fault::new(FaultKind::Unreachable, why)))
            }
        }
    }
}
