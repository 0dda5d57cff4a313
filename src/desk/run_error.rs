use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::callbacks::store::{OpenError, StoreError};
use crate::net::TlsFault;
use crate::recordings::store::KeyFileError;
use crate::records::store::TimelinesError;
use crate::words::{Catalogue, Language, SeatId, Sentence};

use super::Unfit;

/// Why the agent does not start. Each sentence says what to do next.
#[derive(Debug)]
pub enum RunError {
    Unfit(Unfit),
    Bind {
        /// The start of a key of the catalogue: `start.sip`, `start.api`.
        what: &'static str,
        address: SocketAddr,
        why: io::Error,
    },
    State {
        folder: PathBuf,
        why: io::Error,
    },
    /// An account's password is not where the settings say.
    Password {
        account: String,
        why: Sentence,
    },
    /// A seat's password is not where the settings say.
    SeatPassword {
        seat: SeatId,
        why: Sentence,
    },
    /// The address of the promises' server is not where the settings say.
    StoreUrl(Sentence),
    /// The files of `[sip.tls]`.
    Tls(TlsFault),
    Database(OpenError),
    Rows(StoreError),
    Timelines(TimelinesError),
    /// The folder of recordings cannot be made or written to.
    Recordings {
        folder: PathBuf,
        why: io::Error,
    },
    RecordingKey(KeyFileError),
    /// The system refused a thread, a clock or random numbers.
    System(io::Error),
}

impl RunError {
    /// What is wrong and what to do, for the person who starts the agent.
    pub fn sentence(&self) -> Sentence {
        match self {
            Self::Unfit(why) => why.sentence(),
            Self::Bind { what, address, why } => Sentence::of(what)
                .with("address", address)
                .with("why", Sentence::of_io(why)),
            Self::State { folder, why } => Sentence::of("start.state-folder")
                .with("folder", folder.display())
                .with("why", Sentence::of_io(why)),
            Self::Password { account, why } => Sentence::of("start.password")
                .with("account", account)
                .with("why", why),
            Self::SeatPassword { seat, why } => Sentence::of("start.seat-password")
                .with("seat", seat)
                .with("why", why),
            Self::StoreUrl(why) => Sentence::of("start.store-url").with("why", why),
            Self::Tls(why) => why.sentence(),
            Self::Database(why) => why.sentence(),
            Self::Rows(why) => Sentence::of("start.promises").with("why", why),
            Self::Timelines(why) => why.sentence(),
            Self::Recordings { folder, why } => Sentence::of("start.recordings")
                .with("folder", folder.display())
                .with("why", Sentence::of_io(why)),
            Self::RecordingKey(why) => why.sentence(),
            Self::System(why) => Sentence::of("start.system").with("why", Sentence::of_io(why)),
        }
    }
}

/// In English, for logs.
impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Catalogue::shipped().say(&self.sentence(), Language::En))
    }
}

impl std::error::Error for RunError {}

impl From<Unfit> for RunError {
    fn from(why: Unfit) -> Self {
        Self::Unfit(why)
    }
}
