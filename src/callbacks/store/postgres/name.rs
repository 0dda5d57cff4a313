//! One agent a name: whoever has a desk's name has its lock on the server, as long as its connection lives.
//!
//! A connection that was cut lives on the server until that finds out. So each one is noted in the desk's own folder, which
//! one process has at a time: the one before it is nobody's, and is ended by whoever comes after. The note also says at which
//! server this desk has had its book before.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::fault::{Fault, FaultKind};
use super::link::Link;
use crate::callbacks::store::columns::json;
use crate::files;
use crate::words::DeskId;

/// 1953002091 is the key beside that of the callers.
const WAIT: &str = "SELECT pg_advisory_lock(1953002091, hashtext($1))";
const OURS: &str = "
SELECT pid::bigint, (extract(epoch FROM backend_start) * 1000000)::bigint AS began_us
FROM pg_stat_activity WHERE pid = pg_backend_pid()";
const END: &str = "
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid = $1::bigint AND (extract(epoch FROM backend_start) * 1000000)::bigint = $2";

/// The name of this desk, and who had it last.
#[derive(Debug)]
pub(super) struct Name {
    desk: DeskId,
    /// The file it is noted in; without one it is forgotten with this process.
    noted: Option<PathBuf>,
    last: Option<Session>,
    /// Whether this process has had it.
    is_had: bool,
}

/// A connection as its server knows it: there is never another one like it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Session {
    pid: i64,
    /// By the server's clock.
    began_us: i64,
    /// As the settings name it. A note of an earlier version has none.
    #[serde(default)]
    server: String,
}

impl Name {
    /// A note that cannot be read is none: the server finds out by itself that the last connection is dead.
    pub(super) fn new(desk: DeskId, noted: Option<PathBuf>) -> Self {
        let note = noted.as_ref().and_then(|path| fs::read(path).ok());
        let last = note.and_then(|note| serde_json::from_slice(&note).ok());
        Self {
            desk,
            noted,
            last,
            is_had: false,
        }
    }

    /// Whether this desk has had its book there before.
    pub(super) fn was_taken_at(&self, server: &str) -> bool {
        self.last.as_ref().is_some_and(|last| last.server == server)
    }

    pub(super) fn is_had(&self) -> bool {
        self.is_had
    }

    /// Takes it for this connection, from our last one if need be; `false` where another agent has it.
    ///
    /// It is waited for as long as locks are: the server may still be parting from who had it.
    pub(super) fn take(&mut self, link: &Link, server: &str) -> Result<bool, Fault> {
        if let Some(Session { pid, began_us, .. }) = &self.last
            && let Err(fault) = link.once(END, &[pid, began_us])
        {
            tracing::warn!(%fault, "end the last connection of this desk");
        }
        match link.once(WAIT, &[&self.desk.as_str()]) {
            Ok(_) => {
                self.is_had = true;
                self.note(link, server).map(|()| true)
            }
            Err(fault) if fault.kind == FaultKind::Waited => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    fn note(&mut self, link: &Link, server: &str) -> Result<(), Fault> {
        let rows = link.once(OURS, &[])?;
        let session = rows.first().map(|row| {
            Ok::<_, Fault>(Session {
                pid: row.try_get("pid")?,
                began_us: row.try_get("began_us")?,
                server: server.to_owned(),
            })
        });
        self.last = session.transpose()?;
        if let Err(why) = self.write() {
            tracing::warn!(%why, "note the connection that has the desk's name");
        }
        Ok(())
    }

    fn write(&self) -> io::Result<()> {
        let (Some(path), Some(last)) = (&self.noted, &self.last) else {
            return Ok(());
        };
        let mut options = files::for_owner();
        let mut file = options.write(true).create(true).truncate(true).open(path)?;
        file.write_all(json(last).as_bytes())
    }
}
