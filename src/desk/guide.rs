//! The way to seats, targets, trunk and peers, found once at the start.

use std::net::SocketAddr;

use crate::net::{Resolver, Target, Wanted};
use crate::settings::SipUri;
use crate::sip::{Hop, Transport, Uri};

use super::house::{Address, Unfit, Way};

/// Where the requests for a name go (RFC 3263 4.3).
#[derive(Clone, Debug)]
pub(super) struct Route {
    first: Hop,
    /// Tried while the ones before cannot be reached.
    others: Vec<Hop>,
}

impl Route {
    /// This way and no other.
    pub(super) fn to(hop: Hop) -> Self {
        Self {
            first: hop,
            others: Vec::new(),
        }
    }

    /// The first hop that is not down; when all are, the first.
    pub(super) fn next_hop(&self, is_down: impl Fn(Hop) -> bool) -> Hop {
        let up = self.all().find(|hop| !is_down(*hop));
        up.unwrap_or(self.first)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Hop> {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }
}

/// Asks for the way.
pub(super) struct Guide {
    resolver: Resolver,
    tls_names: Vec<(SocketAddr, String)>,
}

impl Guide {
    pub(super) fn new(resolver: Resolver) -> Self {
        Self {
            resolver,
            tls_names: Vec::new(),
        }
    }

    /// The way to the address of a seat or target; `of` is its name in the settings.
    pub(super) async fn find(&mut self, of: &str, uri: &SipUri) -> Result<Address, Unfit> {
        let uri = parsed(of, uri)?;
        let route = self.route(of, &Wanted::of(&uri)).await?;
        Ok(Address {
            uri,
            way: Way::Found(route),
            line: None,
            srtp: None,
            pinned: false,
        })
    }

    pub(super) async fn route(&mut self, of: &str, wanted: &Wanted) -> Result<Route, Unfit> {
        let unfit = |why: String| Unfit::Address {
            of: of.to_owned(),
            why,
        };
        let found = self.resolver.find(wanted).await;
        let mut found = found.map_err(|why| unfit(why.to_string()))?.into_iter();
        let first = found.next();
        let first = first.ok_or_else(|| unfit(format!("{}: no address", wanted.host)))?;
        self.learn(&first);
        let others = found.inspect(|target| self.learn(target));
        Ok(Route {
            first: first.hop,
            others: others.map(|target| target.hop).collect(),
        })
    }

    /// The name that each TLS peer must prove.
    pub(super) fn take_tls_names(&mut self) -> Vec<(SocketAddr, String)> {
        std::mem::take(&mut self.tls_names)
    }

    pub(super) fn into_resolver(self) -> Resolver {
        self.resolver
    }

    fn learn(&mut self, target: &Target) {
        if target.hop.transport == Transport::Tls {
            let name = (target.hop.address, target.name.clone());
            self.tls_names.push(name);
        }
    }
}

/// `of` is its name in the settings.
pub(super) fn parsed(of: &str, uri: &SipUri) -> Result<Uri, Unfit> {
    uri.as_str().parse().map_err(|why| Unfit::Address {
        of: of.to_owned(),
        why: format!("{why}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hop_that_is_down_is_passed_over_unless_all_are() {
        let hop = |port| Hop::udp(SocketAddr::from(([192, 0, 2, 1], port)));
        let route = Route {
            first: hop(1),
            others: vec![hop(2), hop(3)],
        };
        assert_eq!(route.next_hop(|_| false), hop(1));
        assert_eq!(route.next_hop(|it| it == hop(1)), hop(2));
        assert_eq!(route.next_hop(|_| true), hop(1));
    }
}
