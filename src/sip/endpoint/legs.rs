use std::collections::{BTreeMap, BTreeSet};

use super::gate::Request;
use super::leg::Leg;
use crate::sip::FlowId;
use crate::sip::transaction::ServerKey;

/// The most legs at once, those that are ending included.
const LEGS_MAX: usize = 8192;

/// One INVITE dialog usage, whoever began it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(u64);

impl LegId {
    #[cfg(test)]
    pub(crate) fn first() -> Self {
        Self(0)
    }
}

/// The legs under way.
#[derive(Debug, Default)]
pub(super) struct Legs {
    next: u64,
    /// Boxed: half of a tree's places for values are empty.
    by_id: BTreeMap<LegId, Box<Leg>>,
    by_tag: BTreeMap<String, LegId>,
    by_call_id: BTreeSet<(String, LegId)>,
}

impl Legs {
    pub(super) fn is_full(&self) -> bool {
        self.by_id.len() >= LEGS_MAX
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn insert(&mut self, leg: Leg) -> LegId {
        let id = LegId(self.next);
        self.next = self.next.saturating_add(1);
        self.by_tag.insert(leg.tag.clone(), id);
        self.by_call_id.insert((leg.call_id.clone(), id));
        self.by_id.insert(id, Box::new(leg));
        id
    }

    pub(super) fn get(&self, id: LegId) -> Option<&Leg> {
        self.by_id.get(&id).map(Box::as_ref)
    }

    pub(super) fn get_mut(&mut self, id: LegId) -> Option<&mut Leg> {
        self.by_id.get_mut(&id).map(Box::as_mut)
    }

    pub(super) fn owe_words(&self) -> bool {
        self.by_id.values().any(|leg| leg.owes_words())
    }

    pub(super) fn lose(&mut self, flow: FlowId) {
        self.by_id.values_mut().for_each(|leg| leg.lose(flow));
    }

    pub(super) fn remove(&mut self, id: LegId) -> Option<Leg> {
        let leg = self.by_id.remove(&id)?;
        self.by_tag.remove(&leg.tag);
        self.by_call_id.remove(&(leg.call_id.clone(), id));
        Some(*leg)
    }

    /// The leg a request inside a dialog is for: both tags and the Call-ID fit (RFC 3261 12.2.2).
    pub(super) fn of_request(&self, request: &Request) -> Option<LegId> {
        let id = *self.by_tag.get(request.essentials.to.tag()?)?;
        let leg = self.get(id)?;
        let essentials = &request.essentials;
        let fits = leg.call_id == essentials.call_id && leg.may_hear(essentials.sender_tag());
        fits.then_some(id)
    }

    /// The leg with these names of its dialog, ours and theirs.
    pub(super) fn of_dialog(&self, call_id: &str, ours: &str, theirs: &str) -> Option<LegId> {
        let id = *self.by_tag.get(ours)?;
        let leg = self.get(id)?;
        (leg.call_id == call_id && leg.may_hear(theirs)).then_some(id)
    }

    /// The leg whose INVITE, or re-INVITE, this transaction answers.
    pub(super) fn of_server(&self, key: &ServerKey) -> Option<LegId> {
        let mut legs = self.by_id.iter();
        legs.find(|(_, leg)| leg.is_answered_by(key))
            .map(|(id, _)| *id)
    }

    /// Whether a leg already belongs to the caller's dialog: its INVITE came late or another way.
    pub(super) fn knows_caller(&self, request: &Request) -> bool {
        let essentials = &request.essentials;
        self.named(&essentials.call_id).any(|id| {
            let leg = self.get(id);
            leg.is_some_and(|leg| leg.is_with(essentials.sender_tag()))
        })
    }

    /// Those that bear this Call-ID.
    pub(super) fn named<'a>(&'a self, call_id: &str) -> impl Iterator<Item = LegId> + use<'a> {
        let named = |id| (call_id.to_owned(), id);
        let legs = named(LegId(0))..=named(LegId(u64::MAX));
        self.by_call_id.range(legs).map(|(_, id)| *id)
    }
}
