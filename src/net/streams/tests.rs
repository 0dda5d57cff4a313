//! Real connections over loopback, and the limits of one in virtual time.

use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpListener;

use super::connection::now;
use super::patience::Patience;
use super::*;
use crate::sip::Transmit;

const MESSAGE: &[u8] = b"OPTIONS sip:a@b SIP/2.0\r\nl: 0\r\n\r\n";
const PING: &[u8] = b"\r\n\r\n";

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn loopback() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

fn streams(doors: Doors) -> Streams {
    let limits = StreamLimits::default();
    Streams::open(doors, None, limits, Entropy::from_number(1)).unwrap()
}

fn listening() -> (Streams, SocketAddr) {
    let doors = Doors {
        tcp: Some(loopback()),
        ..Doors::default()
    };
    let streams = streams(doors);
    let address = streams.addresses().0.unwrap();
    (streams, address)
}

fn message(to: Hop) -> Transmit {
    Transmit {
        to,
        bytes: Bytes::from_static(MESSAGE),
    }
}

/// A connection whose other end is ours to play; virtual time.
struct Bench {
    them: DuplexStream,
    usage: Arc<Usage>,
    news: mpsc::Receiver<News>,
    out: Option<mpsc::Sender<Transmit>>,
    hop: Hop,
    task: tokio::task::JoinHandle<End>,
    /// Dropped: nobody cuts.
    _cut: oneshot::Sender<End>,
}

/// So little is written without being read, in bytes.
const ROOM: usize = 64;

impl Bench {
    fn accepted() -> Self {
        Self::new(|limits| Patience::with_them(limits, now(), now()))
    }

    fn called() -> Self {
        Self::new(|limits| Patience::with_ours(limits, s(28), now()))
    }

    fn new(patience: impl FnOnce(StreamLimits) -> Patience) -> Self {
        let (us, them) = duplex(ROOM);
        let (told, news) = mpsc::channel(8);
        let (out, queue) = mpsc::channel(8);
        let (cut, cut_told) = oneshot::channel();
        let limits = StreamLimits::default();
        let usage = Arc::new(Usage::new());
        let hop = Hop {
            flow: Some(FlowId(1)),
            ..Hop::to(Transport::Tcp, loopback())
        };
        let connection = Connection {
            hop,
            limits,
            usage: Arc::clone(&usage),
            news: told,
            out: Outgoing::new(queue),
            cut: cut_told,
        };
        let task = tokio::spawn(connection.carry(us, patience(limits)));
        Self {
            them,
            usage,
            news,
            out: Some(out),
            hop,
            task,
            _cut: cut,
        }
    }

    async fn says(&mut self, bytes: &[u8]) {
        self.them.write_all(bytes).await.unwrap();
    }

    async fn hears(&mut self, bytes: &[u8]) {
        let mut heard = vec![0; bytes.len()];
        self.them.read_exact(&mut heard).await.unwrap();
        assert_eq!(heard, bytes);
    }

    /// How it ended, and after how long.
    async fn end(self) -> (End, Duration) {
        let start = now();
        let end = self.task.await.unwrap();
        (end, now() - start)
    }
}

#[tokio::test(start_paused = true)]
async fn who_connects_and_says_nothing_is_cut_after_ten_seconds() {
    let bench = Bench::accepted();
    assert_eq!(bench.end().await, (End::SlowToBegin, s(10)));
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_and_are_no_message() {
    let mut bench = Bench::accepted();
    bench.says(PING).await;
    bench.hears(b"\r\n").await;
    assert_eq!(bench.end().await, (End::SlowToBegin, s(10)));
}

#[tokio::test(start_paused = true)]
async fn half_a_message_is_cut_after_fifteen_seconds_and_a_whole_one_after_an_idle_while() {
    let mut bench = Bench::accepted();
    bench.says(MESSAGE).await;
    let news = bench.news.recv().await.unwrap();
    assert_eq!(news, News::Message(bench.hop, Bytes::from_static(MESSAGE)));
    bench.says(&MESSAGE[..20]).await;
    assert_eq!(bench.end().await, (End::HalfMessage, s(15)));

    let mut bench = Bench::accepted();
    bench.says(MESSAGE).await;
    assert_eq!(bench.end().await, (End::Idle, s(32)));
}

#[tokio::test(start_paused = true)]
async fn what_we_send_counts_from_when_it_was_sent() {
    let mut bench = Bench::accepted();
    bench.says(MESSAGE).await;
    let (out, hop) = (bench.out.clone().unwrap(), bench.hop);
    tokio::spawn(async move {
        tokio::time::sleep_until(now() + s(20)).await;
        out.try_send(message(hop)).unwrap();
    });
    assert_eq!(bench.end().await, (End::Idle, s(52)));
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_is_kept_may_be_idle_until_it_is_released() {
    let mut bench = Bench::accepted();
    bench.says(MESSAGE).await;
    bench.usage.kept.store(true, Ordering::Relaxed);
    let usage = Arc::clone(&bench.usage);
    tokio::spawn(async move {
        tokio::time::sleep_until(now() + s(100)).await;
        usage.kept.store(false, Ordering::Relaxed);
    });
    assert_eq!(bench.end().await, (End::Idle, s(128)));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_nothing_is_cut_and_its_messages_come_back() {
    let mut bench = Bench::called();
    let out = bench.out.clone().unwrap();
    for _ in 0..4 {
        out.try_send(message(bench.hop)).unwrap();
    }
    let start = now();
    let (hop, lost) = (bench.hop, bench.news.recv());
    assert_eq!(lost.await, Some(News::Lost(hop)));
    assert_eq!(now() - start, s(15));
    assert_eq!(bench.end().await.0, End::Stalled);
}

#[tokio::test(start_paused = true)]
async fn our_pings_find_a_dead_peer() {
    let mut bench = Bench::called();
    bench.usage.kept.store(true, Ordering::Relaxed);
    bench.hears(PING).await;
    bench.says(b"\r\n").await;
    bench.hears(PING).await;
    bench.hears(PING).await;
    assert_eq!(bench.end().await, (End::Silent, s(10)));
}

#[tokio::test(start_paused = true)]
async fn a_broken_stream_is_answered_and_closed() {
    let mut bench = Bench::accepted();
    bench.says(b"A sip:b SIP/2.0\r\n\r\n").await;
    let news = bench.news.recv().await;
    assert!(matches!(news, Some(News::Broken(hop, ..)) if hop == bench.hop));
    bench
        .out
        .clone()
        .unwrap()
        .try_send(message(bench.hop))
        .unwrap();
    bench.hears(MESSAGE).await;
    assert_eq!(bench.end().await, (End::Broken, s(0)));
}

#[tokio::test]
async fn messages_go_both_ways_over_one_connection() {
    let (mut here, address) = listening();
    let mut there = streams(Doors::default());
    there.send(message(Hop::to(Transport::Tcp, address)));
    let News::Message(from, bytes) = next(&mut here, &mut there).await else {
        panic!("no message");
    };
    assert_eq!(bytes, MESSAGE);
    here.send(message(from));
    let News::Message(back, _) = next(&mut there, &mut here).await else {
        panic!("no answer");
    };
    assert_eq!((back.address, back.transport), (address, Transport::Tcp));
    there.send(message(Hop::to(Transport::Tcp, address)));
    let again = next(&mut here, &mut there).await;
    assert!(
        matches!(again, News::Message(hop, _) if hop == from),
        "the connection is used again: {again:?}"
    );
}

/// What `one` has to tell, while `other` works, too.
async fn next(one: &mut Streams, other: &mut Streams) -> News {
    tokio::select! {
        news = one.next() => news,
        news = other.next() => panic!("the other side told {news:?}"),
    }
}

#[tokio::test]
async fn where_nobody_listens_is_told_for_each_hop() {
    let listener = TcpListener::bind(loopback()).await.unwrap();
    let hop = Hop::to(Transport::Tcp, listener.local_addr().unwrap());
    drop(listener);
    let mut streams = streams(Doors::default());
    streams.send(message(hop));
    streams.send(message(hop));
    assert_eq!(streams.next().await, News::Unreachable(hop));
    assert!(matches!(streams.next().await, News::Closed(_)));
    let tls = Hop::to(Transport::Tls, hop.address);
    streams.send(message(tls));
    assert_eq!(
        streams.next().await,
        News::Unreachable(tls),
        "no TLS is set"
    );
}

#[tokio::test]
async fn a_reply_finds_another_way_when_its_connection_is_gone() {
    let listener = TcpListener::bind(loopback()).await.unwrap();
    let mut streams = streams(Doors::default());
    streams.send(message(Hop {
        flow: Some(FlowId(77)),
        ..Hop::to(Transport::Tcp, listener.local_addr().unwrap())
    }));
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut heard = vec![0; MESSAGE.len()];
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(heard, MESSAGE);
}

#[tokio::test]
async fn one_address_has_room_for_so_many_connections() {
    let (mut here, address) = listening();
    here.limits.connections_per_address = 2;
    let mut theirs = Vec::new();
    for _ in 0..3 {
        theirs.push(TcpStream::connect(address).await.unwrap());
    }
    let mut turned_away = theirs.pop().unwrap();
    let mut rest = Vec::new();
    tokio::select! {
        read = turned_away.read_to_end(&mut rest) => assert_eq!(read.ok().unwrap_or(0), 0),
        news = here.next() => panic!("{news:?}"),
    }
    assert_eq!(here.ended().get(&End::Full), Some(&1));
    drop(theirs);
    assert!(matches!(here.next().await, News::Closed(_)));
}

#[tokio::test]
async fn last_words_are_said_before_we_stop() {
    let listener = TcpListener::bind(loopback()).await.unwrap();
    let mut streams = streams(Doors::default());
    streams.send(message(Hop::to(
        Transport::Tcp,
        listener.local_addr().unwrap(),
    )));
    let (accepted, ()) = tokio::join!(listener.accept(), streams.stop());
    let mut heard = Vec::new();
    accepted.unwrap().0.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, MESSAGE);
}
