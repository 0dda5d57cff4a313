//! Under which address we are seen from outside, where a STUN server is to tell (RFC 8489).

use std::net::SocketAddr;
use std::time::Duration;

use crate::net::{SteadyUdp, Wanted};
use crate::settings::Settings;
use crate::sip::Transport;
use crate::sip::stun::{Finder, News};
use crate::words::{Entropy, Moment};

use super::guide::Guide;
use super::working::until;
use super::{Desk, clock};

/// So long the start waits for the server; then peers are told our own address until it answers.
const START_WITHIN: Duration = Duration::from_secs(3);
/// An answer is a few dozen bytes.
const DATAGRAM_MAX: usize = 2_048;

/// Who asks the server of the settings; none where it is not set, or its name is not known.
pub(super) async fn finder(
    settings: &Settings,
    guide: &mut Guide,
    entropy: Entropy,
) -> Option<Finder> {
    let server = settings.sip.stun.as_ref()?.host_port();
    let wanted = Wanted {
        host: server.host.trim_matches(['[', ']']).to_owned(),
        port: Some(server.port),
        transport: Some(Transport::Udp),
        secure: false,
    };
    match guide.route("sip.stun", &wanted).await {
        Ok(route) => {
            let first = route.next_hop(|_| false);
            Some(Finder::new(first.address, entropy))
        }
        Err(why) => {
            tracing::warn!(?why, "find the STUN server");
            None
        }
    }
}

/// Asks before anybody is told where we are.
pub(super) async fn ask(finder: &mut Finder, port: &mut SteadyUdp) -> Option<SocketAddr> {
    let begin_at = clock::now() + START_WITHIN;
    loop {
        let now = clock::now();
        let (request, news) = finder.handle_timeout(now);
        if let Some(request) = request {
            // What the system does not take is asked again.
            let _ = port.try_send(&request, finder.server());
        }
        if now >= begin_at || news.is_some() {
            tracing::warn!(server = %finder.server(), "the STUN server does not say where we are");
            return None;
        }
        if let Some(public) = heard(finder, port, now) {
            return Some(public);
        }
        let wake = finder.timeout().min(begin_at);
        tokio::select! {
            () = port.readable() => {}
            () = until(Some(wake), now) => {}
        }
    }
}

fn heard(finder: &mut Finder, port: &mut SteadyUdp, now: Moment) -> Option<SocketAddr> {
    let mut datagram = [0; DATAGRAM_MAX];
    while let Some((length, from)) = port.try_receive(&mut datagram) {
        let news = finder.receive(&datagram[..length], from, now);
        if let Some(News::SeenAs(public)) = news {
            return Some(public);
        }
    }
    None
}

impl Desk {
    /// Asks when it is time, and follows what the server says: new legs tell the new address.
    pub(super) fn follow_public(&mut self, now: Moment) {
        self.signalling.ask_stun(now);
        match self.signalling.poll_stun() {
            Some(News::SeenAs(public)) => {
                let was = self.house.address;
                tracing::info!(%was, is = %public, "we are seen from outside as another");
                self.whereabouts.seen_from_outside(public);
                self.follow_address();
                self.tell_registrars(now);
            }
            Some(News::Silent) => {
                tracing::warn!("the STUN server does not say where we are");
                self.alarm("stun-silent", now);
            }
            None => {}
        }
    }
}
