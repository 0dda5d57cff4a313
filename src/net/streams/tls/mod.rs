//! Certificates: which are ours, and whose we trust.
//!
//! TLS 1.2 and 1.3 by rustls with ring. A peer we call is checked against the name it was looked up
//! by (RFC 5922 4), unless an admin has switched that off.

mod anyone;
mod fault;
mod files;
mod trial;
mod validity;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use self::anyone::Anyone;
pub use self::fault::TlsFault;
use self::files::Identity;
pub use self::trial::{NoHandshake, Shown, good_until};

/// What an admin has set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// Our certificate chain and its key, PEM; for who connects to us, and for who asks for ours.
    pub identity: Option<IdentityFiles>,
    /// Whose certificates are trusted, PEM; without it those the system trusts.
    pub ca: Option<PathBuf>,
    pub verify: Verify,
    pub clients: Clients,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Whether the certificate of a peer we connect to must be one we trust, in its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    #[default]
    Yes,
    /// For laboratories: whoever answers is believed.
    No,
}

/// Whether who connects to us shows a certificate; one that is shown must be trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clients {
    #[default]
    NotAsked,
    Optional,
    Required,
}

/// Both sides of TLS, ready for use.
#[derive(Clone)]
pub struct Tls {
    /// None without a certificate of our own: then nobody can connect to us.
    pub(super) acceptor: Option<TlsAcceptor>,
    pub(super) connector: TlsConnector,
    /// Whether a server must prove its name.
    pub(super) verifies: bool,
}

impl Tls {
    /// Reads the files; what is wrong with them is the error.
    pub fn open(settings: &TlsSettings) -> Result<Self, TlsFault> {
        let provider = Arc::new(ring::default_provider());
        let identity = settings
            .identity
            .as_ref()
            .map(files::identity)
            .transpose()?;
        let roots = Arc::new(files::roots(settings.ca.as_deref())?);
        let server = identity.as_ref().map(|identity| {
            let clients = clients(settings.clients, &roots, &provider)?;
            server(identity, clients, &provider)
        });
        let acceptor = server
            .transpose()?
            .map(|server| TlsAcceptor::from(Arc::new(server)));
        let client = client(identity, settings.verify, &roots, &provider)?;
        Ok(Self {
            acceptor,
            connector: TlsConnector::from(Arc::new(client)),
            verifies: settings.verify == Verify::Yes,
        })
    }
}

/// The name in a peer's certificate; an address where nobody has told a name.
pub(super) fn server_name(name: Option<&str>, ip: IpAddr) -> Option<ServerName<'static>> {
    match name {
        Some(name) => ServerName::try_from(name.to_owned()).ok(),
        None => Some(ServerName::IpAddress(ip.into())),
    }
}

/// Whether a certificate is for this name; by whom it is signed was checked when it was shown.
pub(super) fn is_for(certificate: &CertificateDer<'_>, name: &str) -> bool {
    let parsed = ParsedCertificate::try_from(certificate);
    let name = ServerName::try_from(name);
    match (parsed, name) {
        (Ok(parsed), Ok(name)) => verify_server_name(&parsed, &name).is_ok(),
        (Err(_), _) | (_, Err(_)) => false,
    }
}

fn clients(
    clients: Clients,
    roots: &Arc<RootCertStore>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsFault> {
    let builder =
        WebPkiClientVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(provider));
    let verifier = match clients {
        Clients::NotAsked => return Ok(WebPkiClientVerifier::no_client_auth()),
        Clients::Optional => builder.allow_unauthenticated().build(),
        Clients::Required => builder.build(),
    };
    verifier.map_err(|_| TlsFault::NobodyTrusted)
}

fn server(
    identity: &Identity,
    clients: Arc<dyn ClientCertVerifier>,
    provider: &Arc<CryptoProvider>,
) -> Result<ServerConfig, TlsFault> {
    ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(TlsFault::Versions)?
        .with_client_cert_verifier(clients)
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .map_err(|why| identity.unfit(why))
}

fn client(
    identity: Option<Identity>,
    verify: Verify,
    roots: &Arc<RootCertStore>,
    provider: &Arc<CryptoProvider>,
) -> Result<ClientConfig, TlsFault> {
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(TlsFault::Versions)?;
    let builder = match verify {
        Verify::Yes => builder.with_root_certificates(Arc::clone(roots)),
        Verify::No => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anyone::new(provider))),
    };
    match identity {
        Some(identity) => builder
            .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
            .map_err(|why| identity.unfit(why)),
        None => Ok(builder.with_no_client_auth()),
    }
}

#[cfg(test)]
mod tests;
