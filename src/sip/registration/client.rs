use std::time::Duration;

use super::account::{Account, Particulars};
use super::grant::{Grant, seconds};
use super::pace;
use super::stage::{Action, Alarm, Attempt, Purpose, Stage, State, Then};
use crate::sip::Hop;
use crate::sip::digest::{Login, NotAnswered};
use crate::sip::wire::{Message, NameAddr, Start, Uri};
use crate::words::{Entropy, Moment};

/// The length of tag and Call-ID, in characters of 5 bits.
const TOKEN: usize = 20;
/// The most a registrar's Min-Expires may raise our wish to.
const EXPIRES_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// RFC 3261 8.1.1.5: a CSeq number is below 2^31.
const CSEQ_MAX: u32 = 0x7FFF_FFFF;

/// Keeps one account registered. Every input returns what is to be done; `timeout` says when to
/// call `handle_timeout`.
#[derive(Debug)]
pub struct Registration {
    account: Account,
    stage: Stage,
    login: Login,
    entropy: Entropy,
    line: Line,
    targets: Targets,
    grant: Grant,
    out: Outbox,
}

/// What all our REGISTERs share (RFC 3261 10.2).
#[derive(Debug)]
struct Line {
    call_id: String,
    tag: String,
    cseq: u32,
    contact: Uri,
    /// The Contact the registrar knows, as far as we know.
    bound: Option<Uri>,
}

/// The addresses the registrar's name stands for.
#[derive(Debug)]
struct Targets {
    count: usize,
    /// The one in use.
    current: usize,
    /// Rounds in a row in which all failed.
    failures: u32,
}

#[derive(Debug)]
struct Outbox {
    actions: Vec<Action>,
    told: State,
}

impl Registration {
    /// `ours` is our own end, as the registrar is to reach it; there is one target until
    /// `resolved` says otherwise.
    pub fn new(account: Account, ours: Hop, mut entropy: Entropy) -> Self {
        Self {
            stage: Stage::Idle,
            login: Login::new(account.credentials.clone()),
            line: Line {
                call_id: entropy.token(TOKEN),
                tag: entropy.token(TOKEN),
                cseq: 0,
                contact: account.contact(ours),
                bound: None,
            },
            targets: Targets {
                count: 1,
                current: 0,
                failures: 0,
            },
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

    /// How many targets the registrar's name stands for by now; none is as good as no answer.
    pub fn resolved(&mut self, targets: usize) {
        self.targets.count = targets;
        if self.targets.current >= targets {
            self.targets.current = 0;
        }
    }

    /// Takes a response; provisional ones and answers to an earlier REGISTER change nothing.
    pub fn responded(&mut self, response: &Message, now: Moment) -> Vec<Action> {
        let Start::Response { code, .. } = response.start else {
            return Vec::new();
        };
        if code >= 200 && cseq(response) == Some(self.line.cseq) {
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
                self.register(Purpose::Register, now);
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

    /// Takes our binding away; `State(Ended)` follows.
    pub fn end(&mut self, now: Moment) -> Vec<Action> {
        match &mut self.stage {
            Stage::Registered { .. } => self.leave(now),
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
            // The PC may have slept past the binding's end.
            Stage::Registered { until, .. } if now < until => Purpose::Refresh { until },
            Stage::Registered { .. }
            | Stage::Waiting { .. }
            | Stage::Refused { .. }
            | Stage::Unreachable { .. } => Purpose::Register,
            Stage::Idle | Stage::Trying(_) | Stage::Ended => return,
        };
        self.register(purpose, now);
    }

    fn register(&mut self, purpose: Purpose, now: Moment) {
        self.stage = Stage::Trying(Attempt::new(purpose, self.account.expires));
        match self.targets.count {
            0 => self.failed(Duration::ZERO, now),
            _ => self.send(),
        }
    }

    fn leave(&mut self, now: Moment) {
        self.stage = Stage::Trying(Attempt::new(Purpose::Deregister, Duration::ZERO));
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
    fn send(&mut self) {
        let Stage::Trying(attempt) = &self.stage else {
            return;
        };
        let line = &mut self.line;
        line.cseq = (line.cseq % CSEQ_MAX).saturating_add(1);
        let bound = line.bound.as_ref();
        let (contact, gone) = match attempt.purpose {
            Purpose::Deregister => (bound.unwrap_or(&line.contact), None),
            Purpose::Register | Purpose::Refresh { .. } => {
                let gone = bound.filter(|bound| !bound.is_same(&line.contact));
                (&line.contact, gone)
            }
        };
        let mut request = self.account.register(Particulars {
            call_id: &line.call_id,
            tag: &line.tag,
            cseq: line.cseq,
            contact,
            gone,
            expires: attempt.expires,
        });
        self.login.sign(&mut request);
        self.out.actions.push(Action::Send {
            cseq: line.cseq,
            request: Box::new(request),
            target: self.targets.current,
        });
    }

    fn judge(&mut self, code: u16, response: &Message, now: Moment) {
        let Stage::Trying(attempt) = &self.stage else {
            return;
        };
        let leaving = attempt.purpose == Purpose::Deregister;
        let retry_after = pace::retry_after(response.value("Retry-After"));
        match code {
            200..=299 => self.accepted(response, now),
            401 | 407 => match self.login.challenged(response, &mut self.entropy) {
                Ok(()) => self.send_signed(now),
                Err(why) => self.refused(code, Some(why), retry_after, now),
            },
            423 if !leaving => self.raise(response, now),
            408 | 430 | 500..=599 => self.failed(retry_after, now),
            // 3xx, too: nobody's word sends our credentials elsewhere.
            _ => self.refused(code, None, retry_after, now),
        }
    }

    /// Once more, with an answer to the challenge; or straight to the good-bye that is wanted.
    fn send_signed(&mut self, now: Moment) {
        match (&self.stage, &self.line.bound) {
            (Stage::Trying(attempt), Some(_)) if attempt.then == Then::Leave => self.leave(now),
            (Stage::Trying(attempt), None) if attempt.then == Then::Leave => self.over(),
            _ => self.send(), // nobody wants to leave
        }
    }

    fn accepted(&mut self, response: &Message, now: Moment) {
        let Stage::Trying(attempt) = &self.stage else {
            return;
        };
        if attempt.purpose == Purpose::Deregister {
            return self.over();
        }
        let (contact, instance) = (&self.line.contact, self.account.instance());
        let grant = Grant::read(response, contact, &instance, attempt.expires);
        let then = attempt.then;
        if grant.expires.is_zero() {
            return self.failed(Duration::ZERO, now);
        }
        self.login.accepted();
        self.targets.failures = 0;
        self.line.bound = Some(contact.clone());
        let refresh_at = now + pace::refresh(grant.expires, &mut self.entropy);
        let until = now + grant.expires;
        self.grant = grant;
        self.stage = Stage::Registered { until, refresh_at };
        if then == Then::Leave {
            self.leave(now);
        }
    }

    /// 423: asks for what the registrar grants at least, once an attempt.
    fn raise(&mut self, response: &Message, now: Moment) {
        let at_least = response.value("Min-Expires").and_then(seconds);
        let at_least = at_least.filter(|it| *it <= EXPIRES_MAX);
        match (&mut self.stage, at_least) {
            (Stage::Trying(attempt), Some(at_least))
                if !attempt.raised && at_least > attempt.expires =>
            {
                attempt.raised = true;
                attempt.expires = at_least;
                self.send();
            }
            _ => self.refused(423, None, Duration::ZERO, now), // it asks for nothing we can give
        }
    }

    /// The target could not help: the next one, and after the last a growing wait.
    fn failed(&mut self, retry_after: Duration, now: Moment) {
        let Stage::Trying(attempt) = &mut self.stage else {
            return;
        };
        if attempt.then == Then::Leave || attempt.purpose == Purpose::Deregister {
            return self.over();
        }
        attempt.failed = attempt.failed.saturating_add(1);
        attempt.retry_after = attempt.retry_after.max(retry_after);
        let (failed, retry_after) = (attempt.failed, attempt.retry_after);
        // A nonce of one server says nothing to the next.
        self.login.forget();
        self.targets.step();
        if failed < self.targets.count {
            return self.send();
        }
        self.targets.failures = self.targets.failures.saturating_add(1);
        let wait = pace::back_off(self.targets.failures, retry_after, &mut self.entropy);
        self.stage = Stage::Unreachable {
            retry_at: now + wait,
        };
    }

    fn refused(&mut self, code: u16, why: Option<NotAnswered>, retry_after: Duration, now: Moment) {
        let Stage::Trying(attempt) = &self.stage else {
            return;
        };
        if attempt.then == Then::Leave || attempt.purpose == Purpose::Deregister {
            return self.over();
        }
        self.login.forget();
        let wait = pace::refused(retry_after, &mut self.entropy);
        self.out
            .actions
            .push(Action::Alarm(Alarm::Refused { code, why }));
        self.stage = Stage::Refused {
            code,
            retry_at: now + wait,
        };
    }

    fn over(&mut self) {
        self.login.forget();
        self.line.bound = None;
        self.grant = Grant::default();
        self.stage = Stage::Ended;
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

impl Targets {
    fn step(&mut self) {
        let next = self.current.saturating_add(1);
        self.current = if next < self.count { next } else { 0 };
    }
}

fn cseq(response: &Message) -> Option<u32> {
    let value = response.value("CSeq")?;
    value.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests;
