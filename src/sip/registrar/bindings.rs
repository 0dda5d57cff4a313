use std::collections::{BTreeMap, BTreeSet};

use super::contacts::{Contact, Device};
use crate::sip::wire::Uri;
use crate::sip::{FlowId, Hop};
use crate::words::{Moment, SeatId};

/// The phones a seat may have at once; the one refreshed longest ago makes room.
const BINDINGS_MAX: usize = 8;

/// Where a seat's phone is.
#[derive(Clone, Debug)]
pub struct Binding {
    /// Goes into the Request-URI as it came.
    pub contact: Uri,
    /// The way its REGISTER came, and the only one used: the Contact's own address is hearsay.
    pub hop: Hop,
    pub until: Moment,
    device: Option<Device>,
    order: Order,
    /// When it registered first, by this row of REGISTERs.
    came: Moment,
    refreshed: Moment,
}

/// Which REGISTER of a phone is the newer one (RFC 3261 10.3, step 7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) call_id: String,
    pub(super) cseq: u32,
}

/// A REGISTER that an earlier one has overtaken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutOfOrder;

/// All bindings. Seats are those of the settings, so their number is bounded.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    of_seats: BTreeMap<SeatId, Vec<Binding>>,
    /// Whose phones come by a way: each message that arrives asks.
    by_way: BTreeMap<Way, BTreeSet<SeatId>>,
}

/// The way a phone's messages come: its connection, or over UDP its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Connection(FlowId),
    Address(Hop),
}

impl Way {
    fn of(hop: Hop) -> Self {
        hop.flow.map_or(Self::Address(hop), Self::Connection)
    }
}

impl Binding {
    /// The value of Contact in our 200.
    pub(super) fn listed(&self, now: Moment) -> String {
        let left = now.until(self.until).as_secs_f64().ceil();
        let mut value = format!("<{}>;expires={left}", self.contact);
        if let Some(Device { instance, reg_id }) = &self.device {
            value.push_str(&format!(";+sip.instance=\"{instance}\""));
            if *reg_id > 0 {
                value.push_str(&format!(";reg-id={reg_id}"));
            }
        }
        value
    }

    fn is_alive(&self, now: Moment) -> bool {
        now < self.until
    }

    /// Whether `order` may change it.
    fn yields_to(&self, order: &Order) -> Result<(), OutOfOrder> {
        match self.order.call_id == order.call_id && order.cseq <= self.order.cseq {
            true => Err(OutOfOrder),
            false => Ok(()),
        }
    }
}

impl Bindings {
    pub(super) fn of(&self, seat: &SeatId, now: Moment) -> impl Iterator<Item = &Binding> {
        let all = self.of_seats.get(seat).into_iter().flatten();
        all.filter(move |binding| binding.is_alive(now))
    }

    /// The phone that came last: of two that live, each refresh would bring the other.
    pub(super) fn latest(&self, seat: &SeatId, now: Moment) -> Option<&Binding> {
        self.of(seat, now).max_by_key(|binding| binding.came)
    }

    /// Whose phone is behind a hop.
    pub(super) fn behind(&self, hop: Hop, now: Moment) -> Option<&SeatId> {
        let way = Way::of(hop);
        let is_it = |it: &Binding| Way::of(it.hop) == way;
        let mut seats = self.by_way.get(&way).into_iter().flatten();
        seats.find(|seat| self.of(seat, now).any(is_it))
    }

    /// Registrations change now and then, messages come all the time.
    fn index(&mut self) {
        self.by_way.clear();
        for (seat, known) in &self.of_seats {
            for binding in known {
                let seats = self.by_way.entry(Way::of(binding.hop)).or_default();
                seats.insert(seat.clone());
            }
        }
    }

    /// The connections that lead to phones.
    pub(super) fn flows(&self, now: Moment) -> BTreeSet<FlowId> {
        let alive = self
            .of_seats
            .values()
            .flatten()
            .filter(|it| it.is_alive(now));
        alive.filter_map(|binding| binding.hop.flow).collect()
    }

    /// Adds, refreshes and removes: all of it, or nothing when one binding is newer.
    pub(super) fn update(
        &mut self,
        seat: &SeatId,
        contacts: Vec<Contact>,
        order: &Order,
        hop: Hop,
        now: Moment,
    ) -> Result<(), OutOfOrder> {
        let known = self.of_seats.entry(seat.clone()).or_default();
        known.retain(|binding| binding.is_alive(now));
        for contact in &contacts {
            let touched = |it: &&Binding| contact.is_same(&it.contact, it.device.as_ref());
            known
                .iter()
                .filter(touched)
                .try_for_each(|it| it.yields_to(order))?;
        }
        for contact in contacts {
            let is_it = |it: &Binding| contact.is_same(&it.contact, it.device.as_ref());
            let before = known
                .iter()
                .find(|it| is_it(it) && it.order.call_id == order.call_id);
            let came = before.map_or(now, |it| it.came);
            known.retain(|it| !is_it(it));
            if !contact.expires.is_zero() {
                known.push(bound(contact, order.clone(), hop, (came, now)));
            }
            make_room(known);
        }
        self.index();
        Ok(())
    }

    pub(super) fn remove_all(
        &mut self,
        seat: &SeatId,
        order: &Order,
        now: Moment,
    ) -> Result<(), OutOfOrder> {
        self.of(seat, now).try_for_each(|it| it.yields_to(order))?;
        self.of_seats.remove(seat);
        self.index();
        Ok(())
    }

    /// Takes away what `is_lost` names; the seats it belonged to.
    pub(super) fn lose(&mut self, is_lost: impl Fn(&Binding) -> bool) -> Vec<SeatId> {
        let mut losers = Vec::new();
        for (seat, known) in &mut self.of_seats {
            let before = known.len();
            known.retain(|binding| !is_lost(binding));
            if known.len() < before {
                losers.push(seat.clone());
            }
        }
        self.of_seats.retain(|_, known| !known.is_empty());
        if !losers.is_empty() {
            self.index();
        }
        losers
    }

    pub(super) fn expire(&mut self, now: Moment) -> Vec<SeatId> {
        self.lose(|binding| !binding.is_alive(now))
    }

    pub(super) fn close(&mut self, flow: FlowId) -> Vec<SeatId> {
        self.lose(|binding| binding.hop.flow == Some(flow))
    }

    /// When the next binding ends.
    pub(super) fn timeout(&self) -> Option<Moment> {
        self.of_seats
            .values()
            .flatten()
            .map(|binding| binding.until)
            .min()
    }
}

fn bound(contact: Contact, order: Order, hop: Hop, (came, now): (Moment, Moment)) -> Binding {
    let Contact {
        uri,
        device,
        expires,
    } = contact;
    Binding {
        contact: uri,
        hop,
        until: now + expires,
        device,
        order,
        came,
        refreshed: now,
    }
}

/// A phone without an instance leaves a binding behind at each restart.
fn make_room(known: &mut Vec<Binding>) {
    while known.len() > BINDINGS_MAX {
        let oldest = known.iter().enumerate().min_by_key(|(_, it)| it.refreshed);
        let Some((at, _)) = oldest else {
            return;
        };
        known.remove(at);
    }
}
