//! An agent from its parts: what is opened, in which order.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use jiff::Timestamp;
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::callbacks::store::{Found, Opened, Store};
use crate::callbacks::{Queue, Rules};
use crate::console::{Console, ConsoleSettings, EventLog, Limits, Metrics, Request, Token};
use crate::media::{Phrasebook, Watch};
use crate::net::{Dscp, Families, PortPool, Resolver};
use crate::records::store::{Callers, Records, Timelines};
use crate::settings::{self, Ports, Settings, TRUNK};
use crate::sip::{self, Dialogs, Endpoint, Listening, ReliableProgress};
use crate::voices::Voices;
use crate::words::Entropy;

use super::accounts::Accounts;
use super::calls::Calls;
use super::chronicle::Chronicle;
use super::ended::Ended;
use super::finder::{self, Finder};
use super::guide::Guide;
use super::house::House;
use super::keeper::Keeper;
use super::lines::Lines;
use super::media_thread::{MediaThread, Outlets};
use super::phones;
use super::promises::Promises;
use super::prompts;
use super::public_address;
use super::recordings::{self, Recordings};
use super::renewal::Renewal;
use super::run_error::RunError;
use super::seating::Seating;
use super::signalling::Signalling;
use super::sockets::Sockets;
use super::sound::{self, Ground, Sound, Spoken};
use super::vows::Vows;
use super::whereabouts::Whereabouts;
use super::working::Inbox;
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

/// Reports and answers waiting for the desk; past it the media thread counts what it could not tell.
const NEWS_MAX: usize = 16_384;
const REQUESTS_MAX: usize = 256;

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
    /// The desk's own work and its datagrams are on the runtime that calls; `services` has the API,
    /// and SIP over connections.
    pub async fn open(
        settings: &Settings,
        options: RunOptions,
        services: &Handle,
    ) -> Result<Self, RunError> {
        let utc = clock::utc();
        let mut entropy =
            Entropy::from_seed(clock::seed().map_err(|why| RunError::System(why.into()))?);
        let (store, opened, found) = open_store(settings, &options.state, utc)?;
        let (told, kept) = mpsc::channel(NEWS_MAX);
        let timelines = Timelines::open(&options.state).map_err(RunError::Timelines)?;
        let files = (
            timelines,
            Records::new(&options.state),
            Callers::new(&options.state),
        );
        let (keeper, keeper_thread) =
            Keeper::start(store, files, told).map_err(RunError::System)?;

        let mut sockets = Sockets::open(settings, services, fork(&mut entropy))?;
        let mut whereabouts = Whereabouts::new(sockets.bound(), settings, clock::now());
        let families = Families::of(settings.sip.listen.ip());
        let mut guide = Guide::new(Resolver::of_system(families, fork(&mut entropy)));
        let outside = (&mut sockets, &mut whereabouts);
        public_address::find(settings, &mut guide, outside, fork(&mut entropy)).await;
        let listening = whereabouts.told(None);
        let ground = whereabouts.ground(None);
        let book = Arc::new(prompts::open(settings)?);
        let house = House::open(settings, &book, listening.udp, &options.state, &mut guide).await?;

        for (peer, name) in &house.tls_names {
            sockets.streams.learn_name(*peer, name);
        }

        let (asked, requests) = mpsc::channel(REQUESTS_MAX);
        let (events, metrics) = (Arc::new(EventLog::default()), Arc::new(Metrics::default()));
        let console =
            open_console(settings, &options, asked, (&events, &metrics), services).await?;
        let (tells, recorder) = mpsc::channel(recordings::NEWS_MAX);
        let recordings = Recordings::open(settings, &options.state, fork(&mut entropy), tells)?;
        let (reported, reports) = mpsc::channel(NEWS_MAX);
        let outlets = Outlets {
            reports: reported,
            frames: recordings.frames(),
            voices: voices(&house)?,
        };
        let sound = open_sound(settings, &house, (book, ground), &mut entropy, outlets)?;
        let mut endpoint =
            Endpoint::new(endpoint_settings(settings, listening), fork(&mut entropy));
        let (answered, places) = mpsc::channel(finder::ASKED_MAX);
        let finder = Finder::start(guide.into_resolver(), answered, services);
        let dice = fork(&mut entropy);
        let accounts = Accounts::open(settings, &house, &mut endpoint, finder, dice)?;
        phones::open(settings, listening.udp.ip(), &mut endpoint, &mut entropy)?;
        let trunk = house.line_hops(TRUNK).into_iter();
        let lines = Lines::new(settings, house.own_hops(), trunk);
        let (sip_tcp, sip_tls) = sockets.streams.addresses();
        let addresses = Addresses {
            sip: sockets.port.address(),
            sip_tcp,
            sip_tls,
            api: console.local_addr(),
        };
        let policy = &house.terms.policy;
        let vows = Vows::new(policy.hold.every.get(), policy.recording.notice.clone());
        let fast = house.terms.policy.fast;
        let mut rules = Rules::standard(settings.country, settings.timezone.time_zone());
        rules.numbering = house.numbering.clone();
        let mut desk = Desk {
            signalling: Signalling::new(endpoint, sockets, lines, fork(&mut entropy)),
            sound,
            promises: Promises::new(Queue::new(rules)),
            recordings,
            chronicle: Chronicle::new(events, metrics, keeper.clone(), vows, fast),
            accounts,
            whereabouts,
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
        desk.follow_address();
        desk.look_at_ways(false, clock::now());
        desk.begin_registrations(clock::now());
        desk.signalling.flush();
        let inbox = Inbox {
            reports,
            requests,
            kept,
            places,
            recorder,
            stop: signal(SignalKind::terminate()).map_err(RunError::System)?,
            interrupt: signal(SignalKind::interrupt()).map_err(RunError::System)?,
            hang_up: signal(SignalKind::hangup()).map_err(RunError::System)?,
            renewal: Renewal::default(),
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
    (book, ground): (Arc<Phrasebook>, Ground),
    entropy: &mut Entropy,
    outlets: Outlets,
) -> Result<Sound, RunError> {
    let phrases = house.terms.policy.phrases().into_iter().cloned().collect();
    let under = sound::under(house.terms.policy.hold.under_phrases);
    let spoken = Spoken::new(phrases, settings.language, under);
    let media =
        MediaThread::start(fork(entropy), ports(settings), outlets).map_err(RunError::System)?;
    let watches = house.terms.watches_line;
    let watch = if watches {
        Watch::On(sound::limits(&house.terms.policy.line))
    } else {
        Watch::Off
    };
    Sound::open(media, (book, spoken), ground, watch).map_err(RunError::System)
}

/// Voices are told where lines are watched.
fn voices(house: &House) -> Result<Option<Voices>, RunError> {
    let watched = house.terms.watches_line.then(Voices::start);
    watched.transpose().map_err(RunError::System)
}

/// Behind NAT ports are opened here and told as public ones; `ours` is where SIP is.
async fn open_console(
    settings: &Settings,
    options: &RunOptions,
    requests: mpsc::Sender<Request>,
    (events, metrics): (&Arc<EventLog>, &Arc<Metrics>),
    services: &Handle,
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
    let started = Console::start(console, requests, Arc::clone(events), Arc::clone(metrics));
    let started = services.spawn(started).await;
    started
        .map_err(io::Error::other)
        .flatten()
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
    let range = match &settings.media.ports {
        Ports::Any => None,
        Ports::Between(range) => Some(range.clone()),
    };
    PortPool::new(range, Dscp::new(settings.media.dscp))
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
        if seat.registers() {
            seating.set_phone(&seat.id, false);
        }
    }
    seating
}

fn fork(entropy: &mut Entropy) -> Entropy {
    Entropy::from_seed(entropy.bytes())
}
