use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::EventFd;
use nix::sys::timerfd::{ClockId, TimerFd, TimerFlags};
use nix::sys::timerfd::{Expiration, TimerSetTimeFlags};

use crate::media::{Channel, LegKey};
use crate::net::PortPair;
use crate::words::Moment;

pub(super) const WAKE: u64 = u64::MAX;
pub(super) const TIMER: u64 = u64::MAX - 1;

/// The epoll instance with its wake-up and its timer.
pub(super) struct Poll {
    epoll: Epoll,
    timer: TimerFd,
    armed: Option<Moment>,
}

impl Poll {
    pub(super) fn new(wake: &EventFd) -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_BOOTTIME, flags)?;
        epoll.add(wake, EpollEvent::new(EpollFlags::EPOLLIN, WAKE))?;
        epoll.add(timer.as_fd(), EpollEvent::new(EpollFlags::EPOLLIN, TIMER))?;
        Ok(Self {
            epoll,
            timer,
            armed: None,
        })
    }

    pub(super) fn watch(&self, leg: LegKey, pair: &PortPair) -> io::Result<()> {
        for (socket, channel) in [(&pair.rtp, Channel::Rtp), (&pair.rtcp, Channel::Rtcp)] {
            self.epoll.add(
                socket,
                EpollEvent::new(EpollFlags::EPOLLIN, token(leg, channel)),
            )?;
        }
        Ok(())
    }

    /// Waits for a datagram, an order, or the absolute moment `due`.
    pub(super) fn wait(
        &mut self,
        due: Option<Moment>,
        events: &mut [EpollEvent],
    ) -> io::Result<usize> {
        self.arm(due)?;
        match self.epoll.wait(events, EpollTimeout::NONE) {
            Ok(ready) => Ok(ready),
            Err(nix::errno::Errno::EINTR) => Ok(0),
            Err(error) => Err(error.into()),
        }
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
}

fn token(leg: LegKey, channel: Channel) -> u64 {
    u64::from(leg.number()) << 1 | u64::from(channel == Channel::Rtcp)
}

pub(super) fn from_token(token: u64) -> (LegKey, Channel) {
    let channel = if token & 1 == 1 {
        Channel::Rtcp
    } else {
        Channel::Rtp
    };
    (LegKey::new((token >> 1) as u32), channel)
}
