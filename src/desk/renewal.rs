//! Certificates are read anew when an admin says so (SIGHUP): nobody in a call waits for the disk.

use tokio::task::{JoinHandle, spawn_blocking};

use crate::net::{Tls, TlsFault, TlsSettings};
use crate::words::Moment;

use super::Desk;

/// Stands until files are read that can be used.
const CERTIFICATES_UNFIT: &str = "certificates-unfit";

/// Files that are being read.
#[derive(Default)]
pub(super) struct Renewal(Option<JoinHandle<Result<Tls, TlsFault>>>);

impl Renewal {
    /// Asked while it still reads, it begins once more: the files may have changed since.
    fn begin(&mut self, settings: TlsSettings) {
        self.0 = Some(spawn_blocking(move || Tls::open(&settings)));
    }

    /// What the files hold; for ever where none are being read. Cancel-safe.
    pub(super) async fn done(&mut self) -> Option<Result<Tls, TlsFault>> {
        let Some(reading) = &mut self.0 else {
            return std::future::pending().await;
        };
        let read = reading.await;
        self.0 = None;
        match read {
            Ok(read) => Some(read),
            Err(error) => {
                tracing::error!(%error, "the reading of certificates broke off");
                None
            }
        }
    }
}

impl Desk {
    pub(super) fn begin_renewal(&mut self, renewal: &mut Renewal) {
        match self.signalling.tls_settings() {
            Some(settings) => renewal.begin(settings.clone()),
            None => tracing::info!("no TLS: there are no certificates to read"),
        }
    }

    /// New certificates count for connections from now on; where they cannot be used the old ones do.
    pub(super) fn renew(&mut self, read: Result<Tls, TlsFault>, now: Moment) {
        match read {
            Ok(tls) => {
                tracing::info!("the certificates were read anew");
                self.signalling.renew(tls);
                self.duty.alarms.remove(CERTIFICATES_UNFIT);
            }
            Err(why) => {
                tracing::warn!(%why, "the old certificates stay in use");
                self.standing_alarm(CERTIFICATES_UNFIT, now);
            }
        }
    }
}
