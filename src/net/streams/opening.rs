use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::connection::{Connection, now};
use super::limits::{End, StreamLimits};
use super::patience::Patience;
use super::tls::{self, Tls};
use crate::net::{Dscp, options};
use crate::sip::Transport;

/// Who connected to us.
pub(super) async fn serve(connection: Connection, stream: TcpStream, tls: Option<Tls>) -> End {
    let limits = connection.limits;
    let since = now();
    if connection.hop.transport != Transport::Tls {
        let patience = Patience::with_them(limits, since, since);
        return connection.carry(stream, patience).await;
    }
    let Some(acceptor) = tls.and_then(|tls| tls.acceptor) else {
        return connection.finish(End::Handshake).await;
    };
    match timeout(limits.first_message_within, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => {
            if let Some([shown, ..]) = stream.get_ref().1.peer_certificates() {
                // It is shown once.
                let _ = connection.usage.shown.set(shown.clone().into_owned());
            }
            let patience = Patience::with_them(limits, since, now());
            connection.carry(stream, patience).await
        }
        Ok(Err(error)) => {
            tracing::debug!(peer = %connection.hop.address, %error, "TLS with who connected");
            connection.finish(End::Handshake).await
        }
        Err(_) => connection.finish(End::SlowToBegin).await,
    }
}

/// A TCP connection of ours.
pub(super) async fn call_tcp(connection: Connection, dial: Dial, ping_every: Duration) -> End {
    match dial.tcp().await {
        Ok(stream) => carry_ours(connection, stream, ping_every).await,
        Err(end) => connection.finish(end).await,
    }
}

/// A TLS connection of ours, to who proves the name.
pub(super) async fn call_tls(
    connection: Connection,
    dial: Dial,
    (tls, name): (Tls, Option<String>),
    ping_every: Duration,
) -> End {
    match dial.tls(&tls, name.as_deref()).await {
        Ok(stream) => carry_ours(connection, stream, ping_every).await,
        Err(end) => connection.finish(end).await,
    }
}

async fn carry_ours<S>(connection: Connection, stream: S, ping_every: Duration) -> End
where
    S: AsyncRead + AsyncWrite + Send,
{
    let patience = Patience::with_ours(connection.limits, ping_every, now());
    connection.carry(stream, patience).await
}

/// A connection to be made.
#[derive(Clone, Debug)]
pub(super) struct Dial {
    pub(super) to: SocketAddr,
    /// The address we connect from, where peers know us by it.
    pub(super) from: Option<IpAddr>,
    pub(super) dscp: Dscp,
    pub(super) limits: StreamLimits,
}

impl Dial {
    async fn tcp(&self) -> Result<TcpStream, End> {
        match timeout(self.limits.open_within, self.connect()).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => {
                tracing::debug!(to = %self.to, %error, "connect to a SIP peer");
                Err(End::Unreached)
            }
            Err(_) => Err(End::Unreached),
        }
    }

    /// The peer must show a certificate for `name`, or for its address without one.
    async fn tls(&self, tls: &Tls, name: Option<&str>) -> Result<TlsStream<TcpStream>, End> {
        let stream = self.tcp().await?;
        let name = tls::server_name(name, self.to.ip()).ok_or(End::Handshake)?;
        let handshake = tls.connector.connect(name, stream);
        match timeout(self.limits.open_within, handshake).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => {
                tracing::warn!(to = %self.to, %error, "TLS with a SIP peer");
                Err(End::Handshake)
            }
            Err(_) => Err(End::Handshake),
        }
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let socket = match self.to {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        let same_family = |from: &IpAddr| from.is_ipv4() == self.to.is_ipv4();
        if let Some(from) = self.from.filter(same_family) {
            socket.bind(SocketAddr::new(from, 0))?;
        }
        let stream = socket.connect(self.to).await?;
        options::for_signalling(&stream, self.dscp);
        Ok(stream)
    }
}
