//! A handshake made only to see what comes of it.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::rustls::{CertificateError, Error};

use super::validity::not_after;
use super::{Tls, TlsFault, files, server_name};

/// What a server showed, and we believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The last moment of its certificate; none where that cannot be read.
    pub until: Option<Timestamp>,
}

/// Why there is no TLS with a server.
#[derive(Debug)]
pub enum NoHandshake {
    /// No connection at all, or none in time.
    Unreached(io::Error),
    /// Its certificate is too old.
    Expired,
    /// Its certificate is not good yet: one of the two clocks is wrong.
    NotYet,
    /// Its certificate is for others.
    OtherName,
    /// Nobody we trust has signed it.
    UnknownIssuer,
    /// It speaks no TLS, none of ours, or wants a certificate that we have not.
    Other(String),
}

impl Tls {
    /// Connects, shakes hands and hangs up. The server must prove `name`, or its address where nobody has told a name.
    pub async fn try_out(
        &self,
        name: Option<&str>,
        to: SocketAddr,
        within: Duration,
    ) -> Result<Shown, NoHandshake> {
        let late = || NoHandshake::Unreached(io::ErrorKind::TimedOut.into());
        let connected = timeout(within, TcpStream::connect(to)).await;
        let stream = connected
            .map_err(|_| late())?
            .map_err(NoHandshake::Unreached)?;
        let name = server_name(name, to.ip()).ok_or(NoHandshake::OtherName)?;
        let shaken = timeout(within, self.connector.connect(name, stream)).await;
        let stream = shaken.map_err(|_| late())?.map_err(|why| refusal(&why))?;
        let shown = stream.get_ref().1.peer_certificates();
        let first = shown.and_then(<[_]>::first);
        Ok(Shown {
            until: first.and_then(|first| not_after(first)),
        })
    }
}

/// The last moment of the first certificate in a PEM file: ours.
pub fn good_until(file: &Path) -> Result<Option<Timestamp>, TlsFault> {
    let chain = files::certificates(file)?;
    Ok(chain.first().and_then(|first| not_after(first)))
}

fn refusal(why: &io::Error) -> NoHandshake {
    let inner = why.get_ref().and_then(|it| it.downcast_ref::<Error>());
    let Some(Error::InvalidCertificate(fault)) = inner else {
        return NoHandshake::Other(why.to_string());
    };
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "rustls adds kinds; the others are told in its own words"
    )]
    match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => NoHandshake::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            NoHandshake::NotYet
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            NoHandshake::OtherName
        }
        // Somebody of the name of one we trust has signed it, by another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            NoHandshake::UnknownIssuer
        }
        _ => NoHandshake::Other(why.to_string()),
    }
}
