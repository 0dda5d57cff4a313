use std::fs;
use std::path::PathBuf;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};

use super::scratch::Scratch;

/// A year that no test lives to see.
const LONG_ENOUGH: i32 = 4096;

/// An authority of one test, and what it has signed.
pub(crate) struct Authority {
    scratch: Scratch,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key, PEM files; `both` holds one after the other.
pub(crate) struct Identity {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) both: PathBuf,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "an authority");
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority");
        let scratch = Scratch::new("certificates");
        scratch.write("ca.pem", issuer.pem());
        Self { scratch, issuer }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.scratch.path("ca.pem")
    }

    /// For whom is reached at this name or address.
    pub(crate) fn identity(&self, of: &str, name: &str) -> Identity {
        self.identity_until(of, name, LONG_ENOUGH)
    }

    /// The same, until the beginning of this year.
    pub(crate) fn identity_until(&self, of: &str, name: &str, year: i32) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.not_after = date_time_ymd(year, 1, 1);
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let (certificate, key) = (certificate.pem(), key.serialize_pem());
        Identity {
            both: self.write(of, "both.pem", &format!("{certificate}{key}")),
            certificate: self.write(of, "pem", &certificate),
            key: self.write(of, "key", &key),
        }
    }

    fn write(&self, of: &str, kind: &str, content: &str) -> PathBuf {
        let file = self.scratch.write(&format!("{of}.{kind}"), content);
        fs::canonicalize(file).expect("it was just written")
    }
}
