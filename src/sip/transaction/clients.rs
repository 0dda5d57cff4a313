use std::collections::BTreeMap;
use std::sync::Arc;

use super::client::Client;
use crate::sip::Hop;

/// The most client transactions at once; past it no new leg is begun.
const CLIENTS_MAX: usize = 16_384;

/// What makes a response ours (RFC 3261 17.1.3): branch and method.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClientKey(Arc<str>);

impl ClientKey {
    pub(crate) fn new(branch: &str, method: &str) -> Self {
        Self(format!("{branch} {method}").into())
    }
}

/// The client transactions under way.
#[derive(Debug, Default)]
pub(crate) struct Clients(BTreeMap<ClientKey, Client>);

impl Clients {
    pub(crate) fn is_full(&self) -> bool {
        self.0.len() >= CLIENTS_MAX
    }

    pub(crate) fn insert(&mut self, key: ClientKey, client: Client) {
        self.0.insert(key, client);
    }

    pub(crate) fn get(&self, key: &ClientKey) -> Option<&Client> {
        self.0.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &ClientKey) -> Option<&mut Client> {
        self.0.get_mut(key)
    }

    pub(crate) fn remove(&mut self, key: &ClientKey) {
        self.0.remove(key);
    }

    /// Those that were sent to `hop` and have heard nothing.
    pub(crate) fn waiting_for(&self, hop: Hop) -> Vec<ClientKey> {
        let waiting = |(_, client): &(&ClientKey, &Client)| client.to == hop && client.is_unheard();
        self.0
            .iter()
            .filter(waiting)
            .map(|(key, _)| key.clone())
            .collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
