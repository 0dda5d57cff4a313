use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};

use super::certificates::{Authority, Identity};
use super::phone::SOON;

const OPTIONS: &str = "OPTIONS sip:a@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1;branch=z9hG4bKtls\r\n\
    From: <sip:b@127.0.0.1>;tag=t\r\nTo: <sip:a@127.0.0.1>\r\nCall-ID: tls-line\r\nCSeq: 1 OPTIONS\r\n\
    Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n";

/// A TLS connection to the agent at 127.0.0.1.
pub(super) struct TlsLine {
    tls: ClientConnection,
    tcp: TcpStream,
}

impl TlsLine {
    /// Shows this certificate where one is asked for.
    pub(super) fn open(to: SocketAddr, authority: &Authority, shows: Option<&Identity>) -> Self {
        let ca = CertificateDer::from_pem_file(authority.file()).expect("a certificate");
        let mut roots = RootCertStore::empty();
        roots.add(ca).expect("an authority");
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("TLS 1.2 and 1.3")
            .with_root_certificates(roots);
        let config = match shows {
            None => config.with_no_client_auth(),
            Some(identity) => {
                let certificate = CertificateDer::from_pem_file(&identity.certificate);
                let key = PrivateKeyDer::from_pem_file(&identity.key).expect("a key");
                let chain = vec![certificate.expect("a certificate")];
                config.with_client_auth_cert(chain, key).expect("a pair")
            }
        };
        let name = ServerName::try_from("127.0.0.1").expect("an address");
        let tls = ClientConnection::new(Arc::new(config), name).expect("a connection");
        let tcp = TcpStream::connect(to).expect("the agent listens");
        tcp.set_read_timeout(Some(SOON)).expect("it is a socket");
        Self { tls, tcp }
    }

    /// The first line of the answer to OPTIONS; empty without one.
    pub(super) fn ask(&mut self) -> String {
        let mut stream = Stream::new(&mut self.tls, &mut self.tcp);
        let mut answer = [0; 2_048];
        let asked = stream.write_all(OPTIONS.as_bytes());
        let length = asked.and_then(|()| stream.read(&mut answer)).unwrap_or(0);
        let text = String::from_utf8_lossy(&answer[..length]).into_owned();
        text.lines().next().unwrap_or_default().to_owned()
    }

    pub(super) fn is_answered(&mut self) -> bool {
        self.ask().starts_with("SIP/2.0 200")
    }

    /// The certificate the agent shows.
    pub(super) fn shown(&self) -> Vec<u8> {
        let shown = self.tls.peer_certificates().expect("a certificate");
        shown.first().expect("a certificate").to_vec()
    }
}
