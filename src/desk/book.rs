//! The book of promises: a file of this machine's own, or a server that many desks share.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::callbacks::Queue;
use crate::callbacks::store::{Found, Opened, Sqlite, Store};
#[cfg(feature = "postgres")]
use crate::callbacks::store::{Outbox, Postgres};
use crate::settings::{Settings, StoreKind};
use crate::words::DeskId;

use super::keeper::Kept;
use super::run_error::RunError;

/// How often a book that others write into is looked at, whether we heard of it or not.
const POLL: Duration = Duration::from_secs(1);

/// What the promises are kept by, and what the last run left.
pub(super) struct Book {
    pub(super) store: Box<dyn Store>,
    pub(super) opened: Opened,
    pub(super) found: Found,
}

/// This desk's part in it.
pub(super) fn queue(settings: &Settings) -> Queue {
    let (desk, poll) = match settings.store.kind {
        StoreKind::Sqlite => (DeskId::alone(), None),
        StoreKind::Postgres => (settings.store.desk.clone(), Some(POLL)),
    };
    Queue::new(desk, settings.callback_rules(), poll)
}

impl Book {
    /// Opens it; of what other desks write, `kept` is told.
    pub(super) fn open(
        settings: &Settings,
        state: &Path,
        kept: &mpsc::Sender<Kept>,
        utc: Timestamp,
    ) -> Result<Self, RunError> {
        crate::files::make_folder(state).map_err(|why| RunError::State {
            folder: state.to_owned(),
            why,
        })?;
        match settings.store.kind {
            StoreKind::Sqlite => Self::on_disk(settings, state, utc),
            StoreKind::Postgres => Self::on_server(settings, state, kept, utc),
        }
    }

    fn on_disk(settings: &Settings, state: &Path, utc: Timestamp) -> Result<Self, RunError> {
        let path = settings.store.path.clone();
        let path = path.unwrap_or_else(|| state.join("promises.sqlite"));
        let (mut store, opened) =
            Sqlite::open(&path, &settings.callback_rules(), utc).map_err(RunError::Database)?;
        let found = store.found(utc).map_err(RunError::Rows)?;
        Ok(Self {
            store: Box::new(store),
            opened,
            found,
        })
    }

    /// On a thread of its own: the store waits for its server, which the desk's thread must not.
    #[cfg(feature = "postgres")]
    fn on_server(
        settings: &Settings,
        state: &Path,
        kept: &mpsc::Sender<Kept>,
        utc: Timestamp,
    ) -> Result<Self, RunError> {
        std::thread::scope(|scope| {
            let opened = scope.spawn(|| reach(settings, state, kept.clone(), utc));
            opened.join().expect("what opens the store does not panic")
        })
    }

    #[cfg(not(feature = "postgres"))]
    fn on_server(
        _: &Settings,
        _: &Path,
        _: &mpsc::Sender<Kept>,
        _: Timestamp,
    ) -> Result<Self, RunError> {
        Err(RunError::Database(
            crate::callbacks::store::OpenError::NoServers,
        ))
    }
}

#[cfg(feature = "postgres")]
fn reach(
    settings: &Settings,
    state: &Path,
    kept: mpsc::Sender<Kept>,
    utc: Timestamp,
) -> Result<Book, RunError> {
    let store = &settings.store;
    let missing = || RunError::StoreUrl(crate::words::Sentence::of("settings.no-store-url"));
    let url = store.url.as_ref().ok_or_else(missing)?;
    let url = url
        .read(|name| std::env::var(name).ok())
        .map_err(RunError::StoreUrl)?;
    // Only who has this file may end the last connection from this folder.
    let path = state.join("outbox.sqlite");
    let (file, file_opened) =
        Sqlite::open(&path, &settings.callback_rules(), utc).map_err(RunError::Database)?;
    let opened = Postgres::open_in(state, &url, store.desk.clone(), super::clock::now);
    let (mut server, opened) = opened.map_err(RunError::Database)?;
    // A desk that is behind with its news looks by itself a second later.
    let stirred = move || drop(kept.try_send(Kept::Stirred));
    server.listen(stirred).map_err(RunError::System)?;
    let mut store = Outbox::new(server, file).map_err(RunError::Rows)?;
    let found = store.found(utc).map_err(RunError::Rows)?;
    let opened = match file_opened {
        Opened::MovedAside(_) => file_opened,
        Opened::Fresh | Opened::Existing => opened,
    };
    Ok(Book {
        store: Box::new(store),
        opened,
        found,
    })
}
