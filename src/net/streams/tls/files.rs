use std::fs;
use std::path::{Path, PathBuf};

use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, RootCertStore};

use super::{IdentityFiles, TlsFault};

/// Our certificate, with the chain above it and its key.
pub(super) struct Identity {
    files: IdentityFiles,
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

impl Identity {
    pub(super) fn unfit(&self, why: rustls::Error) -> TlsFault {
        let IdentityFiles { certificate, key } = self.files.clone();
        TlsFault::Unfit {
            certificate,
            key,
            why,
        }
    }
}

pub(super) fn identity(files: &IdentityFiles) -> Result<Identity, TlsFault> {
    let key = PrivateKeyDer::from_pem_slice(&read(&files.key)?);
    Ok(Identity {
        files: files.clone(),
        chain: certificates(&files.certificate)?,
        key: key.map_err(|_| TlsFault::NoKey {
            file: files.key.clone(),
        })?,
    })
}

/// The certificates of `ca`, or those the system trusts; none there is no fault before one is needed.
pub(super) fn roots(ca: Option<&Path>) -> Result<RootCertStore, TlsFault> {
    let mut roots = RootCertStore::empty();
    let Some(file) = ca else {
        let (trusted, _) =
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if trusted == 0 {
            tracing::warn!("this system trusts no certificates: set sip.tls.ca to call TLS peers");
        }
        return Ok(roots);
    };
    let (trusted, _) = roots.add_parsable_certificates(certificates(file)?);
    match trusted {
        0 => Err(no_certificate(file)),
        _ => Ok(roots),
    }
}

pub(super) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let pem = read(file)?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        Ok(_) | Err(_) => Err(no_certificate(file)),
    }
}

fn no_certificate(file: &Path) -> TlsFault {
    TlsFault::NoCertificate {
        file: file.to_owned(),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, TlsFault> {
    fs::read(file).map_err(|why| TlsFault::Unreadable {
        file: PathBuf::from(file),
        why,
    })
}
