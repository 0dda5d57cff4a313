use std::future::poll_fn;
use std::io;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls, Socket};

use super::address::{Address, NOTICE_SILENCE};
use super::fault::{Fault, FaultKind};
use super::link::runtime;
use super::tls::Tls;

/// What comes within it is told once, at its end.
const TOGETHER: Duration = Duration::from_millis(50);
/// Between two connections; the book is looked at every second in any case.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// A connection that hears when another desk has written, on a thread of its own.
#[derive(Debug)]
pub(super) struct Listener {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    pub(super) fn start(address: Address, stirred: impl Fn() + Send + 'static) -> io::Result<Self> {
        let runtime = runtime()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("listener".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = listen_on(&address, &stirred) => {}
                        _ = stopped => {}
                    }
                });
            })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        drop(self.stop.take());
        if self
            .thread
            .take()
            .is_some_and(|thread| thread.join().is_err())
        {
            tracing::error!("the listener thread panicked");
        }
    }
}

/// Again and again, for the server may be gone and come back.
async fn listen_on(address: &Address, stirred: &impl Fn()) {
    loop {
        if let Err(fault) = listen_once(address, stirred).await {
            tracing::debug!(%fault, "listen to the database");
        }
        // Whatever was missed meanwhile.
        stirred();
        let _ = timeout(AGAIN_AFTER, std::future::pending::<()>()).await;
    }
}

async fn listen_once(address: &Address, stirred: &impl Fn()) -> Result<(), Fault> {
    if address.wants_tls() {
        let tls = Tls::of_system().map_err(|why| Fault::new(FaultKind::Refused, why))?;
        let (client, connection) = address.config.connect(tls).await?;
        return hear(client, connection, address, stirred).await;
    }
    let (client, connection) = address.config.connect(NoTls).await?;
    hear(client, connection, address, stirred).await
}

/// Until the connection is lost.
async fn hear<S>(
    client: Client,
    mut connection: Connection<Socket, S>,
    address: &Address,
    stirred: &impl Fn(),
) -> Result<(), Fault>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let listening = format!("{NOTICE_SILENCE} LISTEN thirdring;");
    let listening = client.batch_execute(&listening);
    tokio::pin!(listening);
    let mut is_listening = false;
    loop {
        tokio::select! {
            done = &mut listening, if !is_listening => {
                done?;
                is_listening = true;
            }
            heard = from_others(&mut connection, address) => {
                if !heard? {
                    return Ok(());
                }
                let more = async { while from_others(&mut connection, address).await? {} Ok::<(), Fault>(()) };
                if let Ok(ended) = timeout(TOGETHER, more).await {
                    return ended;
                }
                stirred();
            }
        }
    }
}

/// Waits for what another desk tells; `false` once the connection has ended.
async fn from_others<S>(
    connection: &mut Connection<Socket, S>,
    address: &Address,
) -> Result<bool, Fault>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        match poll_fn(|context| connection.poll_message(context)).await {
            Some(Ok(AsyncMessage::Notification(told)))
                if told.payload() != address.desk.as_str() =>
            {
                return Ok(true);
            }
            Some(Ok(_)) => {}
            Some(Err(why)) => return Err(why.into()),
            None => return Ok(false),
        }
    }
}
