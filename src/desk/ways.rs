//! How our calls leave: to the place found at the start, or by an account wherever that is registered.

use std::{fmt, io};

use crate::sip::offer_answer::{self, Codecs};
use crate::sip::{Hop, Invite, LoginId, NameAddr, NotPossible};
use crate::words::{Moment, PhoneNumber};

use super::accounts::Credit;
use super::calls::Leg;
use super::house::{Address, Way};
use super::{Desk, clock};

/// An INVITE of ours, before it is known which way it goes.
pub(super) struct Outgoing {
    pub(super) to: Address,
    pub(super) from: NameAddr,
    /// Made where none is given.
    pub(super) call_id: Option<String>,
    /// What is offered.
    pub(super) codecs: Codecs,
    /// More headers: name, value.
    pub(super) headers: Vec<(String, String)>,
}

impl Outgoing {
    pub(super) fn new(to: Address, from: NameAddr, codecs: Codecs) -> Self {
        Self {
            to,
            from,
            call_id: None,
            codecs,
            headers: Vec::new(),
        }
    }
}

/// Why an INVITE did not leave.
#[derive(Debug)]
pub(super) enum NotSent {
    /// No registrar is known for the account.
    NoWay,
    NoPort(io::Error),
    NotPossible(NotPossible),
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoWay => f.write_str("no registrar is known for the account"),
            Self::NoPort(problem) => write!(f, "open an RTP port: {problem}"),
            Self::NotPossible(problem) => problem.fmt(f),
        }
    }
}

/// Where an INVITE goes, and what an account adds to it.
pub(super) struct WayOut {
    pub(super) next_hop: Hop,
    pub(super) login: Option<LoginId>,
    pub(super) headers: Vec<(String, String)>,
}

impl Desk {
    /// Where a customer is dialled, while the day's cap for such numbers lasts.
    pub(super) fn admitted(&mut self, number: &PhoneNumber) -> Option<Address> {
        let (class, address) = self.house.dialled(number)?;
        let today = self.house.date(clock::utc());
        let admitted = self.duty.dialled.admit(class, &self.house.caps, today);
        if !admitted {
            tracing::warn!(%class, "dial no more such numbers today");
        }
        admitted.then_some(address)
    }

    /// Who we are to the account that an address is dialled by.
    pub(super) fn credit(&self, address: &Address, now: Moment) -> Option<Credit> {
        let is_down = |hop| self.signalling.is_down(hop, now);
        match &address.way {
            Way::Found(_) => None,
            Way::Account(name) => self.accounts.credit(name, is_down),
        }
    }

    /// Who calls where no caller stands behind the call.
    pub(super) fn own_name(&self, to: &Address, now: Moment) -> NameAddr {
        match self.credit(to, now) {
            Some(credit) => credit.identity,
            None => NameAddr::new(None, self.house.own_identity()),
        }
    }

    /// Sends an INVITE; the leg is nobody's yet.
    pub(super) fn send_out(&mut self, out: Outgoing, now: Moment) -> Result<Leg, NotSent> {
        let Outgoing {
            to,
            from,
            call_id,
            codecs,
            mut headers,
        } = out;
        let way_out = self.way_out(&to, now).ok_or(NotSent::NoWay)?;
        headers.extend(way_out.headers);
        let port = self.sound.open_port().map_err(NotSent::NoPort)?;
        let line = to.line.as_deref();
        let line = line.and_then(|line| self.signalling.line_named(line));
        let is_behind_nat = line.is_some_and(|line| line.nat);
        let lines_srtp = line.map_or(self.house.srtp, |line| line.srtp);
        let shield = self.signalling.shield(to.srtp.unwrap_or(lines_srtp));
        let mut leg = Leg::new(self.signalling.origin(), shield);
        leg.origin.version += 1;
        let offer = offer_answer::offer(port.told, leg.origin, &codecs);
        let offer = leg.shield.offer(offer);
        leg.seen_at = is_behind_nat.then_some(way_out.next_hop.address.ip());
        let invite = Invite {
            next_hop: way_out.next_hop,
            symmetric: is_behind_nat || to.pinned,
            target: to.uri,
            login: way_out.login,
            from,
            call_id,
            offer,
            headers,
        };
        let sent = self.signalling.endpoint.invite(invite, now);
        let sip = sent.map_err(|problem| {
            self.sound.close(port.key);
            NotSent::NotPossible(problem)
        })?;
        (leg.sip, leg.port) = (Some(sip), Some(port));
        Ok(leg)
    }

    /// Where an INVITE goes first, and what an account adds to it; none while the account's
    /// registrar is not known.
    pub(super) fn way_out(&self, to: &Address, now: Moment) -> Option<WayOut> {
        match &to.way {
            Way::Found(route) => Some(WayOut {
                next_hop: route.next_hop(|hop| self.signalling.is_down(hop, now)),
                login: None,
                headers: Vec::new(),
            }),
            Way::Account(_) => self.credit(to, now).map(|credit| WayOut {
                next_hop: credit.next_hop,
                login: Some(credit.login),
                headers: credit.headers,
            }),
        }
    }
}
