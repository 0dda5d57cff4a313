use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::task;
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::connection::Usage;
use super::limits::End;
use crate::sip::{FlowId, Hop, Transmit};

/// Who made a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MadeBy {
    Them,
    /// Its certificate was checked against this name; none for TCP.
    Us {
        name: Option<String>,
    },
}

/// One side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Them,
    Us,
}

impl MadeBy {
    pub(super) fn side(&self) -> Side {
        match self {
            Self::Them => Side::Them,
            Self::Us { .. } => Side::Us,
        }
    }
}

/// An open connection, or one that is being opened.
#[derive(Debug)]
pub(super) struct Flow {
    /// Without its own flow.
    pub(super) hop: Hop,
    pub(super) made_by: MadeBy,
    pub(super) out: mpsc::Sender<Transmit>,
    pub(super) cut: oneshot::Sender<End>,
    pub(super) usage: Arc<Usage>,
    pub(super) task: task::Id,
}

impl Flow {
    /// Whether its task still takes messages.
    fn is_open(&self) -> bool {
        !self.out.is_closed()
    }
}

/// Every connection there is.
#[derive(Debug, Default)]
pub(super) struct Flows {
    open: BTreeMap<FlowId, Flow>,
    last: u64,
}

/// A message that was not taken.
#[derive(Debug)]
pub(super) struct NotTaken;

impl Flows {
    /// The name of the next connection, never used again.
    pub(super) fn next_id(&mut self) -> FlowId {
        self.last += 1;
        FlowId(self.last)
    }

    pub(super) fn insert(&mut self, id: FlowId, flow: Flow) {
        self.open.insert(id, flow);
    }

    pub(super) fn remove(&mut self, id: FlowId) {
        self.open.remove(&id);
    }

    /// The flow of a task that did not live to tell.
    pub(super) fn of_task(&self, task: task::Id) -> Option<FlowId> {
        let mut open = self.open.iter();
        open.find(|(_, flow)| flow.task == task).map(|(id, _)| *id)
    }

    /// How many there are that they have made, or we: with this address, and in all.
    pub(super) fn count(&self, side: Side, address: IpAddr) -> (usize, usize) {
        let alike = self
            .open
            .values()
            .filter(|flow| flow.made_by.side() == side);
        alike.fold((0, 0), |(here, in_all), flow| {
            let is_here = flow.hop.address.ip() == address;
            (here + usize::from(is_here), in_all + 1)
        })
    }

    /// The connection a message takes: its own while it is open, or else one that leads to the same
    /// place under the same name (RFC 3261 18, RFC 5922 4).
    pub(super) fn leading_to(&self, hop: Hop, name: Option<&str>) -> Option<FlowId> {
        if let Some(id) = hop.flow
            && self.open.get(&id).is_some_and(Flow::is_open)
        {
            return Some(id);
        }
        let there = Hop { flow: None, ..hop };
        let leads = |(_, flow): &(&FlowId, &Flow)| {
            let is_trusted = match &flow.made_by {
                MadeBy::Us { name: checked } => checked.as_deref() == name,
                // Who connected from there is there; whether it has the name nobody has checked.
                MadeBy::Them => name.is_none(),
            };
            flow.hop == there && is_trusted && flow.is_open()
        };
        self.open.iter().find(leads).map(|(id, _)| *id)
    }

    /// Queues a message. A connection whose queue is full has stopped reading: it is cut.
    pub(super) fn send(&mut self, id: FlowId, transmit: Transmit) -> Result<(), NotTaken> {
        let Some(flow) = self.open.get(&id) else {
            return Err(NotTaken);
        };
        match flow.out.try_send(transmit) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(_)) => Err(NotTaken),
            Err(TrySendError::Full(_)) => {
                self.cut(id, End::Overflow);
                Err(NotTaken)
            }
        }
    }

    pub(super) fn keep(&self, id: FlowId, kept: bool) {
        if let Some(flow) = self.open.get(&id) {
            flow.usage.kept.store(kept, Ordering::Relaxed);
        }
    }

    /// The certificate who connected to us has shown.
    pub(super) fn shown(&self, id: FlowId) -> Option<&CertificateDer<'static>> {
        self.open.get(&id)?.usage.shown.get()
    }

    /// Whether we connected there and checked this name.
    pub(super) fn was_checked(&self, id: FlowId, name: &str) -> bool {
        let made_by = self.open.get(&id).map(|flow| &flow.made_by);
        matches!(made_by, Some(MadeBy::Us { name: Some(checked) }) if checked == name)
    }

    /// Ends a connection at once; its task tells the rest.
    pub(super) fn cut(&mut self, id: FlowId, end: End) {
        if let Some(flow) = self.open.remove(&id) {
            // A task that has ended already needs no word.
            let _ = flow.cut.send(end);
        }
    }

    /// Lets all connections go: each writes what is queued, and ends.
    pub(super) fn clear(&mut self) {
        self.open.clear();
    }
}
