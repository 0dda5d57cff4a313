#![expect(
    clippy::disallowed_methods,
    reason = "a connection's limits are real time"
)]

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::News;
use super::limits::{End, StreamLimits};
use super::patience::{Due, Patience};
use crate::sip::{Framer, Hop, Piece, Transmit};

/// Read in one go, in bytes: most messages fit.
const READ_BYTES: usize = 4 * 1024;
/// Pings and pongs that wait to be written; who pings faster than he reads misses some.
const LINES_MAX: usize = 4;
/// Hops of one connection that are told when it ends.
const CARRIED_MAX: usize = 16;
/// After a broken stream: for the answer to its headers, where there is one (RFC 3261 18.3).
const LINGER: Duration = Duration::from_millis(500);

/// RFC 5626 3.5.1.
const PING: &[u8] = b"\r\n\r\n";
const PONG: &[u8] = b"\r\n";

/// What the task of a connection and the table of flows both look at.
#[derive(Debug)]
pub(super) struct Usage {
    began: Instant,
    /// The last message we wrote, in milliseconds after `began`.
    written_ms: AtomicU64,
    /// Registered, or in a call: it may be idle.
    pub(super) kept: AtomicBool,
    /// The certificate they have shown, and we trust.
    pub(super) shown: OnceLock<CertificateDer<'static>>,
}

impl Usage {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            written_ms: AtomicU64::new(0),
            kept: AtomicBool::new(false),
            shown: OnceLock::new(),
        }
    }

    fn wrote(&self) {
        let since = self.began.elapsed().as_millis();
        let since = u64::try_from(since).unwrap_or(u64::MAX);
        self.written_ms.store(since, Ordering::Relaxed);
    }

    fn written(&self) -> Instant {
        self.began + Duration::from_millis(self.written_ms.load(Ordering::Relaxed))
    }
}

/// One connection, as its task sees it.
pub(super) struct Connection {
    pub(super) hop: Hop,
    pub(super) limits: StreamLimits,
    pub(super) usage: Arc<Usage>,
    pub(super) news: mpsc::Sender<News>,
    pub(super) out: Outgoing,
    /// Told when the connection must end at once.
    pub(super) cut: oneshot::Receiver<End>,
}

/// What is to be sent over the connection.
pub(super) struct Outgoing {
    queue: mpsc::Receiver<Transmit>,
    carried: BTreeSet<Hop>,
}

impl Outgoing {
    pub(super) fn new(queue: mpsc::Receiver<Transmit>) -> Self {
        Self {
            queue,
            carried: BTreeSet::new(),
        }
    }

    /// The next message; none when the table has let the flow go.
    async fn next(&mut self) -> Option<Transmit> {
        let transmit = self.queue.recv().await?;
        if self.carried.len() < CARRIED_MAX {
            self.carried.insert(transmit.to);
        }
        Some(transmit)
    }

    /// The hops whose messages were lost, or may have been.
    fn hops(mut self) -> BTreeSet<Hop> {
        self.queue.close();
        while let Ok(transmit) = self.queue.try_recv() {
            self.carried.insert(transmit.to);
        }
        self.carried
    }
}

impl Connection {
    /// Carries messages both ways until the end, and tells whose messages may be lost by it.
    pub(super) async fn carry<S>(mut self, stream: S, patience: Patience) -> End
    where
        S: AsyncRead + AsyncWrite + Send,
    {
        let (from_them, mut to_them) = split(stream);
        let (lines, mut lines_due) = mpsc::channel(LINES_MAX);
        let reading = Reading {
            hop: self.hop,
            usage: &self.usage,
            news: &self.news,
            lines,
            framer: Framer::default(),
            patience,
        };
        let end = tokio::select! {
            end = reading.read(from_them) => end,
            end = write(&mut to_them, &mut self.out, &mut lines_due, &self.usage, self.limits) => end,
            end = told(&mut self.cut) => end,
        };
        if end == End::Broken
            && let Ok(Some(answer)) = timeout(LINGER, self.out.next()).await
        {
            // It is closed either way.
            let _ = put(&mut to_them, &answer.bytes, LINGER).await;
        }
        let _ = timeout(LINGER, to_them.shutdown()).await;
        self.finish(end).await
    }

    /// The end of a connection, also of one that never came about.
    pub(super) async fn finish(self, end: End) -> End {
        let told: fn(Hop) -> News = match end {
            End::Unreached | End::Handshake => News::Unreachable,
            End::TheyClosed
            | End::Failed
            | End::SlowToBegin
            | End::HalfMessage
            | End::Idle
            | End::Stalled
            | End::Overflow
            | End::Silent
            | End::Broken
            | End::Full
            | End::Released => News::Lost,
        };
        for hop in self.out.hops() {
            if self.news.send(told(hop)).await.is_err() {
                break; // the desk has gone
            }
        }
        end
    }
}

/// Waits for the word to end at once; it may never come.
async fn told(cut: &mut oneshot::Receiver<End>) -> End {
    match cut.await {
        Ok(end) => end,
        Err(_) => pending().await,
    }
}

/// The half that listens.
struct Reading<'a> {
    hop: Hop,
    usage: &'a Usage,
    news: &'a mpsc::Sender<News>,
    lines: mpsc::Sender<&'static [u8]>,
    framer: Framer,
    patience: Patience,
}

impl Reading<'_> {
    async fn read<S: AsyncRead>(mut self, mut from_them: ReadHalf<S>) -> End {
        let mut buffer = BytesMut::with_capacity(READ_BYTES);
        loop {
            let wake = self.patience.wake();
            let step = tokio::select! {
                read = from_them.read_buf(&mut buffer) => match read {
                    Ok(0) => Some(End::TheyClosed),
                    Ok(_) => self.take(&mut buffer).await,
                    Err(_) => Some(End::Failed),
                },
                () = sleep_until(wake) => self.wait_no_longer(),
            };
            if let Some(end) = step {
                return end;
            }
        }
    }

    /// Tells every message that is whole.
    async fn take(&mut self, buffer: &mut BytesMut) -> Option<End> {
        self.framer.push(buffer);
        buffer.clear();
        while let Some(piece) = self.framer.next_piece() {
            let now = Instant::now();
            let news = match piece {
                Piece::Message(bytes) => News::Message(self.hop, bytes),
                Piece::Broken { head, fault } => News::Broken(self.hop, head, fault),
                Piece::Ping => {
                    // Who does not read his pongs misses them.
                    let _ = self.lines.try_send(PONG);
                    continue;
                }
                Piece::Pong => {
                    self.patience.pong();
                    continue;
                }
            };
            self.patience.message(now);
            let is_broken = matches!(news, News::Broken(..));
            if self.news.send(news).await.is_err() {
                return Some(End::Released);
            }
            if is_broken {
                return Some(End::Broken);
            }
        }
        self.patience
            .looked(self.framer.is_midway(), Instant::now());
        None
    }

    fn wait_no_longer(&mut self) -> Option<End> {
        let now = Instant::now();
        self.patience.sent(self.usage.written());
        let kept = self.usage.kept.load(Ordering::Relaxed);
        match self.patience.due(kept, now) {
            Due::Nothing => None,
            Due::Cut(end) => Some(end),
            Due::Ping => {
                self.framer.expect_pong();
                // A full queue is a peer that takes nothing: the writer sees to it.
                let _ = self.lines.try_send(PING);
                None
            }
        }
    }
}

/// The half that speaks.
async fn write<S: AsyncWrite>(
    to_them: &mut WriteHalf<S>,
    out: &mut Outgoing,
    lines: &mut mpsc::Receiver<&'static [u8]>,
    usage: &Usage,
    limits: StreamLimits,
) -> End {
    loop {
        let put = tokio::select! {
            Some(line) = lines.recv() => put(to_them, line, limits.write_within).await,
            transmit = out.next() => match transmit {
                Some(transmit) => {
                    usage.wrote();
                    put(to_them, &transmit.bytes, limits.write_within).await
                }
                None => return End::Released,
            },
        };
        if let Err(end) = put {
            return end;
        }
    }
}

async fn put<S: AsyncWrite>(
    to_them: &mut WriteHalf<S>,
    bytes: &[u8],
    within: Duration,
) -> Result<(), End> {
    let written = timeout(within, async {
        to_them.write_all(bytes).await?;
        to_them.flush().await
    });
    match written.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Failed),
        Err(_) => Err(End::Stalled),
    }
}

/// When a connection's limits begin.
pub(super) fn now() -> Instant {
    Instant::now()
}
