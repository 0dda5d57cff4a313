//! Where the log goes: standard error, the system's log, or files that take each other's place.

use std::io;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::{MakeWriter, SubscriberBuilder};

use super::failure::Failure;
use crate::settings::{self, LogFormat, LogTo};
use crate::words::Sentence;

/// Lines that wait for a slow disk; past it they are dropped, and no call waits.
const LINES_MAX: usize = 8_192;

/// What is left of the log is written when this is dropped.
pub(super) struct Logging(#[expect(dead_code, reason = "its end is its work")] Option<WorkerGuard>);

/// Begins to log as the settings say.
pub(super) fn begin(log: &settings::Log) -> Result<Logging, Failure> {
    let filter = EnvFilter::try_new(&log.level).map_err(|why| {
        let level = Sentence::of("start.log-level").with("level", &log.level);
        Failure::NotStarted(level.with("why", why))
    })?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter);
    if let Some(folder) = &log.folder {
        let files = RollingFileAppender::builder()
            .rotation(Rotation::DAILY)
            .filename_prefix("thirdring")
            .filename_suffix("log")
            .max_log_files(usize::from(log.keep_days))
            .build(folder)
            .map_err(|why| {
                let unusable = Sentence::of("start.log-folder").with("folder", folder.display());
                Failure::NotStarted(unusable.with("why", why))
            })?;
        let (files, guard) = NonBlockingBuilder::default()
            .buffered_lines_limit(LINES_MAX)
            .thread_name("log")
            .finish(files);
        write(lines.with_writer(files), log.format);
        return Ok(Logging(Some(guard)));
    }
    match log.to {
        LogTo::Stderr => write(lines.with_writer(io::stderr), log.format),
        LogTo::Syslog => to_system(lines, log.format)?,
    }
    Ok(Logging(None))
}

#[cfg(unix)]
fn to_system(
    lines: SubscriberBuilder<Fields, Lines, EnvFilter>,
    format: LogFormat,
) -> Result<(), Failure> {
    let system = syslog::Syslog::open().map_err(|why| {
        let unusable = Sentence::of("start.no-syslog").with("why", Sentence::of_io(&why));
        Failure::NotStarted(unusable)
    })?;
    // The system's log has times of its own.
    match format {
        LogFormat::Text => set(lines
            .with_writer(system)
            .with_ansi(false)
            .without_time()
            .with_level(false)),
        LogFormat::Json => set(lines.with_writer(system).json()),
    }
    Ok(())
}

#[cfg(not(unix))]
fn to_system(_: SubscriberBuilder<Fields, Lines, EnvFilter>, _: LogFormat) -> Result<(), Failure> {
    let why = Sentence::of("start.syslog-is-unix");
    Err(Failure::NotStarted(
        Sentence::of("start.no-syslog").with("why", why),
    ))
}

type Fields = tracing_subscriber::fmt::format::DefaultFields;
type Lines = tracing_subscriber::fmt::format::Format;

fn write<W>(lines: SubscriberBuilder<Fields, Lines, EnvFilter, W>, format: LogFormat)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    match format {
        LogFormat::Text => set(lines.with_ansi(false)),
        LogFormat::Json => set(lines.json()),
    }
}

/// Whoever embeds us may have set a log of his own: then that one is used.
fn set(lines: impl tracing_subscriber::util::SubscriberInitExt) {
    let _ = lines.try_init();
}

#[cfg(unix)]
mod syslog {
    //! The system's log by its socket (RFC 3164 4.1, as rsyslog and journald read it).

    use std::io::{self, Write};
    use std::os::unix::net::UnixDatagram;
    use std::sync::Arc;

    use tracing::{Level, Metadata};
    use tracing_subscriber::fmt::MakeWriter;

    const SOCKET: &str = "/dev/log";
    /// System daemons (RFC 5424 6.2.1).
    const DAEMON: u8 = 3;

    #[derive(Clone)]
    pub(super) struct Syslog(Arc<UnixDatagram>);

    impl Syslog {
        pub(super) fn open() -> io::Result<Self> {
            Self::at(SOCKET)
        }

        /// What it does not take at once is lost: no call waits for a log.
        fn at(path: &str) -> io::Result<Self> {
            let socket = UnixDatagram::unbound()?;
            socket.connect(path)?;
            socket.set_nonblocking(true)?;
            Ok(Self(Arc::new(socket)))
        }

        fn line(&self, level: Level) -> Line<'_> {
            let head = format!(
                "<{}>thirdring[{}]: ",
                DAEMON * 8 + severity(level),
                std::process::id()
            );
            Line {
                socket: &self.0,
                text: head.into_bytes(),
            }
        }
    }

    impl<'w> MakeWriter<'w> for Syslog {
        type Writer = Line<'w>;

        fn make_writer(&'w self) -> Line<'w> {
            self.line(Level::INFO)
        }

        fn make_writer_for(&'w self, of: &Metadata<'_>) -> Line<'w> {
            self.line(*of.level())
        }
    }

    /// One datagram, sent when it is whole.
    pub(super) struct Line<'w> {
        socket: &'w UnixDatagram,
        text: Vec<u8>,
    }

    impl Write for Line<'_> {
        fn write(&mut self, part: &[u8]) -> io::Result<usize> {
            self.text.extend(part);
            Ok(part.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Drop for Line<'_> {
        fn drop(&mut self) {
            let _ = self.socket.send(self.text.trim_ascii_end());
        }
    }

    fn severity(level: Level) -> u8 {
        match level {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            Level::DEBUG | Level::TRACE => 7,
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_line_is_a_datagram_with_its_severity() {
            let path =
                std::env::temp_dir().join(format!("thirdring-syslog-{}", std::process::id()));
            let system = UnixDatagram::bind(&path).unwrap();
            let log = Syslog::at(path.to_str().unwrap()).unwrap();
            let mut line = log.line(Level::WARN);
            line.write_all(b"the disk ").unwrap();
            line.write_all(b"is full\n").unwrap();
            drop(line);
            let mut got = [0; 128];
            let length = system.recv(&mut got).unwrap();
            std::fs::remove_file(&path).unwrap();
            let expected = format!("<28>thirdring[{}]: the disk is full", std::process::id());
            assert_eq!(String::from_utf8_lossy(&got[..length]), expected);
        }
    }
}
