use std::io;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;

use tokio::net::UdpSocket;
use tokio::runtime::Builder;
use tokio::sync::Notify;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::rig::Rig;
use super::{HeadsetSettings, News, Order, Pace};
use crate::seats::sound_cards::{CardNews, SoundCards};
use crate::words::{Entropy, Moment};

/// News of devices waiting for the thread, which takes them at once.
const CARD_NEWS_MAX: usize = 1_024;
/// Ethernet's 1,500: no RTP packet of ours is longer.
const DATAGRAM_MAX: usize = 1_500;
/// Datagrams taken in one go, before samples have their turn again.
const BATCH: usize = 16;

/// What the thread wakes for.
enum Event {
    Order(Option<Order>),
    Cards(CardNews),
    Datagram(usize),
    Moved,
    TimedOut,
}

pub(super) fn spawn(
    settings: HeadsetSettings,
    pace: Pace,
    entropy: Entropy,
    (orders, news): (Receiver<Order>, Sender<News>),
) -> io::Result<JoinHandle<()>> {
    let runtime = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    let (opened, outcome) = sync_channel(1);
    let work = move || {
        // Threads are as urgent as the one that starts them: the devices' own follows.
        (pace.hurry)();
        let moved = Arc::new(Notify::new());
        let (cards, cards_news) = match open_cards(&settings, pace.clock) {
            Ok(cards) => cards,
            Err(error) => return drop(opened.send(Err(error))),
        };
        // Whoever starts us waits for this.
        let _ = opened.send(Ok(()));
        let rig = Rig::new(settings, cards, Arc::clone(&moved), news, entropy);
        let inbox = Inbox {
            orders,
            cards: cards_news,
            moved,
            clock: pace.clock,
            datagram: [0; DATAGRAM_MAX],
        };
        runtime.block_on(run(rig, inbox));
    };
    let thread = std::thread::Builder::new()
        .name("headset".to_owned())
        .spawn(work)?;
    outcome.recv().map_err(io::Error::other)??;
    Ok(thread)
}

fn open_cards(
    settings: &HeadsetSettings,
    clock: fn() -> Moment,
) -> io::Result<(SoundCards, Receiver<CardNews>)> {
    let (told, news) = channel(CARD_NEWS_MAX);
    let tell = move |news: CardNews| {
        if let Err(error) = told.try_send(news) {
            tracing::error!(%error, "tell of a sound device");
        }
    };
    Ok((
        SoundCards::open(settings.server.clone(), clock, tell)?,
        news,
    ))
}

struct Inbox {
    orders: Receiver<Order>,
    cards: Receiver<CardNews>,
    moved: Arc<Notify>,
    clock: fn() -> Moment,
    datagram: [u8; DATAGRAM_MAX],
}

async fn run(mut rig: Rig, mut inbox: Inbox) {
    loop {
        let event = inbox.next(rig.socket(), rig.timeout()).await;
        let now = (inbox.clock)();
        match event {
            Event::Order(None) => return,
            Event::Order(Some(order)) => rig.obey(order, now),
            Event::Cards(news) => rig.hear(&news, now),
            Event::Datagram(length) => {
                rig.receive(&inbox.datagram[..length], now);
                inbox.receive_more(&mut rig, now);
            }
            Event::Moved | Event::TimedOut => {}
        }
        rig.go_on(now);
    }
}

impl Inbox {
    async fn next(&mut self, socket: Option<&UdpSocket>, timeout: Option<Moment>) -> Event {
        let now = (self.clock)();
        tokio::select! {
            order = self.orders.recv() => Event::Order(order),
            Some(news) = self.cards.recv() => Event::Cards(news),
            length = receive(socket, &mut self.datagram) => Event::Datagram(length),
            () = self.moved.notified() => Event::Moved,
            () = until(timeout, now) => Event::TimedOut,
        }
    }

    fn receive_more(&mut self, rig: &mut Rig, now: Moment) {
        for _ in 0..BATCH {
            let more = rig
                .socket()
                .map(|socket| socket.try_recv(&mut self.datagram));
            let Some(Ok(length)) = more else { return };
            rig.receive(&self.datagram[..length], now);
        }
    }
}

/// Waits for a datagram; for ever where there is no leg. An error of the socket is an empty one.
async fn receive(socket: Option<&UdpSocket>, datagram: &mut [u8]) -> usize {
    match socket {
        Some(socket) => socket.recv(datagram).await.unwrap_or(0),
        None => std::future::pending().await,
    }
}

async fn until(timeout: Option<Moment>, now: Moment) {
    #[expect(clippy::disallowed_methods, reason = "a device is looked at in time")]
    match timeout {
        Some(at) => tokio::time::sleep(now.until(at)).await,
        None => std::future::pending().await,
    }
}
