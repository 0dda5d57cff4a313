use std::fmt;
use std::io;
use std::path::PathBuf;

use tokio_rustls::rustls;

use crate::words::{Catalogue, Language, Sentence};

/// Why TLS cannot be had: which file, what is wrong with it, and what would be right.
#[derive(Debug)]
pub enum TlsFault {
    Unreadable {
        file: PathBuf,
        why: io::Error,
    },
    /// No certificate in PEM stands in the file.
    NoCertificate {
        file: PathBuf,
    },
    NoKey {
        file: PathBuf,
    },
    /// The key is not the certificate's, or one of them is of a kind we do not know.
    Unfit {
        certificate: PathBuf,
        key: PathBuf,
        why: rustls::Error,
    },
    /// Clients are to show certificates, and no root is trusted.
    NobodyTrusted,
    Versions(rustls::Error),
}

impl TlsFault {
    pub fn sentence(&self) -> Sentence {
        match self {
            Self::Unreadable { file, why } => Sentence::of("start.unreadable")
                .with("file", file.display())
                .with("why", Sentence::of_io(why)),
            Self::NoCertificate { file } => {
                Sentence::of("start.tls.no-certificate").with("file", file.display())
            }
            Self::NoKey { file } => Sentence::of("start.tls.no-key").with("file", file.display()),
            Self::Unfit {
                certificate,
                key,
                why,
            } => Sentence::of("start.tls.unfit")
                .with("certificate", certificate.display())
                .with("key", key.display())
                .with("why", why),
            Self::NobodyTrusted => Sentence::of("start.tls.nobody-trusted"),
            Self::Versions(why) => Sentence::of("start.tls.versions").with("why", why),
        }
    }
}

/// In English, for logs.
impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Catalogue::shipped().say(&self.sentence(), Language::En))
    }
}

impl std::error::Error for TlsFault {}
