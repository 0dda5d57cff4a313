//! Under which address we are seen from outside, where a STUN server is to tell (RFC 8489).

use std::net::SocketAddr;
use std::time::Duration;

use crate::net::{NotFound, SteadyUdp, Target, Wanted};
use crate::settings::Settings;
use crate::sip::Transport;
use crate::sip::stun::{News, StunClient};
use crate::words::{Entropy, Moment};

use super::finder::{Of, Search};
use super::guide::Guide;
use super::sockets::Sockets;
use super::whereabouts::Whereabouts;
use super::working::until;
use super::{Desk, clock};

/// So long the start waits for the server; then peers are told our own address until it answers.
const START_WITHIN: Duration = Duration::from_secs(3);
/// An answer is a few dozen bytes.
const DATAGRAM_MAX: usize = 2_048;
/// Datagrams read in one go before the clock is looked at again.
const BATCH: usize = 64;

/// The server does not say where we are, or is not found.
const STUN_SILENT: &str = "stun-silent";

/// Asks before anybody is told where we are.
pub(super) async fn find(
    settings: &Settings,
    guide: &mut Guide,
    (sockets, whereabouts): (&mut Sockets, &mut Whereabouts),
    entropy: Entropy,
) {
    let Some(server) = server(settings) else {
        return;
    };
    match guide.route("sip.stun", &server).await {
        Ok(route) => {
            let client = StunClient::new(route.next_hop(|_| false).address, entropy);
            if let Some(public) = sockets.ask(client).await {
                whereabouts.seen_from_outside(public);
            }
        }
        Err(why) => {
            tracing::warn!(?why, "find the STUN server");
            whereabouts.stun_search = Some(Search::new(server, clock::now()));
        }
    }
}

fn server(settings: &Settings) -> Option<Wanted> {
    let server = settings.sip.stun.as_ref()?.host_port();
    Some(Wanted {
        host: server.host.trim_matches(['[', ']']).to_owned(),
        port: Some(server.port),
        transport: Some(Transport::Udp),
        secure: false,
    })
}

/// What the server says, unless that takes too long. SIP that comes meanwhile is lost: its senders
/// repeat it, and we cannot say yet where to answer us.
pub(super) async fn ask(client: &mut StunClient, port: &mut SteadyUdp) -> Option<SocketAddr> {
    let give_up_at = clock::now() + START_WITHIN;
    loop {
        let now = clock::now();
        // Within START_WITHIN no request is the last one: there is no news of silence here.
        if let (Some(request), _) = client.handle_timeout(now) {
            // What the system does not take is asked again.
            let _ = port.try_send(&request, client.server());
        }
        match heard(client, port, now) {
            Some(News::SeenAs(public)) => return Some(public),
            None if now < give_up_at => {}
            Some(News::Silent) | None => {
                tracing::warn!(server = %client.server(), "the STUN server does not say where we are");
                return None;
            }
        }
        let wake = client.timeout().min(give_up_at);
        tokio::select! {
            () = port.readable() => {}
            () = until(Some(wake), now) => {}
        }
    }
}

fn heard(client: &mut StunClient, port: &mut SteadyUdp, now: Moment) -> Option<News> {
    let mut datagram = [0; DATAGRAM_MAX];
    for _ in 0..BATCH {
        let (length, from) = port.try_receive(&mut datagram)?;
        let news = client.receive(&datagram[..length], from, now);
        if news.is_some() {
            return news;
        }
        tracing::debug!(%from, "a datagram before we know where we are");
    }
    None
}

impl Desk {
    /// Asks when it is time, and follows what the server says: new legs tell the new address, and
    /// so do our registrations.
    pub(super) fn follow_public(&mut self, now: Moment) {
        self.look_up_stun(now);
        self.signalling.ask_stun(now);
        match self.signalling.poll_stun() {
            Some(News::SeenAs(public)) => {
                self.duty.alarms.remove(STUN_SILENT);
                if self.whereabouts.seen_from_outside(public) {
                    tracing::info!(was = %self.house.address, is = %public, "we are seen from outside as another");
                    self.follow_address();
                    self.tell_registrars(now);
                }
            }
            Some(News::Silent) => self.stun_silent(now),
            None => {}
        }
    }

    /// Where its name was not known at the start.
    fn look_up_stun(&mut self, now: Moment) {
        let Some(search) = &mut self.whereabouts.stun_search else {
            return;
        };
        let Some(wanted) = search.take_due(now) else {
            return;
        };
        if !self.accounts.look_up(Of::Stun, wanted) {
            search.ended(false, now);
        }
        self.stun_silent(now);
    }

    pub(super) fn stun_found(&mut self, targets: Result<Vec<Target>, NotFound>, now: Moment) {
        let targets = targets.inspect_err(|why| tracing::warn!(%why, "find the STUN server"));
        if let Some(server) = targets.unwrap_or_default().first() {
            self.whereabouts.stun_search = None;
            let entropy = Entropy::from_seed(self.entropy.bytes());
            let client = StunClient::new(server.hop.address, entropy);
            self.signalling.begin_stun(client);
        } else if let Some(search) = &mut self.whereabouts.stun_search {
            search.ended(false, now);
        }
    }

    /// Told once, until the server says it again.
    fn stun_silent(&mut self, now: Moment) {
        if !self.duty.alarms.contains(STUN_SILENT) {
            tracing::warn!("no STUN server says where we are");
            self.standing_alarm(STUN_SILENT, now);
        }
    }
}
