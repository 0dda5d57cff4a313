//! The sound server of Linux: PulseAudio, or PipeWire, which speaks its protocol.
//!
//! `frames` cuts bytes, `tags` says which are harmless, `messages` reads and writes them, `session` knows what is said,
//! `streams` moves samples; only the loop here touches the socket and asks for the time.
//!
//! Invariant: nothing the server sends panics or grows without bound, and while nothing happens the thread sleeps.

mod frames;
mod homecoming;
mod listing;
mod messages;
mod place;
mod session;
mod streams;
mod tags;

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, UnixAddr, socket};
use pulseaudio::protocol::PulseError;

use self::frames::Inlet;
use self::homecoming::Homecoming;
use self::session::Session;
use super::SoundServer;
use super::bell::Bell;
use super::news::{CardNews, StreamEnd};
use super::thread::{Inbox, Outlet, Request};
use crate::words::Moment;

/// Why there is no server, or no more.
#[derive(Debug)]
enum Fault {
    /// No socket where one may be.
    NoSocket,
    Connect(io::Error),
    Io(io::Error),
    Closed,
    /// It asks for a cookie that is not ours, or refuses what every server does.
    Refused(PulseError),
    /// Its protocol's version.
    TooOld(u16),
    /// It has not answered in time.
    Silent,
    /// It does not read what it is sent.
    Deaf,
    /// What it says is not the protocol.
    Garbage,
}

#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    Stop,
}

/// Runs until it is told to stop: finds the server, serves it, and finds it again.
pub(super) fn run(server: &SoundServer, inbox: &Inbox, outlet: &Outlet, clock: fn() -> Moment) {
    let mut homecoming = None;
    loop {
        let sockets = place::sockets(server);
        let visit = connect(&sockets).and_then(|socket| visit(&socket, inbox, outlet, clock));
        let Err(fault) = visit else {
            return;
        };
        let was_there = outlet.board.read().server_is_there;
        if was_there || homecoming.is_none() {
            tracing::warn!(%fault, "no sound server");
            outlet.board.clear();
            outlet.tell(CardNews::ServerGone);
            homecoming = None;
        }
        homecoming
            .get_or_insert_with(|| Homecoming::new(&sockets))
            .wait(&inbox.bell);
        if refuse(inbox, outlet) == Next::Stop {
            return;
        }
    }
}

fn connect(sockets: &[PathBuf]) -> Result<UnixStream, Fault> {
    let mut fault = Fault::NoSocket;
    for socket in sockets {
        match reach(socket) {
            Ok(stream) => return Ok(stream),
            Err(error) => fault = Fault::Connect(error.into()),
        }
    }
    Err(fault)
}

/// A server that hangs accepts nobody: where its queue is full we are refused, and do not wait.
fn reach(path: &Path) -> nix::Result<UnixStream> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let stream = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    socket::connect(stream.as_raw_fd(), &UnixAddr::new(path)?)?;
    Ok(stream.into())
}

/// Until the server is gone, or the thread is to stop; the streams end with their server.
fn visit(
    socket: &UnixStream,
    inbox: &Inbox,
    outlet: &Outlet,
    clock: fn() -> Moment,
) -> Result<(), Fault> {
    let mut session = Session::begin(place::cookie(), clock());
    let fault = serve(socket, &mut session, inbox, outlet, clock);
    if fault.is_err() {
        for stream in session.streams() {
            outlet.ended(stream, StreamEnd::ServerGone);
        }
    }
    fault
}

fn serve(
    socket: &UnixStream,
    session: &mut Session,
    inbox: &Inbox,
    outlet: &Outlet,
    clock: fn() -> Moment,
) -> Result<(), Fault> {
    let mut inlet = Inlet::new();
    loop {
        session.outbox.write_to(socket)?;
        let ready = wait(socket, &inbox.bell, session, clock())?;
        let now = clock();
        if ready.bell {
            inbox.bell.heard();
            while let Some(request) = inbox.next() {
                if matches!(request, Request::Stop) {
                    return Ok(());
                }
                session.request(request, now);
            }
            session.attend(now);
        }
        if ready.server {
            inlet.read_from(socket)?;
            while let Some(frame) = inlet.next()? {
                session.handle(frame, now)?;
            }
        }
        session.tick(now)?;
        deliver(session, outlet);
    }
}

/// The list is right before anybody is told that it is another.
fn deliver(session: &mut Session, outlet: &Outlet) {
    let (news, cards) = session.take_news();
    if news
        .iter()
        .any(|news| matches!(news, CardNews::Changed | CardNews::ServerBack))
    {
        outlet.board.post(cards);
    }
    news.into_iter().for_each(|news| outlet.tell(news));
}

struct Ready {
    bell: bool,
    server: bool,
}

/// Sleeps until the server says something or takes something, somebody rings, or the session is due.
fn wait(socket: &UnixStream, bell: &Bell, session: &Session, now: Moment) -> Result<Ready, Fault> {
    let mut interest = PollFlags::POLLIN;
    interest.set(PollFlags::POLLOUT, !session.outbox.is_empty());
    let mut watched = [
        PollFd::new(socket.as_fd(), interest),
        PollFd::new(bell.as_fd(), PollFlags::POLLIN),
    ];
    match poll(
        &mut watched,
        patience(session.due().map(|due| now.until(due))),
    ) {
        Ok(_) | Err(nix::errno::Errno::EINTR) => {}
        Err(error) => return Err(Fault::Io(error.into())),
    }
    let is_ready = |watched: &PollFd<'_>| {
        let events = watched.revents().unwrap_or(PollFlags::empty());
        events.intersects(PollFlags::POLLIN | PollFlags::POLLHUP | PollFlags::POLLERR)
    };
    let [server, bell] = watched.each_ref().map(is_ready);
    Ok(Ready { bell, server })
}

/// In whole milliseconds, never early.
fn patience(wait: Option<Duration>) -> PollTimeout {
    let Some(wait) = wait else {
        return PollTimeout::NONE;
    };
    let ms = wait.as_micros().div_ceil(1_000);
    PollTimeout::try_from(ms).unwrap_or(PollTimeout::MAX)
}

/// What is asked while there is no server.
fn refuse(inbox: &Inbox, outlet: &Outlet) -> Next {
    inbox.bell.heard();
    while let Some(request) = inbox.next() {
        match request {
            Request::Stop => return Next::Stop,
            Request::Capture { stream, .. } | Request::Playback { stream, .. } => {
                outlet.ended(stream, StreamEnd::ServerGone);
            }
            Request::Mute { .. } => {}
        }
    }
    Next::GoOn
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSocket => f.write_str("no socket of a sound server"),
            Self::Connect(error) => write!(f, "connect to the sound server: {error}"),
            Self::Io(error) => write!(f, "speak with the sound server: {error}"),
            Self::Closed => f.write_str("the sound server closed the connection"),
            Self::Refused(error) => write!(f, "the sound server refuses us: {error}"),
            Self::TooOld(version) => write!(f, "the sound server speaks version {version} only"),
            Self::Silent => f.write_str("the sound server does not answer"),
            Self::Deaf => f.write_str("the sound server does not read"),
            Self::Garbage => f.write_str("the sound server says what is not its protocol"),
        }
    }
}
