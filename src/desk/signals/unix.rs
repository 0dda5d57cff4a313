use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Asked;

/// SIGTERM, SIGINT and SIGHUP.
pub(in crate::desk) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Takes the signals from the system, within a tokio runtime.
    pub(in crate::desk) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for one. Cancel-safe.
    pub(in crate::desk) async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::Stop,
            _ = self.interrupt.recv() => Asked::Stop,
            _ = self.hang_up.recv() => Asked::Renew,
        }
    }
}
