//! The endpoint's sockets, as the settings want them.

use std::net::SocketAddr;

use tokio::runtime::Handle;

use crate::net::{
    Clients, Doors, Dscp, IdentityFiles, SteadyUdp, StreamLimits, Streams, Tls, TlsSettings, Verify,
};
use crate::settings::{self, ClientCertificate, Settings};
use crate::sip::Listening;
use crate::sip::stun::StunClient;
use crate::words::Entropy;

use super::{RunError, public_address};

/// Everything SIP comes in by.
pub(super) struct Sockets {
    pub(super) port: SteadyUdp,
    pub(super) streams: Streams,
    /// Of what TLS was made; none without TLS.
    pub(super) tls: Option<TlsSettings>,
    /// By UDP, beside SIP.
    pub(super) stun: Option<StunClient>,
}

impl Sockets {
    pub(super) fn open(
        settings: &Settings,
        services: &Handle,
        entropy: Entropy,
    ) -> Result<Self, RunError> {
        let sip = &settings.sip;
        let bind = |what, address| move |why| RunError::Bind { what, address, why };
        let dscp = Dscp::new(sip.dscp);
        let port = SteadyUdp::bind(sip.listen, dscp);
        let port = port.map_err(bind("start.sip", sip.listen))?;
        let doors = Doors {
            tcp: sip.listen_tcp,
            tls: sip.listen_tls,
            from: Some(sip.listen.ip()).filter(|ip| !ip.is_unspecified()),
            dscp,
        };
        let files = tls(settings);
        let tls = files.as_ref().map(Tls::open).transpose();
        let tls = tls.map_err(RunError::Tls)?;
        let at = sip.listen_tcp.or(sip.listen_tls).unwrap_or(sip.listen);
        let _of_the_services = services.enter();
        let streams = Streams::open(doors, tls, StreamLimits::default(), entropy)
            .map_err(bind("start.sip-streams", at))?;
        Ok(Self {
            port,
            streams,
            tls: files,
            stun: None,
        })
    }

    /// Asks the STUN server as which address we are seen.
    pub(super) async fn ask(&mut self, mut client: StunClient) -> Option<SocketAddr> {
        let public = public_address::ask(&mut client, &mut self.port).await;
        self.stun = Some(client);
        public
    }

    /// Where we listen.
    pub(super) fn bound(&self) -> Listening {
        let (tcp, tls) = self.streams.addresses();
        Listening {
            udp: self.port.address(),
            tcp,
            tls,
        }
    }
}

/// The system's authorities are many: they are read only where a peer may speak TLS.
fn wants_tls(settings: &Settings) -> bool {
    let sip = &settings.sip;
    let seats = settings.seat.iter().filter_map(|seat| seat.uri.as_ref());
    let targets = settings.target.iter().map(|target| &target.uri);
    let mut uris = seats.chain(targets);
    sip.listen_tls.is_some()
        || sip.tls != settings::Tls::default()
        || sip
            .peer
            .iter()
            .any(|peer| peer.transport == settings::Transport::Tls)
        || (sip.account.iter()).any(|account| account.transport == settings::Transport::Tls)
        || uris.any(settings::SipUri::asks_for_tls)
}

/// The files of TLS; none where nothing goes by it.
pub fn tls(settings: &Settings) -> Option<TlsSettings> {
    wants_tls(settings).then(|| tls_settings(&settings.sip.tls))
}

fn tls_settings(tls: &settings::Tls) -> TlsSettings {
    let pair = tls.certificate.clone().zip(tls.key.clone());
    TlsSettings {
        identity: pair.map(|(certificate, key)| IdentityFiles { certificate, key }),
        ca: tls.ca.clone(),
        verify: if tls.verify { Verify::Yes } else { Verify::No },
        clients: match tls.client_certificate {
            ClientCertificate::Off => Clients::NotAsked,
            ClientCertificate::Optional => Clients::Optional,
            ClientCertificate::Required => Clients::Required,
        },
    }
}
