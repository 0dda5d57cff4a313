//! Names looked up beside the desk's loop, which never waits for DNS.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::net::{NotFound, Resolver, Target, Wanted};
use crate::words::Moment;

use super::Desk;

/// Names waiting to be looked up, and answers waiting to be taken; past it a name is asked for later.
pub(super) const ASKED_MAX: usize = 64;
/// A name is asked for again so often; the resolver's cache answers while the TTL lasts.
const FIND_EVERY: Duration = Duration::from_secs(60);
/// The same where it was not found.
const FIND_AGAIN: Duration = Duration::from_secs(15);

/// Where questions go; its task ends with it.
#[derive(Debug)]
pub(super) struct Finder {
    questions: mpsc::Sender<(Of, Wanted)>,
    _task: JoinSet<()>,
}

/// Whose name it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// By its place among the accounts.
    Account(usize),
    Stun,
}

/// Where a name leads.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) of: Of,
    pub(super) targets: Result<Vec<Target>, NotFound>,
}

/// What is known by name is looked up again and again.
#[derive(Debug)]
pub(super) struct Search {
    /// None for an address: there is nothing to look up.
    pub(super) wanted: Option<Wanted>,
    /// When to ask; none while an answer is awaited.
    at: Option<Moment>,
}

impl Finder {
    /// Looks up one name after the other, on the runtime of the services; each answer comes back by
    /// `answers`.
    pub(super) fn start(
        mut resolver: Resolver,
        answers: mpsc::Sender<Places>,
        services: &Handle,
    ) -> Self {
        let (questions, mut asked) = mpsc::channel::<(Of, Wanted)>(ASKED_MAX);
        let mut task = JoinSet::new();
        let looking_up = async move {
            while let Some((of, wanted)) = asked.recv().await {
                let targets = resolver.find(&wanted).await;
                if answers.send(Places { of, targets }).await.is_err() {
                    return; // the desk has gone
                }
            }
        };
        task.spawn_on(looking_up, services);
        Self {
            questions,
            _task: task,
        }
    }

    /// Whether the question could be put.
    pub(super) fn ask(&self, of: Of, wanted: Wanted) -> bool {
        self.questions.try_send((of, wanted)).is_ok()
    }
}

impl Search {
    /// Begins at once where there is a name to ask for.
    pub(super) fn new(wanted: Wanted, now: Moment) -> Self {
        let wanted = Some(wanted).filter(|wanted| wanted.literal().is_none());
        Self {
            at: wanted.is_some().then_some(now),
            wanted,
        }
    }

    pub(super) fn timeout(&self) -> Option<Moment> {
        self.at
    }

    /// What is to be asked for now.
    pub(super) fn take_due(&mut self, now: Moment) -> Option<Wanted> {
        self.at.take_if(|at| *at <= now)?;
        self.wanted.clone()
    }

    /// All places failed, or the network is another: not at the usual time, but now.
    pub(super) fn hurry(&mut self, now: Moment) {
        self.at = self.at.map(|at| at.min(now));
    }

    pub(super) fn ended(&mut self, found: bool, now: Moment) {
        let wait = match found {
            true => FIND_EVERY,
            false => FIND_AGAIN,
        };
        self.at = Some(now + wait);
    }
}

impl Desk {
    pub(super) fn places_found(&mut self, found: Places, now: Moment) {
        match found.of {
            Of::Account(n) => self.registrar_found(n, found.targets, now),
            Of::Stun => self.stun_found(found.targets, now),
        }
        self.tell_pbx(now);
        self.signalling.flush(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_asked_for_again_each_minute_and_an_address_never() {
        let wanted = |host: &str| Wanted {
            host: host.to_owned(),
            port: None,
            transport: None,
            secure: false,
        };
        assert_eq!(
            Search::new(wanted("192.0.2.5"), Moment::ZERO).timeout(),
            None
        );
        let mut search = Search::new(wanted("pbx.example"), Moment::ZERO);
        assert!(search.take_due(Moment::ZERO).is_some() && search.take_due(Moment::ZERO).is_none());
        search.hurry(Moment::ZERO);
        assert_eq!(search.timeout(), None, "an answer is on its way");
        search.ended(true, Moment::ZERO);
        assert_eq!(search.timeout(), Some(Moment::ZERO + FIND_EVERY));
        search.hurry(Moment::ZERO);
        assert!(search.take_due(Moment::ZERO).is_some());
        search.ended(false, Moment::ZERO);
        assert_eq!(search.timeout(), Some(Moment::ZERO + FIND_AGAIN));
    }
}
