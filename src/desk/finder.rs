//! Names looked up beside the desk's loop, which never waits for DNS.

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::net::{NotFound, Resolver, Target, Wanted};

/// Names waiting to be looked up, and answers waiting to be taken; past it a name is asked for later.
pub(super) const ASKED_MAX: usize = 64;

/// Where questions go; its task ends with it.
#[derive(Debug)]
pub(super) struct Finder {
    questions: mpsc::Sender<(usize, Wanted)>,
    _task: JoinSet<()>,
}

/// Where the name of a line leads.
#[derive(Debug)]
pub(super) struct Places {
    /// Its place among the accounts.
    pub(super) line: usize,
    pub(super) targets: Result<Vec<Target>, NotFound>,
}

impl Finder {
    /// Looks up one name after the other, on the runtime of the services; each answer comes back by
    /// `answers`.
    pub(super) fn start(
        mut resolver: Resolver,
        answers: mpsc::Sender<Places>,
        services: &Handle,
    ) -> Self {
        let (questions, mut asked) = mpsc::channel::<(usize, Wanted)>(ASKED_MAX);
        let mut task = JoinSet::new();
        let looking_up = async move {
            while let Some((line, wanted)) = asked.recv().await {
                let targets = resolver.find(&wanted).await;
                if answers.send(Places { line, targets }).await.is_err() {
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
    pub(super) fn ask(&self, line: usize, wanted: Wanted) -> bool {
        self.questions.try_send((line, wanted)).is_ok()
    }
}
