//! Names to hops (RFC 3263): NAPTR where there is one, SRV, A and AAAA.
//!
//! Addresses need no DNS at all, and a name no DNS server knows is asked of the system, which may
//! know it otherwise. Answers are kept as long as their TTL allows, so many at most.

mod dns;
mod order;
mod wanted;

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::time::timeout;

use self::dns::{Dns, Service};
use self::order::by_lot;
use crate::sip::Transport;
use crate::words::Entropy;

pub use wanted::{Target, Wanted};

/// Places to try for one name; past it the last ones are never tried.
const TARGETS_MAX: usize = 32;
/// For all look-ups of one name: a caller is waiting.
const FIND_WITHIN: Duration = Duration::from_secs(8);

/// Which addresses our sockets can send to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Families {
    V4,
    V6,
    Both,
}

impl Families {
    /// What a socket bound here reaches.
    pub fn of(bound: IpAddr) -> Self {
        match bound {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(bound) if bound.is_unspecified() => Self::Both,
            IpAddr::V6(_) => Self::V6,
        }
    }

    fn reach(self, ip: IpAddr) -> bool {
        match self {
            Self::V4 => ip.is_ipv4(),
            Self::V6 => ip.is_ipv6(),
            Self::Both => true,
        }
    }
}

/// No place to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    pub host: String,
    pub why: String,
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.host, self.why)
    }
}

impl std::error::Error for NotFound {}

/// Finds where names lead.
pub struct Resolver {
    /// None where the system names no DNS server.
    dns: Option<Dns>,
    /// Whether the system is asked for what DNS does not know.
    asks_system: bool,
    families: Families,
    entropy: Entropy,
}

impl Resolver {
    /// Asks the DNS servers of the system (`/etc/resolv.conf`, `/etc/hosts`).
    pub fn of_system(families: Families, entropy: Entropy) -> Self {
        Self {
            dns: Dns::of_system(families),
            asks_system: true,
            families,
            entropy,
        }
    }

    /// Asks this DNS server only.
    pub fn asking(server: SocketAddr, families: Families, entropy: Entropy) -> Self {
        Self {
            dns: Dns::asking(server, families),
            asks_system: false,
            families,
            entropy,
        }
    }

    /// Where to try, one after the other until one answers: never an empty list.
    pub async fn find(&mut self, wanted: &Wanted) -> Result<Vec<Target>, NotFound> {
        if let Some(target) = wanted.literal() {
            return Ok(vec![target]);
        }
        let found = match timeout(FIND_WITHIN, self.look_up(wanted)).await {
            Ok(found) => found,
            Err(_) => Err("no answer in time".to_owned()),
        };
        let not_found = |why| NotFound {
            host: wanted.host.clone(),
            why,
        };
        match found {
            Ok(targets) if targets.is_empty() => Err(not_found("no address".to_owned())),
            Ok(targets) => Ok(targets),
            Err(why) => Err(not_found(why)),
        }
    }

    async fn look_up(&mut self, wanted: &Wanted) -> Result<Vec<Target>, String> {
        if wanted.port.is_none() {
            let targets = self.by_service(wanted).await;
            if !targets.is_empty() {
                return Ok(targets);
            }
        }
        let transport = wanted.usual_transport();
        let port = wanted.port.unwrap_or(transport.default_port());
        let found = self.addresses(&wanted.host).await?;
        let target = |ip| wanted.target(transport, SocketAddr::new(ip, port));
        Ok(found.into_iter().map(target).take(TARGETS_MAX).collect())
    }

    /// What SRV says, of the services NAPTR names or else of the usual ones.
    async fn by_service(&mut self, wanted: &Wanted) -> Vec<Target> {
        let Some(dns) = &self.dns else {
            return Vec::new();
        };
        let mut services = Vec::new();
        if wanted.transport.is_none() {
            services = dns.services(&wanted.host, |it| wanted.by_naptr(it)).await;
        }
        if services.is_empty() {
            services = wanted.services();
        }
        let mut targets = Vec::new();
        for (transport, service) in services {
            targets.extend(self.places(wanted, transport, &service).await);
        }
        targets.truncate(TARGETS_MAX);
        targets
    }

    /// The places of one service, in the order of their priorities and weights.
    async fn places(&mut self, wanted: &Wanted, transport: Transport, name: &str) -> Vec<Target> {
        let Some(dns) = &self.dns else {
            return Vec::new();
        };
        let places = by_lot(dns.places(name).await, &mut self.entropy);
        let mut targets = Vec::new();
        for Service { host, port } in places {
            let ips = self.addresses(&host).await.unwrap_or_default();
            let target = |ip| wanted.target(transport, SocketAddr::new(ip, port));
            targets.extend(ips.into_iter().map(target));
        }
        targets
    }

    /// By DNS, else by whatever else the system knows names from.
    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        if let Some(dns) = &self.dns
            && let Some(found) = dns.addresses(host).await
        {
            return Ok(found);
        }
        if !self.asks_system {
            return Err("no such name".to_owned());
        }
        let found = tokio::net::lookup_host((host, 0)).await;
        let found = found.map_err(|why| why.to_string())?;
        let found = found.map(|address| address.ip());
        Ok(found.filter(|ip| self.families.reach(*ip)).collect())
    }
}
