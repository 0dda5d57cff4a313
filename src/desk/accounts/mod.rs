//! The accounts we are registered at: their machines, where their requests go, how they stand.

mod line;
mod opening;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use crate::console::RegistrationView;
use crate::net::Wanted;
use crate::settings::Settings;
use crate::sip::registration::State;
use crate::sip::{AskId, Endpoint, FlowId, Hop, LoginId, NameAddr};
use crate::words::{Entropy, Moment};

use self::line::Line;
pub use self::opening::{Enrolled, enrolled, wanted as registrar_of};
use self::opening::{Machine, instance, open_line};
use super::finder::{Finder, Of};
use super::house::House;
use super::{RunError, clock};

/// Not all PCs of a hotline at 08:55 at once.
const START_JITTER: Duration = Duration::from_secs(30);

pub(super) struct Accounts {
    lines: Vec<Line>,
    /// The REGISTERs under way.
    asked: BTreeMap<AskId, Asked>,
    finder: Finder,
    entropy: Entropy,
}

/// A REGISTER under way: whose, which, and where it went.
#[derive(Clone, Copy, Debug)]
struct Asked {
    line: usize,
    cseq: u32,
    to: Hop,
}

/// How calls leave by an account: who we are there, how we prove it, and the way.
#[derive(Clone, Debug)]
pub(super) struct Credit {
    pub(super) identity: NameAddr,
    pub(super) login: LoginId,
    pub(super) next_hop: Hop,
    pub(super) headers: Vec<(String, String)>,
}

impl Accounts {
    pub(super) fn open(
        settings: &Settings,
        house: &House,
        endpoint: &mut Endpoint,
        finder: Finder,
        mut entropy: Entropy,
    ) -> Result<Self, RunError> {
        let mut lines = Vec::new();
        if !settings.sip.account.is_empty() {
            let machine = Machine {
                instance: instance(&house.state, &mut entropy).map_err(|why| RunError::State {
                    folder: house.state.clone(),
                    why,
                })?,
                start_jitter: match settings.test {
                    true => Duration::ZERO,
                    false => START_JITTER,
                },
            };
            for account in &settings.sip.account {
                let line = open_line(account, machine, endpoint, &mut entropy, clock::now())?;
                lines.push(line);
            }
        }
        Ok(Self {
            lines,
            asked: BTreeMap::new(),
            finder,
            entropy,
        })
    }

    pub(super) fn timeout(&self) -> Option<Moment> {
        self.lines.iter().filter_map(Line::timeout).min()
    }

    /// Who calls by the account of this name, and how; none while its registrar is not known.
    pub(super) fn credit(&self, name: &str, is_down: impl Fn(Hop) -> bool) -> Option<Credit> {
        let line = self.lines.iter().find(|line| line.name == name)?;
        Some(Credit {
            identity: line.identity(),
            login: line.who.login,
            next_hop: line.next_hop(is_down)?,
            headers: line.headers(),
        })
    }

    /// Whether the account of this name is where it wants to be: registered, or found where it does not register.
    pub(super) fn may_call(&self, name: &str) -> bool {
        let line = self.lines.iter().find(|line| line.name == name);
        line.is_some_and(|line| match line.registers {
            true => matches!(line.registration.state(), State::Registered { .. }),
            false => line.reach.peer().is_some(),
        })
    }

    /// Where the first registrar is: our own address is the one it sees.
    pub(super) fn first_peer(&self) -> Option<IpAddr> {
        let mut peers = self.lines.iter().filter_map(|line| line.reach.peer());
        Some(peers.next()?.address.ip())
    }

    /// Puts a question to the finder, which is theirs; whether it could.
    pub(super) fn look_up(&self, of: Of, wanted: Wanted) -> bool {
        self.finder.ask(of, wanted)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The connections we are registered over.
    fn connections(&self) -> BTreeSet<FlowId> {
        let homes = self.lines.iter().filter_map(|line| line.reach.home);
        homes.filter_map(|home| home.flow).collect()
    }

    pub(super) fn views(&self, now: Moment) -> Vec<RegistrationView> {
        let lines = self.lines.iter().filter(|line| line.registers);
        lines.map(|line| view(line, now)).collect()
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
