//! L2, shell. The control surface: HTTP `/api/v1`, live events, metrics.
//!
//! Invariant: it knows no call. Every question goes to the desk over one bounded channel, and what
//! anybody may ask stands in one table ([`ROUTES`]).

mod ask;
mod event_log;
mod events;
mod gate;
mod idempotency;
mod listener;
mod metrics;
mod problem;
mod reading;
mod room;
mod routes;
mod serve;
mod views;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use crate::words::{Catalogue, Language};

pub use ask::{
    Answer, Ask, Export, ExportFormat, NewCallback, NewDeletion, Numbers, Request, SeatOrder,
};
pub use event_log::{EventLog, Follower, Gone};
pub use gate::Token;
pub use metrics::Metrics;
pub use problem::{Code, Problem, ProblemBody};
pub use room::{Place, Room};
pub use routes::{Page, Permission, ROUTES, Route};
pub use views::{
    AttemptView, CallView, CallbackView, DrainView, HealthView, LineView, RegistrationView,
    SeatView, WishView,
};

/// Where the API is, and for whom.
#[derive(Clone, Debug)]
pub struct ConsoleSettings {
    /// Port 0: any free one.
    pub listen: SocketAddr,
    pub token: Token,
    /// Names clients may call us by, besides the loopback's; without port.
    pub allowed_hosts: Vec<String>,
    /// `/metrics` without the token.
    pub metrics_open: bool,
    /// For readers who name none.
    pub language: Language,
    pub limits: Limits,
}

/// How long and how many: what one client can cost us (hardening row 15).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Until a request's headers are in, or an idle connection is closed.
    pub headers: Duration,
    /// Until its body is in: 408 after it.
    pub body: Duration,
    /// Until a WebSocket client takes an event: cut after it.
    pub send: Duration,
    /// Until the desk answers: 503 after it.
    pub desk: Duration,
    pub connections_per_address: usize,
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            headers: Duration::from_secs(10),
            body: Duration::from_secs(15),
            send: Duration::from_secs(10),
            desk: Duration::from_secs(5),
            connections_per_address: 32,
            connections: 512,
        }
    }
}

/// The API while it is served.
#[derive(Debug)]
pub struct Console {
    address: SocketAddr,
    stop: watch::Sender<bool>,
}

impl Console {
    /// Listens. Fails where the address is taken or not ours.
    pub async fn start(
        settings: ConsoleSettings,
        requests: mpsc::Sender<Request>,
        events: Arc<EventLog>,
        metrics: Arc<Metrics>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let limits = settings.limits;
        let pages = serve::pages(serve::Shared {
            gate: gate::Gate {
                token: settings.token,
                allowed_hosts: settings.allowed_hosts,
                metrics_open: settings.metrics_open,
            },
            limits,
            language: settings.language,
            texts: Catalogue::shipped(),
            requests,
            events,
            metrics,
            stop: stopped.clone(),
        });
        tokio::spawn(listener::accept(listener, pages, limits, stopped));
        Ok(Self { address, stop })
    }

    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Lets open requests end (5 s at most), says good-bye to listeners, and returns when all are gone.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // Every task of ours holds a receiver until it ends.
        self.stop.closed().await;
    }
}
