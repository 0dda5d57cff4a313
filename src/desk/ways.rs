//! How our calls leave: to the place found at the start, or by an account wherever that is registered.

use crate::sip::{Hop, LoginId};
use crate::words::{Moment, PhoneNumber};

use super::accounts::Credit;
use super::house::{Address, Way};
use super::{Desk, clock};

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
