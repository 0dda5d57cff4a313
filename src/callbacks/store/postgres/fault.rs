use std::fmt;

use tokio_postgres::error::SqlState;

use crate::callbacks::store::StoreError;

/// Why the server did not do what it was asked.
///
/// In words of its own that name no row: the server's details would tell telephone numbers.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) kind: FaultKind,
    why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// Another desk came between: the same order again may do.
    Crossed,
    /// Another desk dials the same caller.
    InFlight,
    /// The connection is of no use any more; whether the order was carried out is not known.
    Lost,
    /// Nobody is there to connect to.
    Unreachable,
    /// Somebody else has what is locked, and keeps it.
    Waited,
    Full,
    Damaged,
    /// The server says no, and would say it again.
    Refused,
}

impl Fault {
    pub(super) fn new(kind: FaultKind, why: impl fmt::Display) -> Self {
        let why = why.to_string();
        Self { kind, why }
    }

    pub(super) fn timed_out(what: &str) -> Self {
        Self::new(FaultKind::Lost, format_args!("no answer in time: {what}"))
    }

    /// Every order is idempotent, by its fence or its key.
    pub(super) fn may_go_again(&self) -> bool {
        match self.kind {
            FaultKind::Crossed | FaultKind::InFlight | FaultKind::Lost => true,
            FaultKind::Unreachable
            | FaultKind::Waited
            | FaultKind::Full
            | FaultKind::Damaged
            | FaultKind::Refused => false,
        }
    }

    /// Whether the connection can be used on.
    pub(super) fn spares_the_link(&self) -> bool {
        !matches!(self.kind, FaultKind::Lost | FaultKind::Unreachable)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(why: tokio_postgres::Error) -> Self {
        let Some(db) = why.as_db_error() else {
            return Self::new(FaultKind::Lost, with_source(&why));
        };
        let kind = match db.constraint() {
            Some("callback_in_flight") => FaultKind::InFlight,
            Some(_) => FaultKind::Crossed,
            None => kind(db.code()),
        };
        Self::new(
            kind,
            format_args!("{} ({})", db.message(), db.code().code()),
        )
    }
}

/// By the classes of PostgreSQL's appendix A.
fn kind(code: &SqlState) -> FaultKind {
    match code.code() {
        "40001" | "40P01" => FaultKind::Crossed,
        // It is shut down or starts, the connection was ended, the server became a standby, or has no connection left.
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25006" | "53300" => FaultKind::Lost,
        "55P03" => FaultKind::Waited,
        "53100" => FaultKind::Full,
        "XX001" | "XX002" => FaultKind::Damaged,
        other if other.starts_with("08") => FaultKind::Lost,
        _ => FaultKind::Refused,
    }
}

/// "error connecting to server: Connection refused": the client says half of it.
fn with_source(why: &tokio_postgres::Error) -> String {
    let source = std::error::Error::source(why);
    source.map_or_else(|| why.to_string(), |source| format!("{why}: {source}"))
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault.kind {
            FaultKind::Full => Self::Full,
            FaultKind::Damaged => Self::Damaged,
            FaultKind::Lost | FaultKind::Unreachable => Self::Unreachable(fault.why),
            FaultKind::Crossed | FaultKind::InFlight | FaultKind::Waited | FaultKind::Refused => {
                Self::Server(fault.why)
            }
        }
    }
}
