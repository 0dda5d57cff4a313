use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};
use hickory_resolver::{ResolverBuilder, TokioResolver};

use super::Families;
use super::order::Weighed;
use crate::sip::Transport;

/// Names whose answers are kept, each for its TTL.
const CACHE_MAX: u64 = 256;
/// However long the TTL: an admin who moves a server is followed within the hour.
const TTL_MAX: Duration = Duration::from_secs(3_600);
/// For one server to answer one question; each is asked twice.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// Records of one answer that are looked at.
const RECORDS_MAX: usize = 32;

/// The questions we have for DNS.
pub(super) struct Dns(TokioResolver);

/// Where SRV says a service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Dns {
    pub(super) fn of_system(families: Families) -> Option<Self> {
        match TokioResolver::builder_tokio() {
            Ok(builder) => Self::build(builder, families),
            Err(error) => {
                tracing::warn!(%error, "no DNS server is set: addresses and the hosts file only");
                None
            }
        }
    }

    pub(super) fn asking(server: SocketAddr, families: Families) -> Option<Self> {
        let mut udp_and_tcp = NameServerConfig::udp_and_tcp(server.ip());
        for connection in &mut udp_and_tcp.connections {
            connection.port = server.port();
        }
        let config = ResolverConfig::from_parts(None, Vec::new(), vec![udp_and_tcp]);
        let provider = TokioRuntimeProvider::default();
        let builder = TokioResolver::builder_with_config(config, provider);
        Self::build(builder, families)
    }

    fn build(
        mut builder: ResolverBuilder<TokioRuntimeProvider>,
        families: Families,
    ) -> Option<Self> {
        limit(builder.options_mut(), families);
        match builder.build() {
            Ok(resolver) => Some(Self(resolver)),
            Err(error) => {
                tracing::warn!(%error, "prepare to ask DNS");
                None
            }
        }
    }

    /// The services NAPTR names for a domain, the preferred first (RFC 3263 4.1).
    pub(super) async fn services(
        &self,
        domain: &str,
        known: impl Fn(&str) -> Option<Transport>,
    ) -> Vec<(Transport, String)> {
        let mut services = Vec::new();
        for data in self.ask(&format!("{domain}."), RecordType::NAPTR).await {
            let RData::NAPTR(naptr) = data else { continue };
            let leads_to_srv = naptr.flags.eq_ignore_ascii_case(b"s");
            let transport = known(&String::from_utf8_lossy(&naptr.services));
            if let Some(transport) = transport.filter(|_| leads_to_srv) {
                let rank = (naptr.order, naptr.preference);
                services.push((rank, (transport, naptr.replacement.to_ascii())));
            }
        }
        services.sort_by_key(|(rank, _)| *rank);
        services.into_iter().map(|(_, service)| service).collect()
    }

    /// Where a service is; nowhere when it has no SRV record, or one that says so with `.`.
    pub(super) async fn places(&self, service: &str) -> Vec<Weighed<Service>> {
        let mut places = Vec::new();
        for data in self.ask(service, RecordType::SRV).await {
            let RData::SRV(srv) = data else { continue };
            if !srv.target.is_root() {
                places.push(Weighed {
                    priority: srv.priority,
                    weight: srv.weight,
                    it: Service {
                        host: srv.target.to_ascii(),
                        port: srv.port,
                    },
                });
            }
        }
        places
    }

    /// The addresses of a host of the families we can send to.
    pub(super) async fn addresses(&self, host: &str) -> Option<Vec<IpAddr>> {
        match self.0.lookup_ip(host).await {
            Ok(found) => Some(found.iter().take(RECORDS_MAX).collect()),
            Err(error) => {
                tracing::debug!(%error, host, "look up an address");
                None
            }
        }
    }

    async fn ask(&self, name: &str, kind: RecordType) -> Vec<RData> {
        match self.0.lookup(name, kind).await {
            Ok(found) => {
                let answers = found.answers().iter().take(RECORDS_MAX);
                answers.map(|record| record.data.clone()).collect()
            }
            // Mostly there is no such record: that is an answer, too.
            Err(error) => {
                tracing::debug!(%error, name, %kind, "ask DNS");
                Vec::new()
            }
        }
    }
}

fn limit(options: &mut ResolverOpts, families: Families) {
    options.cache_size = CACHE_MAX;
    options.positive_max_ttl = Some(TTL_MAX);
    options.timeout = ANSWER_WITHIN;
    options.attempts = 2;
    options.ip_strategy = match families {
        Families::V4 => LookupIpStrategy::Ipv4Only,
        Families::V6 => LookupIpStrategy::Ipv6Only,
        Families::Both => LookupIpStrategy::Ipv4AndIpv6,
    };
}
