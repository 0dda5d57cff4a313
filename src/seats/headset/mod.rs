//! The rep's headset: a thread of its own between the sound devices and the leg the desk keeps for it.
//!
//! The headset speaks RTP with the media thread over loopback, as a telephone does: so relaying, mixing, recording and
//! hearing know nothing of it (D31). Its `devices` are those that the wish list chooses, open while a call needs
//! them; `live` is the call's sound; `rig` has both in its hands. A [`Fault`] is told within a second, and its end, too.
//!
//! Invariant: while there is no call no device is open but for the look at one that was just plugged in; the thread sleeps.

mod devices;
mod fault;
mod live;
mod look;
mod open;
mod rig;
mod ringer;
mod rtp;
mod thread;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;

use tokio::sync::mpsc::{Receiver, Sender, channel};

pub use fault::Fault;

use crate::media::headset::{Leg, VoiceSpec};
use crate::seats::UsbId;
use crate::seats::sound_cards::{SoundServer, Wishes};
use crate::words::{Country, Entropy, Moment};

/// Orders waiting for the thread; the desk gives a few a call.
const ORDERS_MAX: usize = 64;
/// News waiting for the desk.
const NEWS_MAX: usize = 64;

/// What a headset is to be like.
#[derive(Clone, Debug)]
pub struct HeadsetSettings {
    pub server: SoundServer,
    pub wishes: Wishes,
    pub ring: RingSettings,
    pub voice: VoiceSpec,
    pub country: Country,
}

/// Where and how loud it rings.
#[derive(Clone, Debug)]
pub struct RingSettings {
    pub on: RingOn,
    /// Of full volume, 0 to 100.
    pub percent: u8,
    /// Which loudspeaker, best first.
    pub loudspeakers: Wishes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingOn {
    Headset,
    Loudspeaker,
    Both,
}

/// What the thread takes from whoever starts it.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The boot clock.
    pub clock: fn() -> Moment,
    /// Lets a thread run before others, where the system allows it.
    pub hurry: fn(),
}

/// What the desk should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Another device is worn from now on, or none; its USB id, where the system knows it.
    Worn(Option<UsbId>),
    /// There is a headset that plays and hears.
    Able,
    /// There is none, or it does not work.
    Unable(Fault),
    /// The rep speaks, and is muted.
    TalkingWhileMuted,
    /// What the ear plays comes back by the microphone: it is taken out from now on.
    EchoHeard,
    /// The microphone has given digital zero for two seconds of a call: some switch on it is off.
    MicrophoneSilent,
}

/// What the desk asks of the thread.
#[derive(Debug)]
enum Order {
    Begin(rtp::Line),
    /// The rep is with the caller: no more ringing.
    Joined,
    Mute(bool),
    /// Another caller waits.
    CallWaiting(bool),
    /// The leg of this number is over.
    End(u32),
}

/// How a leg begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It rings until [`Headset::joined`].
    Ringing,
    /// The rep is with the caller at once, after a beep.
    Joined,
}

/// The headset's thread.
///
/// Dropping it closes the devices and joins the thread.
#[derive(Debug)]
pub struct Headset {
    orders: Option<Sender<Order>>,
    begun: AtomicU32,
    thread: Option<JoinHandle<()>>,
}

/// The rep's end of a leg; over when it is dropped.
#[derive(Debug)]
pub struct HeadsetLeg {
    number: u32,
    address: SocketAddr,
    orders: Sender<Order>,
}

impl Headset {
    /// Starts the thread, which looks for a headset and tells what it finds.
    pub fn start(
        settings: HeadsetSettings,
        pace: Pace,
        entropy: Entropy,
    ) -> io::Result<(Self, Receiver<News>)> {
        let (orders, inbox) = channel(ORDERS_MAX);
        let (outbox, news) = channel(NEWS_MAX);
        let thread = thread::spawn(settings, pace, entropy, (inbox, outbox))?;
        let headset = Self {
            orders: Some(orders),
            begun: AtomicU32::new(0),
            thread: Some(thread),
        };
        Ok((headset, news))
    }

    /// Opens the rep's end of a leg whose other end the desk has at `desk`, on loopback.
    pub fn begin(&self, desk: SocketAddr, leg: Leg, start: Start) -> io::Result<HeadsetLeg> {
        let orders = self.orders.clone().ok_or(io::ErrorKind::NotConnected)?;
        let socket = UdpSocket::bind((IpAddr::V4(Ipv4Addr::LOCALHOST), 0))?;
        // Only the desk is heard: others on this PC cannot send to a socket that is connected.
        socket.connect(desk)?;
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let address = socket.local_addr()?;
        let line = rtp::Line::new(number, socket, leg, start)?;
        let full = |_| io::Error::from(io::ErrorKind::WouldBlock);
        orders.try_send(Order::Begin(line)).map_err(full)?;
        Ok(HeadsetLeg {
            number,
            address,
            orders,
        })
    }

    /// The rep is with the caller: it rings no more, he hears a beep.
    pub fn joined(&self) {
        self.order(Order::Joined);
    }

    /// Closes or opens the microphone; opened, it is so at the sound server, too.
    pub fn mute(&self, on: bool) {
        self.order(Order::Mute(on));
    }

    /// The rep hears softly that another caller waits, until he does not.
    pub fn call_waiting(&self, waits: bool) {
        self.order(Order::CallWaiting(waits));
    }

    fn order(&self, order: Order) {
        let sent = self.orders.as_ref().map(|orders| orders.try_send(order));
        if let Some(Err(error)) = sent {
            tracing::error!(%error, "order the headset");
        }
    }
}

impl Drop for Headset {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was told by the panic hook.
            let _ = thread.join();
        }
    }
}

impl HeadsetLeg {
    /// Where the desk sends what the rep should hear.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for HeadsetLeg {
    fn drop(&mut self) {
        if let Err(error) = self.orders.try_send(Order::End(self.number)) {
            tracing::error!(%error, "end the headset's leg");
        }
    }
}
