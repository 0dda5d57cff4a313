//! Waiting on Linux: epoll, an eventfd, and a timer of the boot clock.

mod ports;
mod wake;

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::timerfd::{ClockId, TimerFd, TimerFlags};
use nix::sys::timerfd::{Expiration, TimerSetTimeFlags};

use super::EVENTS_MAX;
use super::ready::Ready;
use crate::media::{Channel, LegKey};
use crate::words::Moment;

pub(super) use self::ports::Ports;
pub(super) use self::wake::Wake;

const WAKE: u64 = u64::MAX;
const TIMER: u64 = u64::MAX - 1;

/// The epoll instance with its wake-up and its timer.
pub(super) struct Poll {
    epoll: Epoll,
    timer: TimerFd,
    armed: Option<Moment>,
}

/// Room for what one wait tells.
pub(super) struct Events {
    events: [EpollEvent; EVENTS_MAX],
    ready: usize,
}

impl Poll {
    /// And what wakes it.
    pub(super) fn open() -> io::Result<(Self, Wake)> {
        let wake = Wake::new()?;
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_BOOTTIME, flags)?;
        epoll.add(wake.bell(), EpollEvent::new(EpollFlags::EPOLLIN, WAKE))?;
        epoll.add(timer.as_fd(), EpollEvent::new(EpollFlags::EPOLLIN, TIMER))?;
        let poll = Self {
            epoll,
            timer,
            armed: None,
        };
        Ok((poll, wake))
    }

    pub(super) fn watch(&self, leg: LegKey, ports: &mut Ports) -> io::Result<()> {
        for (socket, channel) in [(ports.rtp(), Channel::Rtp), (ports.rtcp(), Channel::Rtcp)] {
            self.epoll.add(
                socket,
                EpollEvent::new(EpollFlags::EPOLLIN, token(leg, channel)),
            )?;
        }
        Ok(())
    }

    /// Waits for a datagram, an order, or the absolute moment `due`.
    pub(super) fn wait(&mut self, due: Option<Moment>, events: &mut Events) -> io::Result<()> {
        self.arm(due)?;
        events.ready = match self.epoll.wait(&mut events.events, EpollTimeout::NONE) {
            Ok(ready) => ready,
            Err(nix::errno::Errno::EINTR) => 0,
            Err(error) => return Err(error.into()),
        };
        Ok(())
    }

    fn arm(&mut self, due: Option<Moment>) -> io::Result<()> {
        if self.armed == due {
            return Ok(());
        }
        self.armed = due;
        let Some(due) = due else {
            return Ok(self.timer.unset()?);
        };
        // Zero would disarm the timer.
        let since_boot = due.since(Moment::ZERO).max(Duration::from_nanos(1));
        let at = Expiration::OneShot(since_boot.into());
        Ok(self.timer.set(at, TimerSetTimeFlags::TFD_TIMER_ABSTIME)?)
    }

    pub(super) fn clear_timer(&mut self) {
        self.armed = None;
        // A timer that was set again meanwhile has nothing to read.
        let _ = self.timer.wait();
    }

    /// All was heard of a leg. The system tells by itself what is left.
    pub(super) fn heard_all(&self, _: LegKey, _: Channel) {}
}

impl Events {
    pub(super) fn new() -> Self {
        Self {
            events: [EpollEvent::empty(); EVENTS_MAX],
            ready: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ready == 0
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Ready> {
        self.events.iter().take(self.ready).map(ready)
    }
}

fn ready(event: &EpollEvent) -> Ready {
    match event.data() {
        WAKE => Ready::Requests,
        TIMER => Ready::Due,
        token => {
            let (leg, channel) = from_token(token);
            Ready::Ports {
                leg,
                channel,
                with_errors: event.events().contains(EpollFlags::EPOLLERR),
            }
        }
    }
}

fn token(leg: LegKey, channel: Channel) -> u64 {
    u64::from(leg.number()) << 1 | u64::from(channel == Channel::Rtcp)
}

fn from_token(token: u64) -> (LegKey, Channel) {
    let channel = if token & 1 == 1 {
        Channel::Rtcp
    } else {
        Channel::Rtp
    };
    (LegKey::new((token >> 1) as u32), channel)
}
