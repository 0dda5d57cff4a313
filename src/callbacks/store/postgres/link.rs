use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Connection, NoTls, Row, Socket, Statement};

use super::address::{Address, NOTICE_SILENCE};
use super::fault::{Fault, FaultKind};
use super::query::Query;
use super::tls::Tls;

/// For a connection with all that is said on it first; the server's name may have several addresses.
const OPEN_WITHIN: Duration = Duration::from_secs(6);
/// For the answer to what was sent together; the server gives up before: see [`SESSION`].
const ANSWER_WITHIN: Duration = Duration::from_secs(8);

/// Promises are on disk once they are committed, whatever the server's owner chose for others. Who is due is found in the
/// order of an index: the server knows how many rows there were at its last look, which may have been before the shift, and
/// would sort all who are due, each time. What else is ordered has an index of that order, or few rows; they are
/// sorted at a price that would have the server compile the query first.
const SESSION: &str = "
SET search_path = thirdring; SET client_min_messages = warning;
SET statement_timeout = '5s'; SET lock_timeout = '3s'; SET idle_in_transaction_session_timeout = '10s';
SET enable_sort = off; SET jit = off;
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local');";

/// One connection, and the runtime that drives it while somebody waits for an answer.
#[derive(Debug)]
pub(super) struct Link {
    runtime: Runtime,
    client: Client,
    statements: Vec<Statement>,
}

impl Link {
    pub(super) fn open(address: &Address) -> Result<Self, Fault> {
        let runtime = runtime().map_err(|why| Fault::new(FaultKind::Refused, why))?;
        let client = runtime.block_on(async {
            let opened = timeout(OPEN_WITHIN, connect(address)).await;
            opened.unwrap_or_else(|_| Err(Fault::timed_out("connect")))
        });
        let client = client.map_err(|fault| match fault.kind {
            FaultKind::Lost => Fault::new(FaultKind::Unreachable, fault),
            FaultKind::Crossed
            | FaultKind::InFlight
            | FaultKind::Unreachable
            | FaultKind::Waited
            | FaultKind::Full
            | FaultKind::Damaged
            | FaultKind::Refused => fault,
        })?;
        let link = Self {
            runtime,
            client,
            statements: Vec::new(),
        };
        link.batch(NOTICE_SILENCE)?;
        link.batch(SESSION)?;
        Ok(link)
    }

    /// Prepares what is asked again and again, once the tables are there.
    pub(super) fn prepare(&mut self) -> Result<(), Fault> {
        self.statements = self.wait(async {
            let mut statements = Vec::new();
            for query in Query::ALL {
                statements.push(self.client.prepare(query.sql()).await?);
            }
            Ok(statements)
        })?;
        Ok(())
    }

    /// Blocks until it is there, or for eight seconds; futures that are joined in it are sent together.
    pub(super) fn wait<T>(&self, what: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        self.runtime.block_on(async {
            let answered = timeout(ANSWER_WITHIN, what).await;
            answered.unwrap_or_else(|_| Err(Fault::timed_out("a statement")))
        })
    }

    pub(super) async fn rows(
        &self,
        query: Query,
        by: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Fault> {
        let statement = self
            .statements
            .get(query as usize)
            .expect("all were prepared with the connection");
        Ok(self.client.query(statement, by).await?)
    }

    pub(super) async fn say(&self, sql: &str) -> Result<(), Fault> {
        Ok(self.client.batch_execute(sql).await?)
    }

    pub(super) fn batch(&self, sql: &str) -> Result<(), Fault> {
        self.wait(self.say(sql))
    }

    /// What is asked so rarely that nobody prepares it.
    pub(super) fn once(&self, sql: &str, by: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Fault> {
        self.wait(async { Ok(self.client.query(sql, by).await?) })
    }

    /// The first column of the first row.
    pub(super) fn number(&self, sql: &str) -> Result<Option<i64>, Fault> {
        let rows = self.once(sql, &[])?;
        Ok(rows.first().map(|row| row.try_get(0)).transpose()?)
    }
}

/// For one thread that waits.
pub(super) fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

async fn connect(address: &Address) -> Result<Client, Fault> {
    if address.wants_tls() {
        let tls = Tls::of_system().map_err(|why| Fault::new(FaultKind::Refused, why))?;
        let (client, connection) = address.config.connect(tls).await?;
        drive(connection);
        return Ok(client);
    }
    let (client, connection) = address.config.clone().connect(NoTls).await?;
    drive(connection);
    Ok(client)
}

/// It ends with its client; what was wrong with it, each statement tells.
fn drive<S>(connection: Connection<Socket, S>)
where
    S: tokio_postgres::tls::TlsStream + Unpin + Send + 'static,
{
    drop(tokio::spawn(connection));
}
