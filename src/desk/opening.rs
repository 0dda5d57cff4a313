//! The parts of an agent, opened in the order in which they need each other.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::callbacks::store::{Found, Opened};
use crate::console::{Console, ConsoleSettings, EventLog, Limits, Metrics, Request};
use crate::media::{Phrasebook, Report, Watch};
use crate::net::{Dscp, Families, PortPool, Resolver};
use crate::recordings::store::News;
use crate::records::Entry;
use crate::records::store::{Callers, Journals, Records, SeatFile, SipMessages, Timelines};
use crate::seating::towards_pbx::CALLS_AT_ONCE;
use crate::seating::{Choice, Fault, NewSeat, Seating};
use crate::seats::headset::{self, Headset, HeadsetSettings, Pace, RingOn, RingSettings};
use crate::seats::sound_cards::{SoundServer, Wishes};
use crate::seats::{ButtonNews, Buttons};
use crate::settings::{self, Ports, Settings, TRUNK};
use crate::sip::{self, Dialogs, Endpoint, Listening, ReliableProgress};
use crate::voices::Voices;
use crate::words::{Entropy, Moment};

use super::accounts::Accounts;
use super::book::Book;
use super::clock;
use super::finder::{self, Finder, Places};
use super::guide::Guide;
use super::headsets::Worn;
use super::house::House;
use super::keeper::{Files, Keeper, Kept};
use super::lines::Lines;
use super::media_thread::{MediaThread, Outlets};
use super::phones;
use super::public_address;
use super::recordings::{self, Recordings};
use super::run::{Addresses, RunOptions};
use super::run_error::RunError;
use super::signalling::Signalling;
use super::sockets::Sockets;
use super::sound::{self, Ground, Sound, Spoken};
use super::tapping::Tap;
use super::urgency::run_before_others;
use super::whereabouts::Whereabouts;

/// Reports and answers waiting for the desk; past it the media thread counts what it could not tell.
const NEWS_MAX: usize = 16_384;

/// Presses waiting for the desk; a finger is slower.
const PRESSES_MAX: usize = 64;

/// What outlives a run, and who writes it.
pub(super) struct Books {
    pub(super) keeper: Keeper,
    pub(super) thread: JoinHandle<()>,
    pub(super) kept: mpsc::Receiver<Kept>,
    /// What the last run left.
    pub(super) opened: Opened,
    pub(super) found: Found,
    /// The last change of each seat.
    pub(super) last_of_seats: Vec<Entry>,
}

impl Books {
    pub(super) fn open(
        settings: &Settings,
        state: &Path,
        utc: Timestamp,
    ) -> Result<Self, RunError> {
        let (told, kept) = mpsc::channel(NEWS_MAX);
        let Book {
            store,
            opened,
            found,
        } = Book::open(settings, state, &told, utc)?;
        let (seats, last_of_seats) = SeatFile::open(state).map_err(|why| RunError::State {
            folder: state.to_owned(),
            why,
        })?;
        let files = Files {
            timelines: Timelines::open(state).map_err(RunError::Timelines)?,
            journals: Journals::new(state),
            sip_messages: SipMessages::new(state),
            records: Records::new(state),
            callers: Callers::new(state),
            seats,
        };
        let (keeper, thread) = Keeper::start(store, settings.callback_rules(), files, told)
            .map_err(RunError::System)?;
        Ok(Self {
            keeper,
            thread,
            kept,
            opened,
            found,
            last_of_seats,
        })
    }
}

/// The ways to others, and our own address on them.
pub(super) struct Network {
    pub(super) sockets: Sockets,
    pub(super) whereabouts: Whereabouts,
    pub(super) guide: Guide,
    pub(super) listening: Listening,
}

/// What speaks SIP on them.
pub(super) struct Calling {
    pub(super) signalling: Signalling,
    pub(super) accounts: Accounts,
    pub(super) whereabouts: Whereabouts,
}

impl Network {
    pub(super) async fn open(
        settings: &Settings,
        services: &Handle,
        entropy: &mut Entropy,
    ) -> Result<Self, RunError> {
        let mut sockets = Sockets::open(settings, services, fork(entropy))?;
        let mut whereabouts = Whereabouts::new(sockets.bound(), settings, clock::now());
        let families = Families::of(settings.sip.listen.ip());
        let mut guide = Guide::new(Resolver::of_system(families, fork(entropy)));
        let outside = (&mut sockets, &mut whereabouts);
        public_address::find(settings, &mut guide, outside, fork(entropy)).await;
        Ok(Self {
            listening: whereabouts.told(None),
            sockets,
            whereabouts,
            guide,
        })
    }

    /// What the settings name is looked up, and known to the connections.
    pub(super) async fn house(
        &mut self,
        settings: &Settings,
        phrases: &Phrasebook,
        state: &Path,
    ) -> Result<House, RunError> {
        let udp = self.listening.udp;
        let house = House::open(settings, phrases, udp, state, &mut self.guide).await?;
        for (peer, name) in &house.tls_names {
            self.sockets.streams.learn_name(*peer, name);
        }
        Ok(house)
    }

    pub(super) fn addresses(&self, api: SocketAddr) -> Addresses {
        let (sip_tcp, sip_tls) = self.sockets.streams.addresses();
        Addresses {
            sip: self.sockets.port.address(),
            sip_tcp,
            sip_tls,
            api,
        }
    }

    pub(super) fn speak_sip(
        self,
        settings: &Settings,
        house: &House,
        services: &Handle,
        entropy: &mut Entropy,
    ) -> Result<(Calling, mpsc::Receiver<Places>), RunError> {
        let stated = endpoint_settings(settings, self.listening);
        let mut endpoint = Endpoint::new(stated, fork(entropy));
        let (answered, places) = mpsc::channel(finder::ASKED_MAX);
        let finder = Finder::start(self.guide.into_resolver(), answered, services);
        let accounts = Accounts::open(settings, house, &mut endpoint, finder, fork(entropy))?;
        phones::open(settings, self.listening.udp.ip(), &mut endpoint, entropy)?;
        let trunk = house.line_hops(TRUNK).into_iter();
        let lines = Lines::new(settings, house.own_hops(), trunk);
        let mut signalling = Signalling::new(endpoint, self.sockets, lines, fork(entropy));
        signalling.tap = settings.sip.trace.then(Tap::default);
        let calling = Calling {
            signalling,
            accounts,
            whereabouts: self.whereabouts,
        };
        Ok((calling, places))
    }
}

/// The sound of all calls.
pub(super) struct Sounds {
    pub(super) sound: Sound,
    pub(super) recordings: Recordings,
}

/// Who tells of it.
pub(super) struct SoundNews {
    pub(super) reports: mpsc::Receiver<Report>,
    pub(super) recorder: mpsc::Receiver<News>,
}

impl Sounds {
    pub(super) fn open(
        settings: &Settings,
        house: &House,
        (phrases, ground): (Arc<Phrasebook>, Ground),
        state: &Path,
        entropy: &mut Entropy,
    ) -> Result<(Self, SoundNews), RunError> {
        let (tells, recorder) = mpsc::channel(recordings::NEWS_MAX);
        let recordings = Recordings::open(settings, state, fork(entropy), tells)?;
        let (reported, reports) = mpsc::channel(NEWS_MAX);
        let outlets = Outlets {
            reports: reported,
            frames: recordings.frames(),
            voices: voices(house)?,
        };
        let media = MediaThread::start(fork(entropy), ports(settings), outlets);
        let media = media.map_err(RunError::System)?;
        let voice = (phrases, spoken(settings, house));
        let sounds = Self {
            sound: Sound::new(media, voice, ground, watch(house)),
            recordings,
        };
        Ok((sounds, SoundNews { reports, recorder }))
    }
}

/// What a call may begin with comes first.
pub(super) fn spoken(settings: &Settings, house: &House) -> Spoken {
    let policy = &house.terms.policy;
    let first = [
        &policy.recording.notice,
        &policy.answer.say,
        &policy.waiting.busy,
    ];
    let phrases = first.into_iter().chain(policy.phrases()).cloned().collect();
    let under = sound::under(policy.hold.under_phrases);
    Spoken::new(phrases, settings.language, under)
}

pub(super) fn watch(house: &House) -> Watch {
    match house.terms.watches_line {
        true => Watch::On(sound::limits(&house.terms.policy.line)),
        false => Watch::Off,
    }
}

/// Voices are told where lines are watched.
fn voices(house: &House) -> Result<Option<Voices>, RunError> {
    let watched = house.terms.watches_line.then(Voices::start);
    watched.transpose().map_err(RunError::System)
}

/// The API answers on the workers' threads, and asks the desk by `requests`.
pub(super) async fn open_console(
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
        calls_max: legs_max(settings),
        dialogs: dialogs(&settings.sip),
    }
}

/// Each call may have three; those to feature codes take no call's place.
fn legs_max(settings: &Settings) -> usize {
    let is_told = settings.seat.iter().any(|seat| seat.pbx.is_some());
    let codes = if is_told { CALLS_AT_ONCE } else { 0 };
    usize::from(settings.sip.calls_max) * 3 + codes
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

/// What the rep of this PC wears, and where it and its buttons tell how they are.
pub(super) type WornAndNews = (
    Option<Worn>,
    Option<mpsc::Receiver<headset::News>>,
    Option<mpsc::Receiver<ButtonNews>>,
);

/// The headset of this PC, where a seat has one.
pub(super) fn open_headset(
    settings: &Settings,
    entropy: &mut Entropy,
) -> Result<WornAndNews, RunError> {
    let mut seats = settings.seat.iter();
    if !seats.any(|seat| seat.kind == settings::SeatKind::Headset) {
        return Ok((None, None, None));
    }
    let set = headset_settings(settings);
    let pace = Pace {
        clock: clock::now,
        hurry: run_before_others,
    };
    let started = Headset::start(set, pace, fork(entropy));
    let (headset, news) = started.map_err(RunError::System)?;
    let buttons = settings.headset.buttons.then(open_buttons).transpose()?;
    let (buttons, presses) = buttons.unzip();
    let worn = Worn::new(headset, buttons, settings.headset.prefer.clone());
    Ok((Some(worn), Some(news), presses))
}

fn open_buttons() -> Result<(Buttons, mpsc::Receiver<ButtonNews>), RunError> {
    let (told, news) = mpsc::channel(PRESSES_MAX);
    let tell = move |news: ButtonNews| {
        if let Err(error) = told.try_send(news) {
            tracing::warn!(%error, "tell of a headset's button");
        }
    };
    let buttons = Buttons::start(clock::now, Box::new(tell)).map_err(RunError::System)?;
    Ok((buttons, news))
}

fn headset_settings(settings: &Settings) -> HeadsetSettings {
    let set = &settings.headset;
    HeadsetSettings {
        server: SoundServer::Usual,
        wishes: Wishes::new(&set.prefer),
        ring: RingSettings {
            on: match set.ring_on {
                settings::RingOn::Headset => RingOn::Headset,
                settings::RingOn::Loudspeaker => RingOn::Loudspeaker,
                settings::RingOn::Both => RingOn::Both,
            },
            percent: set.ring_volume,
            loudspeakers: Wishes::new(&set.loudspeaker),
        },
        voice: set.voice(),
        country: settings.country,
    }
}

/// The seats as the settings have them.
pub(super) fn seating(settings: &Settings, now: Moment) -> Seating {
    let mut seating = Seating::new(settings.seats.rules());
    for seat in &settings.seat {
        seating.add(seat.id.clone(), new_seat(seat), now);
    }
    seating
}

fn new_seat(seat: &settings::Seat) -> NewSeat {
    NewSeat {
        kind: match seat.kind {
            settings::SeatKind::Phone => "phone",
            settings::SeatKind::Headset => "headset",
            settings::SeatKind::Echo => "echo",
            settings::SeatKind::File => "file",
            settings::SeatKind::Silent => "silent",
        },
        skills: seat.skills.iter().cloned().collect(),
        choice: match seat.ready {
            true => Choice::Available,
            false => Choice::Busy,
        },
        faults: not_there_yet(seat).into_iter().collect(),
    }
}

/// A phone that registers and a headset are there once they say so.
fn not_there_yet(seat: &settings::Seat) -> Option<Fault> {
    if seat.kind == settings::SeatKind::Headset {
        return Some(Fault::NoHeadset);
    }
    seat.registers().then_some(Fault::NotRegistered)
}

fn fork(entropy: &mut Entropy) -> Entropy {
    Entropy::from_seed(entropy.bytes())
}
