use std::time::Duration;

use super::client::Registration;
use super::grant::{Grant, seconds};
use super::pace;
use super::stage::{Action, Alarm, Purpose, Stage, Then};
use crate::sip::digest::NotAnswered;
use crate::sip::wire::Message;
use crate::words::Moment;

/// The most a registrar's Min-Expires may raise our wish to.
const EXPIRES_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// What each answer of the registrar leads to.
impl Registration {
    pub(super) fn judge(&mut self, code: u16, response: &Message, now: Moment) {
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
        let Stage::Trying(attempt) = &self.stage else {
            return;
        };
        match (attempt.then, &self.line.bound) {
            (Then::Stay, _) => self.send(),
            (Then::Leave, Some(_)) => self.attempt(Purpose::Deregister, now),
            (Then::Leave, None) => self.over(),
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
            self.attempt(Purpose::Deregister, now);
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
    pub(super) fn failed(&mut self, retry_after: Duration, now: Moment) {
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

    pub(super) fn over(&mut self) {
        self.login.forget();
        self.line.bound = None;
        self.grant = Grant::default();
        self.stage = Stage::Ended;
    }
}
