//! One examination: check after check, each told as it begins, goes on and ends.

use std::io;
use std::net::SocketAddr;

use tokio::runtime::{Builder, Runtime};

use super::probes::machine::Clocks;
use super::probes::outside::Outside;
use super::verdicts::machine::Told;
use super::{Case, Check, Finding};
use crate::desk::{self, clock};
use crate::net::TlsSettings;
use crate::words::{Entropy, Sentence};

/// What is told while it is examined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News<'a> {
    Begins(Check),
    /// Of a check that takes its time: so much of it is done, in percent.
    GoesOn(Check, u8),
    /// The rep is to speak.
    Speak(Check),
    Ends(Check, &'a [Finding]),
}

/// Where a long check says how far it is.
pub(super) struct Progress<'a> {
    pub(super) check: Check,
    pub(super) tell: &'a mut dyn FnMut(News<'_>),
    told: u8,
}

impl<'a> Progress<'a> {
    pub(super) fn of(check: Check, tell: &'a mut dyn FnMut(News<'_>)) -> Self {
        Self {
            check,
            tell,
            told: 0,
        }
    }

    /// `done` of `all`; each tenth is told once.
    pub(super) fn at(&mut self, done: usize, all: usize) {
        let percent = (done * 100).checked_div(all).unwrap_or(100).min(100);
        let tenth = u8::try_from(percent / 10 * 10).unwrap_or(100);
        if tenth > self.told {
            self.told = tenth;
            (self.tell)(News::GoesOn(self.check, tenth));
        }
    }

    pub(super) fn speak(&mut self) {
        (self.tell)(News::Speak(self.check));
    }
}

/// What one check leaves for those after it.
pub(super) struct Round {
    runtime: Runtime,
    pub(super) began: Clocks,
    /// One port for all requests: so two answers tell whether a router shows it alike to both.
    outside: Option<Outside>,
    /// What registrars say the time is.
    pub(super) dates: Vec<Told>,
    /// Where our port leaves this PC, and as what the first registrar by UDP saw it.
    pub(super) seen: Option<(SocketAddr, SocketAddr)>,
}

impl Round {
    pub(super) fn begin() -> io::Result<Self> {
        Ok(Self {
            runtime: Builder::new_current_thread().enable_all().build()?,
            began: Clocks::read(),
            outside: None,
            dates: Vec::new(),
            seen: None,
        })
    }

    /// Asks others by the round's port, which is opened when it is first wanted.
    pub(super) fn ask<T>(
        &mut self,
        case: &Case,
        what: impl AsyncFnOnce(&mut Outside) -> T,
    ) -> Result<T, Finding> {
        let outside = match self.outside.take() {
            Some(outside) => outside,
            None => {
                let _of_the_round = self.runtime.enter();
                open_outside(case).map_err(|why| {
                    let why = Sentence::of_io(&why);
                    Finding::fault(Sentence::of("doctor.system").with("why", why))
                })?
            }
        };
        let outside = self.outside.insert(outside);
        Ok(self.runtime.block_on(what(outside)))
    }
}

/// Where the agent would listen, at another port. What is wrong with the files of TLS is another check's: the rest goes
/// on without it.
pub(super) fn open_outside(case: &Case) -> io::Result<Outside> {
    let seed = clock::seed()?;
    let sip = &case.settings.sip;
    let open = |tls: Option<&TlsSettings>| {
        let entropy = Entropy::from_seed(seed);
        Outside::open(sip.listen.ip(), &sip.user_agent, tls, entropy)
    };
    let tls = desk::tls_files(&case.settings);
    open(tls.as_ref()).or_else(|_| open(None))
}
