//! An agent from its parts: what is opened, in which order.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use serde::Serialize;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::console::{Console, EventLog, Metrics, Token};
use crate::journal::fingerprint;
use crate::provision::Refusal;
use crate::settings::{Settings, Sources};
use crate::words::Entropy;

use super::book;
use super::calls::Calls;
use super::chronicle::Chronicle;
use super::ended::Ended;
use super::headsets::Worn;
use super::house::House;
use super::keeper::Keeper;
use super::leaving::Leaving;
use super::opening::{Books, Calling, Network, Sounds, open_console, open_headset, seating};
use super::pbx::Pbx;
use super::phones::Phones;
use super::promises::Promises;
use super::prompts;
use super::provisioning::Asked;
use super::run_error::RunError;
use super::standing::Since;
use super::supervisor::Supervisor;
use super::tapping::CallIds;
use super::vows::Vows;
use super::working::{Channels, Inbox};
use super::{Desk, Duty, clock};

/// What the command line says beside the settings.
#[derive(Debug)]
pub struct RunOptions {
    /// Where promises and timelines are kept.
    pub state: PathBuf,
    /// Stop after this many calls.
    pub exit_after: Option<u64>,
    pub token: Token,
    /// What is read anew; none: it stays as it was opened.
    pub sources: Option<Sources>,
    /// What came of asking for provisioned settings before this start.
    pub asked: Option<Result<Asked, Refusal>>,
}

/// What came of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    pub calls: u64,
    /// How often what a caller is owed was not kept; each is an ERROR in the log.
    pub broken: u64,
}

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
        let books = Books::open(settings, &options.state, utc)?;
        let mut network = Network::open(settings, services, &mut entropy).await?;
        let phrases = Arc::new(prompts::open(settings)?);
        let house = network.house(settings, &phrases, &options.state).await?;

        let (asked, requests) = mpsc::channel(REQUESTS_MAX);
        let (events, metrics) = (Arc::new(EventLog::default()), Arc::new(Metrics::default()));
        let console =
            open_console(settings, &options, asked, (&events, &metrics), services).await?;
        let voice = (phrases, network.whereabouts.ground(None));
        let (sounds, sound_news) =
            Sounds::open(settings, &house, voice, &options.state, &mut entropy)?;
        let addresses = network.addresses(console.local_addr());
        let (calling, places) = network.speak_sip(settings, &house, services, &mut entropy)?;
        let (worn, headset, buttons) = open_headset(settings, &mut entropy)?;

        let opened = Opened {
            keeper: books.keeper,
            house,
            calling,
            sounds,
            worn,
            events,
            metrics,
            entropy,
        };
        let mut desk = opened.desk(settings);
        desk.begin(books.opened, books.found, books.last_of_seats);
        desk.tell_what_counts(settings, &options);
        let channels = Channels {
            reports: sound_news.reports,
            requests,
            kept: books.kept,
            places,
            recorder: sound_news.recorder,
            headset,
            buttons,
        };
        Ok(Self {
            desk,
            inbox: Inbox::open(channels, settings, options.sources)?,
            console,
            keeper: books.thread,
            exit_after: options.exit_after,
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

/// What a desk is made of, beside what is empty when it begins.
struct Opened {
    keeper: Keeper,
    house: House,
    calling: Calling,
    sounds: Sounds,
    worn: Option<Worn>,
    events: Arc<EventLog>,
    metrics: Arc<Metrics>,
    entropy: Entropy,
}

impl Opened {
    fn desk(self, settings: &Settings) -> Desk {
        let policy = &self.house.terms.policy;
        let vows = Vows::new(policy.hold.every.get(), policy.recording.notice.clone());
        Desk {
            signalling: self.calling.signalling,
            call_ids: CallIds::default(),
            phones: Phones::default(),
            sound: self.sounds.sound,
            promises: Promises::new(
                book::queue(settings),
                settings.callback_rules(),
                settings.callbacks.kept(),
            ),
            leaving: Leaving::default(),
            recordings: self.sounds.recordings,
            chronicle: Chronicle::new(
                self.events,
                self.metrics,
                self.keeper.clone(),
                vows,
                policy.fast,
            ),
            accounts: self.calling.accounts,
            whereabouts: self.calling.whereabouts,
            seating: seating(settings, clock::now()),
            pbx: Pbx::open(settings, &self.house, clock::now()),
            since: Since::default(),
            worn: self.worn,
            calls: Calls::default(),
            ended: Ended::default(),
            duty: Duty {
                supervisor: Supervisor::of_this_process(),
                ..Duty::default()
            },
            todo: VecDeque::new(),
            house: self.house,
            keeper: self.keeper,
            entropy: self.entropy,
        }
    }
}

impl Desk {
    /// Whose settings and which policy this agent begins with.
    fn tell_what_counts(&mut self, settings: &Settings, options: &RunOptions) {
        let metrics = &self.chronicle.metrics;
        metrics.policy(&fingerprint(&self.house.terms.policy));
        let server = settings.provision.server();
        let copy = server.and_then(|server| server.copy(&options.state).ok()?);
        if let Some(copy) = copy {
            metrics.provision_serial(copy.index.serial);
        }
        if let Some(asked) = &options.asked {
            self.note_provisioning(asked, clock::now());
        }
    }
}
