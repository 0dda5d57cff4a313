//! What the devices' thread and its handle share, whatever the system.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::bell::Bell;
use super::card::{Card, CardName};
use super::news::{CardNews, StreamEnd, StreamId, StreamNews};
use super::stream::{CaptureEnd, PlaybackEnd};

/// Requests that wait for the thread, which takes them at once; past it they are refused.
const REQUESTS_MAX: usize = 64;

/// What is asked of the thread.
pub(super) enum Request {
    Capture {
        stream: StreamId,
        card: CardName,
        end: CaptureEnd,
    },
    Playback {
        stream: StreamId,
        card: CardName,
        end: PlaybackEnd,
    },
    Mute {
        card: CardName,
        on: bool,
    },
    Stop,
}

/// The handle's side.
pub(super) struct Requests {
    to: SyncSender<Request>,
    pub(super) bell: Bell,
}

/// The thread's side.
pub(super) struct Inbox {
    requests: Receiver<Request>,
    pub(super) bell: Bell,
}

pub(super) fn requests(bell: Bell) -> (Requests, Inbox) {
    let (to, requests) = sync_channel(REQUESTS_MAX);
    (
        Requests {
            to,
            bell: bell.clone(),
        },
        Inbox { requests, bell },
    )
}

impl Requests {
    /// False where the thread has too much to do already.
    pub(super) fn send(&self, request: Request) -> bool {
        let sent = self.to.try_send(request);
        self.bell.ring();
        sent.is_ok()
    }

    pub(super) fn stop(&self) {
        if let Err(TrySendError::Full(stop)) = self.to.try_send(Request::Stop) {
            self.bell.ring();
            // The thread takes all that wait whenever it is rung.
            let _ = self.to.send(stop);
        }
        self.bell.ring();
    }
}

impl Inbox {
    pub(super) fn next(&self) -> Option<Request> {
        self.requests.try_recv().ok()
    }
}

/// Where the thread tells what there is and what happens.
pub(super) struct Outlet {
    pub(super) board: Arc<Board>,
    pub(super) news: Box<dyn Fn(CardNews) + Send>,
}

impl Outlet {
    pub(super) fn tell(&self, news: CardNews) {
        (self.news)(news);
    }

    pub(super) fn ended(&self, stream: StreamId, end: StreamEnd) {
        self.tell(CardNews::Stream {
            stream,
            what: StreamNews::Ended(end),
        });
    }
}

/// The devices there are now, for whoever asks.
#[derive(Debug, Default)]
pub(super) struct Board(Mutex<Posted>);

#[derive(Clone, Debug, Default)]
pub(super) struct Posted {
    pub(super) server_is_there: bool,
    pub(super) cards: Vec<Card>,
}

impl Board {
    pub(super) fn post(&self, cards: &[Card]) {
        self.set(Posted {
            server_is_there: true,
            cards: cards.to_vec(),
        });
    }

    /// Nothing is there, for there is no server.
    pub(super) fn clear(&self) {
        self.set(Posted::default());
    }

    pub(super) fn read(&self) -> Posted {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set(&self, posted: Posted) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = posted;
    }
}
