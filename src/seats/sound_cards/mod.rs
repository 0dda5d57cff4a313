//! The PC's sound devices: which are there, which of them a rep wishes for, and streams of 48 kHz mono to and from them.
//!
//! [`SoundCards`] owns one thread that speaks with the sound server and sleeps while nothing happens. Streams cross to
//! their owner in rings; a closure wakes him. A device that is gone, asleep, stalled or running away is told as
//! [`CardNews`] within milliseconds, for most of these raise no error.
//!
//! Invariant: nobody who holds a stream waits for a device, and no device waits for him.

mod age;
#[cfg(target_os = "linux")]
mod bell;
#[cfg(not(target_os = "linux"))]
#[path = "bell_elsewhere.rs"]
mod bell;
mod card;
mod news;
#[cfg(all(target_os = "linux", not(feature = "alsa")))]
mod pulse;
mod stream;
#[cfg(any(not(target_os = "linux"), feature = "alsa"))]
mod system;
mod thread;
mod wishes;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;

use self::bell::Bell;
use self::thread::{Board, Outlet, Request, Requests, requests};
use crate::words::Moment;

#[cfg(all(target_os = "linux", not(feature = "alsa")))]
use self::pulse::run;
#[cfg(any(not(target_os = "linux"), feature = "alsa"))]
use self::system::run;

pub use age::{Age, Flow, SAMPLE_RATE};
pub use card::{Card, CardName, CardState, Device, Half};
pub use news::{CardNews, StreamEnd, StreamId, StreamNews};
pub use stream::{Capture, Playback};
pub use wishes::{Pair, Wishes};

/// Where the sound server is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SoundServer {
    /// Where the environment says (`PULSE_SERVER`, `PULSE_RUNTIME_PATH`, `XDG_RUNTIME_DIR`), or where it usually is.
    #[default]
    Usual,
    /// At this socket.
    At(PathBuf),
}

/// The sound devices of this PC.
///
/// Dropping it closes all streams and joins the thread.
pub struct SoundCards {
    requests: Requests,
    board: Arc<Board>,
    opened: AtomicU32,
    thread: Option<JoinHandle<()>>,
}

/// Why a stream cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardError {
    /// There is no sound server.
    NoServer,
    /// No such device is there, or it is the other half.
    NoCard,
    /// The thread has no room for another request.
    Busy,
}

impl SoundCards {
    /// Starts the thread. Without a sound server it says so ([`CardNews::ServerGone`]) and looks for it until it is there.
    ///
    /// `news` is called on that thread and must not wait; `clock` is read by it.
    pub fn open(
        server: SoundServer,
        clock: fn() -> Moment,
        news: impl Fn(CardNews) + Send + 'static,
    ) -> io::Result<Self> {
        let (requests, inbox) = requests(Bell::new()?);
        let board = Arc::new(Board::default());
        let outlet = Outlet {
            board: Arc::clone(&board),
            news: Box::new(news),
        };
        let thread = std::thread::Builder::new()
            .name("sound cards".to_owned())
            .spawn(move || run(&server, &inbox, &outlet, clock))?;
        Ok(Self {
            requests,
            board,
            opened: AtomicU32::new(0),
            thread: Some(thread),
        })
    }

    /// The devices there are now, ears first, each half by name.
    pub fn cards(&self) -> Vec<Card> {
        self.board.read().cards
    }

    /// Opens a microphone. `wake` is called on the devices' thread for each 5 ms of sound; it must not wait.
    ///
    /// What comes of it is told as [`StreamNews`].
    pub fn capture(
        &self,
        card: &CardName,
        wake: impl Fn() + Send + 'static,
    ) -> Result<Capture, CardError> {
        self.find(card, Half::Microphone)?;
        let (stream, bell) = (self.next_stream(), self.requests.bell.clone());
        let (capture, end) = Capture::new(stream, card.clone(), Box::new(wake), bell);
        self.send(Request::Capture {
            stream,
            card: card.clone(),
            end,
        })?;
        Ok(capture)
    }

    /// Opens an ear. `wake` is called on the devices' thread when samples are wanted; it must not wait.
    pub fn playback(
        &self,
        card: &CardName,
        wake: impl Fn() + Send + 'static,
    ) -> Result<Playback, CardError> {
        self.find(card, Half::Ear)?;
        let (stream, bell) = (self.next_stream(), self.requests.bell.clone());
        let (playback, end) = Playback::new(stream, card.clone(), Box::new(wake), bell);
        self.send(Request::Playback {
            stream,
            card: card.clone(),
            end,
        })?;
        Ok(playback)
    }

    /// Mutes the device for everybody who uses it; [`CardNews::Muted`] tells when it is done.
    pub fn set_mute(&self, card: &CardName, on: bool) -> Result<(), CardError> {
        self.send(Request::Mute {
            card: card.clone(),
            on,
        })
    }

    fn find(&self, card: &CardName, half: Half) -> Result<(), CardError> {
        let posted = self.board.read();
        if !posted.server_is_there {
            return Err(CardError::NoServer);
        }
        let mut cards = posted.cards.iter();
        match cards.any(|there| there.name == *card && there.half == half) {
            true => Ok(()),
            false => Err(CardError::NoCard),
        }
    }

    fn send(&self, request: Request) -> Result<(), CardError> {
        match self.requests.send(request) {
            true => Ok(()),
            false => Err(CardError::Busy),
        }
    }

    fn next_stream(&self) -> StreamId {
        StreamId(self.opened.fetch_add(1, Ordering::Relaxed))
    }
}

impl Drop for SoundCards {
    fn drop(&mut self) {
        self.requests.stop();
        if let Some(thread) = self.thread.take() {
            // A panic there was told by the panic hook.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for SoundCards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoundCards")
            .field("board", &self.board)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for CardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoServer => "open a sound device without a sound server",
            Self::NoCard => "open a sound device that is not there",
            Self::Busy => "ask more of the sound devices than they take",
        })
    }
}

impl std::error::Error for CardError {}
