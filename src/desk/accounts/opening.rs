//! An account as the settings want it.

use std::io;
use std::path::Path;
use std::time::Duration;

use uuid::Uuid;

use super::line::{Line, Pulse, Reach, Who};
use crate::desk::finder::Search;
use crate::desk::{RunError, Unfit};
use crate::net::Wanted;
use crate::settings::{self, HostPort};
use crate::sip::digest::Credentials;
use crate::sip::registration::{Account, AddressOfRecord, Registration};
use crate::sip::{self, Endpoint};
use crate::words::{Entropy, Moment, Pii};

/// What all accounts of this machine share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Machine {
    pub(super) instance: Uuid,
    pub(super) start_jitter: Duration,
}

pub(super) fn open_line(
    account: &settings::Account,
    machine: Machine,
    endpoint: &mut Endpoint,
    entropy: &mut Entropy,
    now: Moment,
) -> Result<Line, RunError> {
    let transport = sip::Transport::from(account.transport);
    let credentials = credentials(account)?;
    let of_record = of_record(account)?;
    let who = Who {
        identity: of_record.address().clone(),
        login: endpoint.add_login(credentials.clone()),
        proxy: proxy(account)?,
        preferred: preferred(account)?,
    };
    let contact_user = account.contact_user.as_ref().unwrap_or(&account.username);
    let registered = Account {
        of_record,
        credentials,
        outbound_proxy: who.proxy.clone(),
        contact_user: Pii::new(contact_user.clone()),
        instance: machine.instance,
        expires: account.expires.get(),
        start_jitter: machine.start_jitter,
    };
    let ours = endpoint.end_towards(transport);
    let mut registration = Registration::new(registered, ours, Entropy::from_seed(entropy.bytes()));
    let wanted = wanted(account);
    let target = wanted.literal().map(|target| target.hop);
    // It has not begun: there is nothing to do yet.
    registration.resolved(target.iter().len(), Some(0), now);
    Ok(Line {
        name: account.name.clone(),
        registers: account.register,
        registration,
        who,
        reach: Reach {
            transport,
            targets: target.into_iter().collect(),
            search: Search::new(wanted, now),
            home: None,
            way: None,
            moving: false,
        },
        pulse: Pulse {
            every: account.keep_alive.get(),
            next: None,
        },
    })
}

/// Who we are by an account, and where its requests go.
pub struct Enrolled {
    pub of_record: AddressOfRecord,
    pub credentials: Credentials,
    /// Every request goes by it.
    pub proxy: Option<sip::Uri>,
    pub wanted: Wanted,
}

/// Fails where the password is not where the settings say.
pub fn enrolled(account: &settings::Account) -> Result<Enrolled, RunError> {
    Ok(Enrolled {
        of_record: of_record(account)?,
        credentials: credentials(account)?,
        proxy: proxy(account)?,
        wanted: wanted(account),
    })
}

fn credentials(account: &settings::Account) -> Result<Credentials, RunError> {
    let user = account.auth_user.as_ref().unwrap_or(&account.username);
    Ok(Credentials::new(user, password(account)?))
}

fn of_record(account: &settings::Account) -> Result<AddressOfRecord, RunError> {
    let of_record = AddressOfRecord::new(
        &account.username,
        &account.domain.to_string(),
        account.display_name.as_deref(),
    );
    of_record.map_err(|_| not_an_address(account))
}

fn password(account: &settings::Account) -> Result<Pii<String>, RunError> {
    let password = match &account.password {
        Some(secret) => secret.read(|name| std::env::var(name).ok()),
        None => Ok(Pii::new(String::new())),
    };
    password.map_err(|why| RunError::Password {
        account: account.name.clone(),
        why,
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
    let transport = sip::Transport::from(account.transport);
    let transport = match transport.is_reliable() {
        true => format!(";transport={}", transport.of_via().to_ascii_lowercase()),
        false => String::new(),
    };
    let uri = format!("sip:{host}:{port}{transport};lr").parse();
    uri.map(Some).map_err(|_| not_an_address(account))
}

fn preferred(account: &settings::Account) -> Result<Option<sip::Uri>, RunError> {
    let Some(uri) = &account.preferred_identity else {
        return Ok(None);
    };
    let read = uri.as_str().parse();
    read.map(Some).map_err(|_| not_an_address(account))
}

/// The outbound proxy, or the domain, whose name may stand for several servers (RFC 3263).
pub fn wanted(account: &settings::Account) -> Wanted {
    let (host, port) = match &account.outbound_proxy {
        Some(HostPort { host, port }) => (host.clone(), Some(*port)),
        None => (account.domain.to_string(), None),
    };
    Wanted {
        host: host.trim_matches(['[', ']']).to_owned(),
        port,
        transport: Some(account.transport.into()),
        secure: false,
    }
}

/// This device, the same after each start (RFC 5626 4.1).
pub(super) fn instance(state: &Path, entropy: &mut Entropy) -> io::Result<Uuid> {
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
