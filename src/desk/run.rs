//! Start, loop, shutdown.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use crate::call::Input;
use crate::callbacks::store::{Found, OpenError, Opened, Store, StoreError};
use crate::callbacks::{self, LiveCall, Queue, Rules};
use crate::console::{Console, ConsoleSettings, EventLog, Limits, Metrics, Request, Token};
use crate::media::{Limits as LineLimits, Phrasebook, Report, Watch};
use crate::net::{Families, PortPool, Resolver, TlsFault};
use crate::records::store::{Records, Timelines, TimelinesError};
use crate::settings::{self, Ports, Settings};
use crate::sip::{self, Dialogs, Endpoint, Listening, ReliableProgress};
use crate::words::{Catalogue, Entropy, Language, Moment, Party, Sentence};

use super::accounts::Accounts;
use super::calls::Calls;
use super::chronicle::Chronicle;
use super::ended::Ended;
use super::guide::Guide;
use super::house::{House, Unfit};
use super::keeper::{Job, Keeper, Kept};
use super::media_thread::MediaThread;
use super::promises::Promises;
use super::prompts;
use super::seating::Seating;
use super::signalling::Signalling;
use super::sockets::Sockets;
use super::sound::{self, Sound};
use super::vows::Vows;
use super::{Desk, Duty, clock};

/// What the command line says beside the settings.
#[derive(Debug)]
pub struct RunOptions {
    /// Where promises and timelines are kept.
    pub state: PathBuf,
    /// Stop after this many calls.
    pub exit_after: Option<u64>,
    pub token: Token,
}

/// What came of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    pub calls: u64,
    /// How often what a caller is owed was not kept; each is an ERROR in the log.
    pub broken: u64,
}

/// Why the agent does not start. Each sentence says what to do next.
#[derive(Debug)]
pub enum RunError {
    Unfit(Unfit),
    Bind {
        /// The start of a key of the catalogue: `start.sip`, `start.api`.
        what: &'static str,
        address: SocketAddr,
        why: io::Error,
    },
    State {
        folder: PathBuf,
        why: io::Error,
    },
    /// An account's password is not where the settings say.
    Password {
        account: String,
        why: Sentence,
    },
    /// The files of `[sip.tls]`.
    Tls(TlsFault),
    Database(OpenError),
    Rows(StoreError),
    Timelines(TimelinesError),
    /// The system refused a thread, a clock or random numbers.
    System(io::Error),
}

impl RunError {
    /// What is wrong and what to do, for the person who starts the agent.
    pub fn sentence(&self) -> Sentence {
        match self {
            Self::Unfit(why) => why.sentence(),
            Self::Bind { what, address, why } => Sentence::of(what)
                .with("address", address)
                .with("why", Sentence::of_io(why)),
            Self::State { folder, why } => Sentence::of("start.state-folder")
                .with("folder", folder.display())
                .with("why", Sentence::of_io(why)),
            Self::Password { account, why } => Sentence::of("start.password")
                .with("account", account)
                .with("why", why),
            Self::Tls(why) => why.sentence(),
            Self::Database(why) => why.sentence(),
            Self::Rows(why) => Sentence::of("start.promises").with("why", why),
            Self::Timelines(why) => why.sentence(),
            Self::System(why) => Sentence::of("start.system").with("why", Sentence::of_io(why)),
        }
    }
}

/// In English, for logs.
impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Catalogue::shipped().say(&self.sentence(), Language::En))
    }
}

impl std::error::Error for RunError {}

impl From<Unfit> for RunError {
    fn from(why: Unfit) -> Self {
        Self::Unfit(why)
    }
}

/// Reports and answers waiting for the desk; past it the media thread counts what it could not tell.
const NEWS_MAX: usize = 16_384;
const REQUESTS_MAX: usize = 256;
/// News taken in one go before the network has its turn again.
const BATCH: usize = 512;
/// Farewells of a stopping desk, at most (D29).
const SHUT_DOWN_WITHIN: Duration = Duration::from_secs(30);

/// The runtime's clock stands still while the PC sleeps, ours goes on (D1): whatever falls due
/// meanwhile is this late at most.
const GLANCE_EVERY: Duration = Duration::from_secs(1);

/// How long a stopping desk waits for peers who have not answered at all: four INVITEs.
const LAST_WORDS: Duration = Duration::from_secs(4);

/// What reaches the desk besides datagrams.
struct Inbox {
    reports: mpsc::Receiver<Report>,
    requests: mpsc::Receiver<Request>,
    kept: mpsc::Receiver<Kept>,
    stop: Signal,
    interrupt: Signal,
}

/// An agent whose sockets are open and who has not begun to work.
pub struct Agent {
    desk: Desk,
    inbox: Inbox,
    console: Console,
    keeper: JoinHandle<()>,
    exit_after: Option<u64>,
    addresses: Addresses,
}

/// Where an agent can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Addresses {
    pub sip: SocketAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sip_tcp: Option<SocketAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sip_tls: Option<SocketAddr>,
    pub api: SocketAddr,
}

impl Agent {
    /// Opens everything: what cannot be opened is the error, and nothing has been answered yet.
    pub async fn open(settings: &Settings, options: RunOptions) -> Result<Self, RunError> {
        let utc = clock::utc();
        let mut entropy =
            Entropy::from_seed(clock::seed().map_err(|why| RunError::System(why.into()))?);
        let (store, opened, found) = open_store(settings, &options.state, utc)?;
        let (told, kept) = mpsc::channel(NEWS_MAX);
        let timelines = Timelines::open(&options.state).map_err(RunError::Timelines)?;
        let (keeper, keeper_thread) =
            Keeper::start(store, (timelines, Records::new(&options.state)), told)
                .map_err(RunError::System)?;

        let mut sockets = Sockets::open(settings, fork(&mut entropy))?;
        let listening = sockets.listening(settings.sip.public_address);
        let book = Arc::new(prompts::open(settings)?);
        let families = Families::of(settings.sip.listen.ip());
        let guide = Guide::new(Resolver::of_system(families, fork(&mut entropy)));
        let house = House::open(settings, &book, listening.udp, &options.state, guide).await?;

        for (peer, name) in &house.tls_names {
            sockets.streams.learn_name(*peer, name);
        }

        let (asked, requests) = mpsc::channel(REQUESTS_MAX);
        let (events, metrics) = (Arc::new(EventLog::default()), Arc::new(Metrics::default()));
        let console = open_console(settings, &options, asked, &events, &metrics).await?;
        let (reported, reports) = mpsc::channel(NEWS_MAX);
        let sound = open_sound(settings, &house, book, &mut entropy, reported)?;
        let mut endpoint =
            Endpoint::new(endpoint_settings(settings, listening), fork(&mut entropy));
        let accounts = Accounts::open(settings, &house, &mut endpoint, &mut entropy)?;
        let (sip_tcp, sip_tls) = sockets.streams.addresses();
        let addresses = Addresses {
            sip: sockets.port.address(),
            sip_tcp,
            sip_tls,
            api: console.local_addr(),
        };
        let vows = Vows::new(house.terms.policy.hold.every.get());
        let fast = house.terms.policy.fast;
        let mut rules = Rules::standard(settings.country, settings.timezone.time_zone());
        rules.numbering = settings.numbering();
        let mut desk = Desk {
            signalling: Signalling::new(endpoint, sockets, fork(&mut entropy)),
            sound,
            promises: Promises::new(Queue::new(rules)),
            chronicle: Chronicle::new(events, metrics, keeper.clone(), vows, fast),
            accounts,
            seating: seating(settings),
            calls: Calls::default(),
            ended: Ended::default(),
            duty: Duty::default(),
            todo: VecDeque::new(),
            house,
            keeper,
            entropy,
        };
        desk.remember(opened, found, clock::now(), utc);
        desk.begin_registrations(clock::now());
        desk.signalling.flush();
        let inbox = Inbox {
            reports,
            requests,
            kept,
            stop: signal(SignalKind::terminate()).map_err(RunError::System)?,
            interrupt: signal(SignalKind::interrupt()).map_err(RunError::System)?,
        };
        let exit_after = options.exit_after;
        Ok(Self {
            desk,
            inbox,
            console,
            keeper: keeper_thread,
            exit_after,
            addresses,
        })
    }

    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// What happens, as it happens: for those who live in the same process.
    pub fn events(&self) -> Arc<EventLog> {
        Arc::clone(&self.desk.chronicle.events)
    }

    /// Works until it is stopped.
    pub async fn work(self) -> Summary {
        let Self {
            mut desk,
            mut inbox,
            console,
            keeper,
            exit_after,
            ..
        } = self;
        desk.work(&mut inbox, exit_after).await;
        desk.signalling.stop().await;
        let summary = Summary {
            calls: desk.duty.ended,
            broken: desk.chronicle.vows.broken(),
        };
        console.stop().await;
        // The keeper ends once the last sender is gone, with every job done.
        drop(desk);
        drop(inbox);
        if tokio::task::spawn_blocking(move || keeper.join())
            .await
            .is_err()
        {
            tracing::error!("the keeper thread panicked");
        }
        summary
    }
}

fn open_store(
    settings: &Settings,
    state: &Path,
    utc: Timestamp,
) -> Result<(Store, Opened, Found), RunError> {
    std::fs::create_dir_all(state).map_err(|why| RunError::State {
        folder: state.to_owned(),
        why,
    })?;
    let path = settings
        .store
        .path
        .clone()
        .unwrap_or_else(|| state.join("promises.sqlite"));
    let (mut store, opened) = Store::open(&path, utc).map_err(RunError::Database)?;
    let found = store.found(utc).map_err(RunError::Rows)?;
    Ok((store, opened, found))
}

fn open_sound(
    settings: &Settings,
    house: &House,
    book: Arc<Phrasebook>,
    entropy: &mut Entropy,
    reports: mpsc::Sender<Report>,
) -> Result<Sound, RunError> {
    let phrases = house.terms.policy.phrases().into_iter().cloned().collect();
    sound::warm_up(&book, phrases, settings.language).map_err(RunError::System)?;
    let media =
        MediaThread::start(fork(entropy), ports(settings), reports).map_err(RunError::System)?;
    let watches = house.terms.watches_line;
    let watch = if watches {
        Watch::On(LineLimits::default())
    } else {
        Watch::Off
    };
    let address = settings.media.address.unwrap_or_else(|| house.address.ip());
    Ok(Sound::new(media, book, address, watch))
}

async fn open_console(
    settings: &Settings,
    options: &RunOptions,
    requests: mpsc::Sender<Request>,
    events: &Arc<EventLog>,
    metrics: &Arc<Metrics>,
) -> Result<Console, RunError> {
    let listen = settings.api.listen;
    let console = ConsoleSettings {
        listen,
        token: options.token.clone(),
        allowed_hosts: Vec::new(),
        metrics_open: false,
        language: settings.language,
        limits: Limits::default(),
    };
    Console::start(console, requests, Arc::clone(events), Arc::clone(metrics))
        .await
        .map_err(|why| RunError::Bind {
            what: "start.api",
            address: listen,
            why,
        })
}

fn endpoint_settings(settings: &Settings, listening: Listening) -> sip::Settings {
    sip::Settings {
        listening,
        user: settings.sip.from_user.clone(),
        user_agent: settings.sip.user_agent.clone(),
        // Each call may have three legs.
        calls_max: usize::from(settings.sip.calls_max).saturating_mul(3),
        dialogs: dialogs(&settings.sip),
    }
}

fn dialogs(sip: &settings::Sip) -> Dialogs {
    Dialogs {
        reliable: match sip.reliable_ringing {
            settings::ReliableRinging::Required => ReliableProgress::WhereRequired,
            settings::ReliableRinging::Supported => ReliableProgress::WhereSupported,
        },
        session_expires: sip.session_expires.get(),
        min_se: sip.min_se.get(),
    }
}

fn ports(settings: &Settings) -> PortPool {
    PortPool::new(match &settings.media.ports {
        Ports::Any => None,
        Ports::Between(range) => Some(range.clone()),
    })
}

fn seating(settings: &Settings) -> Seating {
    let mut seating = Seating::default();
    for seat in &settings.seat {
        let kind = match seat.kind {
            settings::SeatKind::Phone => "phone",
            settings::SeatKind::Echo => "echo",
            settings::SeatKind::File => "file",
            settings::SeatKind::Silent => "silent",
        };
        seating.add(seat.id.clone(), kind, seat.ready);
    }
    seating
}

fn fork(entropy: &mut Entropy) -> Entropy {
    Entropy::from_seed(entropy.bytes())
}

impl Desk {
    /// What the last run left: promises go on, calls that died with it are phoned back (D29, D30).
    fn remember(&mut self, opened: Opened, found: Found, now: Moment, utc: Timestamp) {
        if let Opened::MovedAside(_) = opened {
            self.alarm("database-damaged", now);
        }
        if !found.set_aside.is_empty() {
            self.alarm("promises-damaged", now);
        }
        if found.lost > 0 {
            tracing::error!(commits = found.lost, "promises were lost from the database");
            self.alarm("promises-lost", now);
        }
        self.tell_queue(callbacks::Input::Loaded(found.callbacks), now);
        for call in found.calls {
            self.phone_back_after_crash(call, now, utc);
        }
        self.tell_queue_of_seats(now);
        self.settle(now);
    }

    fn phone_back_after_crash(&mut self, call: LiveCall, now: Moment, utc: Timestamp) {
        let id = call.call;
        match call.promise(utc) {
            // Its row leaves once the promise is on disk: see `promise_news`.
            Some(promise) => drop(self.note_promise(promise, now)),
            None => self.keeper.spare(Job::Ended(id)),
        }
    }

    /// Until it is stopped, or enough calls have ended.
    async fn work(&mut self, inbox: &mut Inbox, exit_after: Option<u64>) {
        let mut leave_at: Option<Moment> = None;
        loop {
            let now = clock::now();
            self.follow_counts(now);
            let enough = exit_after.is_some_and(|enough| self.duty.ended >= enough);
            if enough {
                leave_at = Some(self.shut_down(leave_at, now));
            }
            if leave_at.is_some_and(|at| now >= at || self.may_leave(now)) {
                return self.part(now);
            }
            let last_words = self.duty.empty_since.map(|since| since + LAST_WORDS);
            let wakes = [self.timeout(), leave_at, last_words];
            let wake = wakes.into_iter().flatten().min();
            tokio::select! {
                arrival = self.signalling.arrival() => {
                    let now = clock::now();
                    self.signalling.take(arrival, now);
                    self.take_sip_events(now);
                    self.settle(now);
                }
                Some(report) = inbox.reports.recv() => self.take_reports(report, &mut inbox.reports),
                Some(request) = inbox.requests.recv() => self.request(request, clock::now()),
                Some(kept) = inbox.kept.recv() => self.kept(kept, clock::now()),
                () = until(wake, now) => self.tick(clock::now()),
                _ = inbox.stop.recv() => leave_at = Some(self.shut_down(leave_at, clock::now())),
                _ = inbox.interrupt.recv() => leave_at = Some(self.shut_down(leave_at, clock::now())),
            }
        }
    }

    fn take_reports(&mut self, first: Report, reports: &mut mpsc::Receiver<Report>) {
        let now = clock::now();
        self.media_report(first, now);
        for _ in 0..BATCH {
            let Ok(report) = reports.try_recv() else {
                break;
            };
            self.media_report(report, now);
        }
    }

    /// No new calls; a farewell and a callback for live ones. Returns when we leave at the latest:
    /// who asks again does not put it off.
    fn shut_down(&mut self, leave_at: Option<Moment>, now: Moment) -> Moment {
        if let Some(at) = leave_at {
            return at;
        }
        tracing::info!(calls = self.calls.len(), "stopping");
        self.duty.draining = true;
        self.tell_queue_of_seats(now);
        for id in self.calls.ids() {
            self.later(id, Input::ShutDown);
        }
        self.settle(now);
        now + SHUT_DOWN_WITHIN
    }

    /// The last call is over, and nobody rings on who has been told nothing yet: a CANCEL must wait
    /// for the first 1xx.
    fn may_leave(&mut self, now: Moment) -> bool {
        if self.calls.len() > 0 {
            return false;
        }
        let since = *self.duty.empty_since.get_or_insert(now);
        !self.signalling.endpoint.owes_words() || now.since(since) >= LAST_WORDS
    }

    /// Who is still there is hung up; the row of his answer remains, and he is phoned back (D29).
    fn part(&mut self, now: Moment) {
        for id in self.calls.ids() {
            tracing::warn!(call = %id, "leave a call that did not end in time");
            for party in Party::ALL {
                self.hang_up(id, party, now);
            }
        }
        self.end_registrations(now);
        self.signalling.flush();
    }
}

/// Waits until then, or for a glance at the clock; for ever when nothing is due.
async fn until(wake: Option<Moment>, now: Moment) {
    #[expect(clippy::disallowed_methods, reason = "the desk is where time passes")]
    match wake {
        Some(at) => tokio::time::sleep(now.until(at).min(GLANCE_EVERY)).await,
        None => std::future::pending().await,
    }
}
