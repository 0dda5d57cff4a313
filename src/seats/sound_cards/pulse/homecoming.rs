//! The wait for a server that is not there.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use super::super::bell::Bell;
use super::patience;

/// The rest before the server is looked for again, doubled each time.
const REST: Duration = Duration::from_secs(1);
const REST_MAX: Duration = Duration::from_secs(5);

/// A socket is there a moment before somebody listens at it.
const REST_AT_DOOR: Duration = Duration::from_millis(20);

/// How often it is tried so soon.
const TRIES_AT_DOOR: u32 = 10;

/// When the server is looked for next: in growing steps, and as soon as its socket appears.
pub(super) struct Homecoming {
    rest: Duration,
    tries_at_door: u32,
    /// Folders and the sockets' names in them; none where the system does not tell.
    watch: Option<Inotify>,
    names: BTreeSet<OsString>,
}

impl Homecoming {
    pub(super) fn new(sockets: &[PathBuf]) -> Self {
        let names = sockets.iter().filter_map(|socket| socket.file_name());
        Self {
            rest: REST,
            tries_at_door: 0,
            watch: watch(sockets),
            names: names.map(Into::into).collect(),
        }
    }

    /// Returns when the server is to be looked for, or somebody rings.
    pub(super) fn wait(&mut self, bell: &Bell) {
        let mut watched = vec![PollFd::new(bell.as_fd(), PollFlags::POLLIN)];
        if let Some(watch) = &self.watch {
            watched.push(PollFd::new(watch.as_fd(), PollFlags::POLLIN));
        }
        let rest = if self.tries_at_door > 0 {
            REST_AT_DOOR
        } else {
            self.rest
        };
        // An interrupted rest is a short one.
        let ready = poll(&mut watched, patience(Some(rest)));
        self.tries_at_door = self.tries_at_door.saturating_sub(1);
        if self.has_appeared() {
            self.tries_at_door = TRIES_AT_DOOR;
        } else if ready == Ok(0) && self.tries_at_door == 0 {
            self.rest = (self.rest * 2).min(REST_MAX);
        }
    }

    fn has_appeared(&self) -> bool {
        let events = self
            .watch
            .as_ref()
            .and_then(|watch| watch.read_events().ok());
        let mut names = events.into_iter().flatten().filter_map(|event| event.name);
        names.any(|name| self.names.contains(&name))
    }
}

/// Folders that are not there yet cannot be watched; the growing steps find what appears in them.
fn watch(sockets: &[PathBuf]) -> Option<Inotify> {
    let watch = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC).ok()?;
    let flags = AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO;
    for folder in sockets.iter().filter_map(|socket| socket.parent()) {
        let _ = watch.add_watch(folder, flags);
    }
    Some(watch)
}
