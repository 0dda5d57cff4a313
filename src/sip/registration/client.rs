use std::time::Duration;

use super::account::{Account, Particulars};
use super::grant::Grant;
use super::line::{Line, Targets};
use super::pace;
use super::stage::{Action, Attempt, Purpose, Stage, State, Then};
use crate::sip::Hop;
use crate::sip::digest::Login;
use crate::sip::wire::{Message, NameAddr, Start};
use crate::words::{Entropy, Moment};

/// Who lost his connection registers anew within so long, or within the start's jitter.
const ANEW_WITHIN: Duration = Duration::from_secs(5);

/// Keeps one account registered. Every input returns what is to be done; `timeout` says when to
/// call `handle_timeout`.
#[derive(Debug)]
pub struct Registration {
    pub(super) account: Account,
    pub(super) stage: Stage,
    pub(super) login: Login,
    pub(super) entropy: Entropy,
    pub(super) line: Line,
    pub(super) targets: Targets,
    pub(super) grant: Grant,
    pub(super) out: Outbox,
}

/// What the input under way brings.
#[derive(Debug)]
pub(super) struct Outbox {
    pub(super) actions: Vec<Action>,
    told: State,
}

impl Registration {
    /// `ours` is our own end, as the registrar is to reach it; there is one target until
    /// `resolved` says otherwise.
    pub fn new(account: Account, ours: Hop, mut entropy: Entropy) -> Self {
        Self {
            stage: Stage::Idle,
            login: Login::new(account.credentials.clone()),
            line: Line::new(account.contact(ours), &mut entropy),
            targets: Targets::default(),
            grant: Grant::default(),
            out: Outbox {
                actions: Vec::new(),
                told: State::Waiting,
            },
            entropy,
            account,
        }
    }

    pub fn state(&self) -> State {
        self.stage.state()
    }

    /// When to call `handle_timeout` next.
    pub fn timeout(&self) -> Option<Moment> {
        self.stage.timeout()
    }

    /// The Route of our requests outside a dialog, in its order (RFC 3608).
    pub fn service_route(&self) -> &[NameAddr] {
        &self.grant.service_route
    }

    /// The identities the registrar lets us use (P-Associated-URI); the first is the usual one.
    pub fn associated(&self) -> &[NameAddr] {
        &self.grant.associated
    }

    /// Starts, after a random part of the start's jitter.
    pub fn begin(&mut self, now: Moment) -> Vec<Action> {
        match self.stage {
            Stage::Idle | Stage::Ended => {
                let wait = pace::start(self.account.start_jitter, &mut self.entropy);
                self.stage = Stage::Waiting {
                    start_at: now + wait,
                };
                self.wake(now);
            }
            Stage::Waiting { .. }
            | Stage::Trying(_)
            | Stage::Registered { .. }
            | Stage::Refused { .. }
            | Stage::Unreachable { .. } => {}
        }
        self.finish()
    }

    pub fn handle_timeout(&mut self, now: Moment) -> Vec<Action> {
        self.wake(now);
        self.finish()
    }

    /// The target that REGISTERs go to, counted from 0.
    pub fn target(&self) -> usize {
        self.targets.current
    }

    /// What the registrar's name stands for by now: so many targets, none being as good as no
    /// answer, and where the one in use stands among them. A place nobody has tried ends a back-off.
    pub fn resolved(&mut self, targets: usize, in_use: Option<usize>, now: Moment) -> Vec<Action> {
        let is_new = self.targets.count == 0 || in_use.is_none();
        self.targets.resolved(targets, in_use);
        if is_new && targets > 0 && matches!(self.stage, Stage::Unreachable { .. }) {
            self.attempt(Purpose::Register, now);
        }
        self.finish()
    }

    /// Takes a response; provisional ones and answers to an earlier REGISTER change nothing.
    pub fn responded(&mut self, response: &Message, now: Moment) -> Vec<Action> {
        let Start::Response { code, .. } = response.start else {
            return Vec::new();
        };
        if code >= 200 && self.line.is_latest(response) {
            self.judge(code, response, now);
        }
        self.finish()
    }

    /// The REGISTER numbered `cseq` was not answered in time, or could not be sent.
    pub fn unanswered(&mut self, cseq: u32, now: Moment) -> Vec<Action> {
        if cseq == self.line.cseq {
            self.failed(Duration::ZERO, now);
        }
        self.finish()
    }

    /// Our address may be another, or the PC has slept: registers anew at once, but not where a
    /// refusal is being waited out.
    pub fn network_changed(&mut self, ours: Hop, now: Moment) -> Vec<Action> {
        self.line.contact = self.account.contact(ours);
        match &self.stage {
            Stage::Registered { .. } | Stage::Unreachable { .. } => {
                self.start_over();
                self.attempt(Purpose::Register, now);
            }
            // The answer would come to an address that is not ours any more.
            Stage::Trying(_) => {
                self.start_over();
                self.send();
            }
            Stage::Idle | Stage::Waiting { .. } | Stage::Refused { .. } | Stage::Ended => {}
        }
        self.finish()
    }

    /// The connection we were registered over is gone, and the binding with it (RFC 5626 4.2.1): soon
    /// registers anew, but not in step with all others whom the registrar has hung up on.
    pub fn connection_lost(&mut self, now: Moment) -> Vec<Action> {
        if matches!(self.stage, Stage::Registered { .. }) {
            let spread = self.account.start_jitter.min(ANEW_WITHIN);
            let wait = pace::start(spread, &mut self.entropy);
            self.start_over();
            self.stage = Stage::Waiting {
                start_at: now + wait,
            };
            self.wake(now);
        }
        self.finish()
    }

    /// Calls found the target in use dead: registers at the next one, where there is another.
    pub fn target_lost(&mut self, now: Moment) -> Vec<Action> {
        if matches!(self.stage, Stage::Registered { .. }) && self.targets.count > 1 {
            self.start_over();
            self.targets.step();
            self.attempt(Purpose::Register, now);
        }
        self.finish()
    }

    /// Takes our binding away; `State(Ended)` follows.
    pub fn end(&mut self, now: Moment) -> Vec<Action> {
        match &mut self.stage {
            Stage::Registered { .. } => self.attempt(Purpose::Deregister, now),
            Stage::Trying(attempt) => attempt.then = Then::Leave,
            Stage::Idle
            | Stage::Waiting { .. }
            | Stage::Refused { .. }
            | Stage::Unreachable { .. }
            | Stage::Ended => self.over(),
        }
        self.finish()
    }
}

impl Registration {
    /// Whatever is due.
    fn wake(&mut self, now: Moment) {
        if self.stage.timeout().is_none_or(|at| now < at) {
            return;
        }
        let purpose = match self.stage {
            // The registrar takes longer to answer than it lets us live.
            Stage::Trying(ref mut attempt) => {
                attempt.purpose = Purpose::Register;
                return;
            }
            // The PC may have slept past the binding's end.
            Stage::Registered { until, .. } if now < until => Purpose::Refresh { until },
            Stage::Registered { .. }
            | Stage::Waiting { .. }
            | Stage::Refused { .. }
            | Stage::Unreachable { .. } => Purpose::Register,
            Stage::Idle | Stage::Ended => return,
        };
        self.attempt(purpose, now);
    }

    pub(super) fn attempt(&mut self, purpose: Purpose, now: Moment) {
        let expires = match purpose {
            Purpose::Register | Purpose::Refresh { .. } => self.account.expires,
            Purpose::Deregister => Duration::ZERO,
        };
        self.stage = Stage::Trying(Attempt::new(purpose, expires));
        match self.targets.count {
            0 => self.failed(Duration::ZERO, now),
            _ => self.send(),
        }
    }

    fn start_over(&mut self) {
        self.login.forget();
        self.targets.failures = 0;
    }

    /// Sends the attempt's REGISTER, with the next CSeq and all we know by now.
    pub(super) fn send(&mut self) {
        let Stage::Trying(attempt) = &self.stage else {
            return;
        };
        let cseq = self.line.next_cseq();
        let (contact, gone) = self.line.contacts(attempt.purpose);
        let mut request = self.account.register(Particulars {
            call_id: &self.line.call_id,
            tag: &self.line.tag,
            cseq,
            contact,
            gone,
            expires: attempt.expires,
        });
        self.login.sign(&mut request);
        self.out.actions.push(Action::Send {
            cseq,
            request: Box::new(request),
            target: self.targets.current,
        });
    }

    /// What the input brought, and the state if it is another.
    fn finish(&mut self) -> Vec<Action> {
        let state = self.state();
        if self.out.told != state {
            self.out.told = state;
            self.out.actions.push(Action::State(state));
        }
        std::mem::take(&mut self.out.actions)
    }
}

#[cfg(test)]
mod tests;
