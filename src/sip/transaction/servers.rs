use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::server::Server;
use super::{GIVE_UP, T4};
use crate::sip::wire::{Essentials, Message};

/// The most server transactions at once, 64 MB with their responses; past it, requests that need
/// one are answered 503.
const SERVERS_MAX: usize = 65_536;

/// More than the calls of a full desk need: from here on refusals are not remembered, and what is
/// settled only as long as a repetition may be on its way.
const CROWDED: usize = 4_096;

/// What makes two requests the same transaction (RFC 3261 17.2.3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ServerKey(Arc<str>);

impl ServerKey {
    /// The key of `message` as if its method were `method`: ACK and CANCEL look for their INVITE.
    pub(crate) fn of(message: &Message, essentials: &Essentials, method: &str) -> Self {
        let via = &essentials.via;
        let key = match via.branch() {
            Some(branch) => format!("{branch} {} {method}", via.sent_by()),
            // RFC 3261 17.2.3: a sender of RFC 2543 times.
            None => format!(
                "{} {} {} {} {method}",
                essentials.call_id,
                essentials.sender_tag(),
                essentials.cseq.number,
                message.value("Via").unwrap_or_default(),
            ),
        };
        Self(key.into())
    }
}

/// What two forks of one request share (RFC 3261 8.2.2.2).
fn origin(essentials: &Essentials) -> Arc<str> {
    let cseq = &essentials.cseq;
    let tag = essentials.sender_tag();
    let origin = format!(
        "{} {tag} {} {}",
        essentials.call_id, cseq.number, cseq.method
    );
    origin.into()
}

/// The server transactions under way.
#[derive(Debug, Default)]
pub(crate) struct Servers {
    by_key: BTreeMap<ServerKey, (Server, Arc<str>)>,
    origins: BTreeMap<Arc<str>, ServerKey>,
}

impl Servers {
    pub(crate) fn is_full(&self) -> bool {
        self.by_key.len() >= SERVERS_MAX
    }

    /// Whether what can be forgotten should be.
    pub(crate) fn is_crowded(&self) -> bool {
        self.by_key.len() >= CROWDED
    }

    /// How long what is settled is remembered: timers J and L, or T4 in a crowd.
    pub(crate) fn linger(&self) -> Duration {
        match self.is_crowded() {
            true => T4,
            false => GIVE_UP,
        }
    }

    /// Whether another transaction answers the same request, come another way.
    pub(crate) fn is_merged(&self, essentials: &Essentials) -> bool {
        self.origins.contains_key(&origin(essentials))
    }

    pub(crate) fn insert(&mut self, key: ServerKey, essentials: &Essentials, server: Server) {
        let origin = origin(essentials);
        self.origins.insert(origin.clone(), key.clone());
        self.by_key.insert(key, (server, origin));
    }

    pub(crate) fn get(&self, key: &ServerKey) -> Option<&Server> {
        self.by_key.get(key).map(|(server, _)| server)
    }

    pub(crate) fn get_mut(&mut self, key: &ServerKey) -> Option<&mut Server> {
        self.by_key.get_mut(key).map(|(server, _)| server)
    }

    pub(crate) fn remove(&mut self, key: &ServerKey) {
        if let Some((_, origin)) = self.by_key.remove(key) {
            self.origins.remove(&origin);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }
}
