use std::fmt;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::words::{DeskId, Pii};

/// How long a server that does not answer is waited for.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// How long one that fell silent is believed to be there, and by it, we.
const SILENT_AT_MOST: Duration = Duration::from_secs(10);

/// The same for the server, of us; on the socket of a folder it means nothing.
pub(super) const NOTICE_SILENCE: &str = "
SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
SET tcp_user_timeout = '15s';";

/// Where the book is, and who this desk is there; a password in it never prints.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) desk: DeskId,
}

impl Address {
    /// Reads `postgresql://user:password@host/database`, or libpq's `host=.. dbname=..`.
    pub(super) fn parse(url: &Pii<String>, desk: DeskId) -> Result<Self, tokio_postgres::Error> {
        let mut config: Config = url.reveal().parse()?;
        config
            .application_name(format!("thirdring {desk}"))
            .connect_timeout(CONNECT_WITHIN)
            .keepalives_idle(SILENT_AT_MOST)
            .tcp_user_timeout(SILENT_AT_MOST);
        Ok(Self { config, desk })
    }

    /// Whether it asks for TLS; then the server's certificate is checked.
    pub(super) fn wants_tls(&self) -> bool {
        self.config.get_ssl_mode() == SslMode::Require
    }
}

/// Host and database: nothing else is for a log.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for host in self.config.get_hosts() {
            match host {
                Host::Tcp(name) => write!(f, "{name}")?,
                Host::Unix(folder) => write!(f, "{}", folder.display())?,
            }
            f.write_str("/")?;
        }
        f.write_str(self.config.get_dbname().unwrap_or_default())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} by {}", self.desk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_does_not_print() {
        let url = "postgresql://rep:open-sesame@db.example:5433/promises".to_owned();
        let address = Address::parse(&Pii::new(url), DeskId::alone()).unwrap();
        assert_eq!(format!("{address:?}"), "db.example/promises by desk");
        let wrong = Address::parse(&Pii::new("open-sesame".to_owned()), DeskId::alone());
        assert!(!format!("{:?}", wrong.unwrap_err()).contains("sesame"));
    }
}
