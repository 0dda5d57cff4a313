//! The accounts we are registered at: their machines, where their requests go, how they stand.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::Path;
use std::time::Duration;

use uuid::Uuid;

use crate::console::RegistrationView;
use crate::records::What;
use crate::settings::{self, HostPort, Settings};
use crate::sip::digest::Credentials;
use crate::sip::registration::{Account, Action, AddressOfRecord, Registration, State};
use crate::sip::{self, Answer, AskId, Endpoint, Hop, LoginId, NameAddr};
use crate::words::{Entropy, Moment, Pii};

use super::house::House;
use super::{Desk, RunError, Unfit, clock};

/// Not all PCs of a hotline at 08:55 at once.
const START_JITTER: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub(super) struct Accounts {
    lines: Vec<Line>,
    /// The REGISTERs under way: whose, and which.
    asked: BTreeMap<AskId, (usize, u32)>,
}

/// One `[[sip.account]]` at work.
#[derive(Debug)]
struct Line {
    name: String,
    registers: bool,
    registration: Registration,
    targets: Vec<Hop>,
    login: LoginId,
    identity: NameAddr,
}

/// How calls leave by an account: who we are there, and how we prove it.
#[derive(Clone, Debug)]
pub(super) struct Credit {
    pub(super) identity: NameAddr,
    pub(super) login: LoginId,
}

impl Accounts {
    pub(super) fn open(
        settings: &Settings,
        house: &House,
        endpoint: &mut Endpoint,
        entropy: &mut Entropy,
    ) -> Result<Self, RunError> {
        let mut accounts = Self::default();
        if settings.sip.account.is_empty() {
            return Ok(accounts);
        }
        let instance = instance(&house.state, entropy).map_err(|why| RunError::State {
            folder: house.state.clone(),
            why,
        })?;
        for account in &settings.sip.account {
            let targets = house.line_hops(&account.name);
            let jitter = if settings.test {
                Duration::ZERO
            } else {
                START_JITTER
            };
            let line = open_line(account, targets, (instance, jitter), endpoint, entropy)?;
            accounts.lines.push(line);
        }
        Ok(accounts)
    }

    pub(super) fn timeout(&self) -> Option<Moment> {
        let lines = self.lines.iter();
        lines.filter_map(|line| line.registration.timeout()).min()
    }

    /// Who calls by the account of this name.
    pub(super) fn credit(&self, name: &str) -> Option<Credit> {
        let line = self.lines.iter().find(|line| line.name == name)?;
        Some(Credit {
            identity: line.identity.clone(),
            login: line.login,
        })
    }

    pub(super) fn views(&self, now: Moment) -> Vec<RegistrationView> {
        let lines = self.lines.iter().filter(|line| line.registers);
        lines.map(|line| view(line, now)).collect()
    }
}

fn open_line(
    account: &settings::Account,
    targets: Vec<Hop>,
    (instance, start_jitter): (Uuid, Duration),
    endpoint: &mut Endpoint,
    entropy: &mut Entropy,
) -> Result<Line, RunError> {
    let password = match &account.password {
        Some(secret) => secret.read(|name| std::env::var(name).ok()),
        None => Ok(Pii::new(String::new())),
    };
    let password = password.map_err(|why| RunError::Password {
        account: account.name.clone(),
        why,
    })?;
    let user = account.auth_user.as_ref().unwrap_or(&account.username);
    let credentials = Credentials::new(user, password);
    let transport = sip::Transport::from(account.transport);
    let of_record = AddressOfRecord::new(
        &account.username,
        &account.domain.to_string(),
        account.display_name.as_deref(),
    );
    let of_record = of_record.map_err(|_| not_an_address(account))?;
    let contact_user = account.contact_user.as_ref().unwrap_or(&account.username);
    let login = endpoint.add_login(credentials.clone());
    let identity = of_record.address().clone();
    let registered = Account {
        of_record,
        credentials,
        outbound_proxy: proxy(account)?,
        contact_user: Pii::new(contact_user.clone()),
        instance,
        expires: account.expires.get(),
        start_jitter,
    };
    let ours = endpoint.end_towards(transport);
    let mut registration = Registration::new(registered, ours, Entropy::from_seed(entropy.bytes()));
    registration.resolved(targets.len());
    Ok(Line {
        name: account.name.clone(),
        registers: account.register,
        registration,
        targets,
        login,
        identity,
    })
}

fn not_an_address(account: &settings::Account) -> RunError {
    RunError::Unfit(Unfit::Address {
        of: account.name.clone(),
        why: account.domain.to_string(),
    })
}

fn proxy(account: &settings::Account) -> Result<Option<sip::Uri>, RunError> {
    let Some(HostPort { host, port }) = &account.outbound_proxy else {
        return Ok(None);
    };
    let uri = format!("sip:{host}:{port};lr").parse();
    uri.map(Some).map_err(|_| not_an_address(account))
}

/// This device, the same after each start (RFC 5626 4.1).
fn instance(state: &Path, entropy: &mut Entropy) -> io::Result<Uuid> {
    let file = state.join("instance");
    match std::fs::read_to_string(&file) {
        Ok(text) => {
            let read = Uuid::parse_str(text.trim());
            read.map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why))
        }
        Err(why) if why.kind() == io::ErrorKind::NotFound => {
            let instance = uuid::Builder::from_random_bytes(entropy.bytes()).into_uuid();
            std::fs::write(&file, format!("{instance}\n"))?;
            Ok(instance)
        }
        Err(why) => Err(why),
    }
}

fn view(line: &Line, now: Moment) -> RegistrationView {
    let state = line.registration.state();
    let at = |moment: Moment| clock::utc_of(moment, now);
    let (until, code, retry_at) = match state {
        State::Registered { until } => (Some(at(until)), None, None),
        State::Refused { code, retry_at } => (None, Some(code), Some(at(retry_at))),
        State::Unreachable { retry_at } => (None, None, Some(at(retry_at))),
        State::Waiting | State::Trying | State::Ended => (None, None, None),
    };
    RegistrationView {
        account: line.name.clone(),
        state: word(state).to_owned(),
        until_utc: until,
        code,
        retry_at_utc: retry_at,
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::Trying => "trying",
        State::Registered { .. } => "registered",
        State::Refused { .. } => "refused",
        State::Unreachable { .. } => "unreachable",
        State::Ended => "ended",
    }
}

impl Desk {
    pub(super) fn begin_registrations(&mut self, now: Moment) {
        for n in 0..self.accounts.lines.len() {
            self.with_line(n, now, |line| match line.registers {
                true => line.registration.begin(now),
                false => Vec::new(),
            });
        }
    }

    pub(super) fn registrations_due(&mut self, now: Moment) {
        for n in 0..self.accounts.lines.len() {
            let is_due = |line: &Line| line.registration.timeout().is_some_and(|at| at <= now);
            if self.accounts.lines.get(n).is_some_and(is_due) {
                self.with_line(n, now, |line| line.registration.handle_timeout(now));
            }
        }
    }

    /// The answers to our REGISTERs.
    pub(super) fn take_answers(&mut self, now: Moment) {
        while let Some((id, answer)) = self.signalling.endpoint.poll_answer() {
            let Some((n, cseq)) = self.accounts.asked.remove(&id) else {
                continue;
            };
            self.with_line(n, now, |line| match &answer {
                Answer::Response(response, _) => line.registration.responded(response, now),
                Answer::None => line.registration.unanswered(cseq, now),
            });
        }
    }

    /// Takes our bindings away; nobody waits for the answers.
    pub(super) fn end_registrations(&mut self, now: Moment) {
        for n in 0..self.accounts.lines.len() {
            self.with_line(n, now, |line| match line.registers {
                true => line.registration.end(now),
                false => Vec::new(),
            });
        }
    }

    fn with_line(&mut self, n: usize, now: Moment, ask: impl FnOnce(&mut Line) -> Vec<Action>) {
        let Some(line) = self.accounts.lines.get_mut(n) else {
            return;
        };
        let mut actions = VecDeque::from(ask(line));
        while let Some(action) = actions.pop_front() {
            actions.extend(self.follow_registration(n, action, now));
        }
    }

    fn follow_registration(&mut self, n: usize, action: Action, now: Moment) -> Vec<Action> {
        let Some(line) = self.accounts.lines.get_mut(n) else {
            return Vec::new();
        };
        match action {
            Action::Send {
                cseq,
                request,
                target,
            } => {
                let hop = line.targets.get(target).copied();
                let asked = hop.map(|hop| self.signalling.endpoint.ask(*request, hop, now));
                match asked {
                    Some(Ok(id)) => {
                        self.accounts.asked.insert(id, (n, cseq));
                        Vec::new()
                    }
                    Some(Err(_)) | None => line.registration.unanswered(cseq, now),
                }
            }
            Action::State(state) => {
                let (account, state) = (line.name.clone(), word(state).to_owned());
                self.chronicle
                    .metrics
                    .registered(&account, state == "registered");
                self.note_desk(What::Registration { account, state }, now);
                Vec::new()
            }
            Action::Alarm(_) => {
                self.alarm("registration-refused", now);
                Vec::new()
            }
        }
    }
}
