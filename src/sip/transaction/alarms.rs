use std::collections::{BTreeMap, BTreeSet};

use super::clients::ClientKey;
use super::servers::ServerKey;
use crate::sip::endpoint::LegId;
use crate::words::Moment;

/// Who wants to be woken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wake {
    Server(ServerKey),
    Client(ClientKey),
    Leg(LegId),
    /// A binding ends.
    Registrar,
}

/// One alarm for each that wants one, the earliest first.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    by_time: BTreeSet<(Moment, Wake)>,
    by_owner: BTreeMap<Wake, Moment>,
}

impl Alarms {
    /// Sets or clears the alarm of `wake`.
    pub(crate) fn set(&mut self, wake: Wake, at: Option<Moment>) {
        if let Some(old) = self.by_owner.remove(&wake) {
            self.by_time.remove(&(old, wake.clone()));
        }
        if let Some(at) = at {
            self.by_time.insert((at, wake.clone()));
            self.by_owner.insert(wake, at);
        }
    }

    pub(crate) fn earliest(&self) -> Option<Moment> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Takes the earliest alarm that is due.
    pub(crate) fn take_due(&mut self, now: Moment) -> Option<Wake> {
        let (at, wake) = self.by_time.first()?.clone();
        if at > now {
            return None;
        }
        self.set(wake.clone(), None);
        Some(wake)
    }
}
