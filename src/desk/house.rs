//! The settings as the desk uses them: addresses found, policies read, phrases checked.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::call::{self, PromiseKind, TargetTerms, Terms};
use crate::dialling::{self, Caps, Class, DialRules, Numbering};
use crate::media::phrasebook::{PhrasebookError, Promised};
use crate::media::prompts::{PromptError, Sound};
use crate::media::{Clip, Phrasebook, Rate};
use crate::net::Wanted;
use crate::policy::Policy;
use crate::seats::TestKind;
use crate::settings::{
    self, HostPort, PolicyFile, SeatKind, Settings, SettingsError, TRUNK, Target, Transport,
};
use crate::sip::offer_answer::{Codecs, SrtpPolicy};
use crate::sip::{Hop, Uri};
use crate::words::{Language, PhoneNumber, PromptId, SeatId, Sentence};

use super::guide::{self, Guide, Route};

/// What stays as it is while the agent runs, but for its own address.
#[derive(Debug)]
pub(super) struct House {
    pub(super) terms: Arc<Terms>,
    pub(super) language: Language,
    pub(super) calls_max: usize,
    /// What we speak, the best first.
    pub(super) codecs: Codecs,
    /// Whether sound is protected where neither line nor phone has a setting of its own.
    pub(super) srtp: SrtpPolicy,
    /// Ours, as peers are told.
    pub(super) address: SocketAddr,
    pub(super) state: PathBuf,
    /// Calls are journalled.
    pub(super) journals: bool,
    pub(super) seats: BTreeMap<SeatId, Place>,
    pub(super) targets: BTreeMap<String, Address>,
    /// Which ways of writing a number are one.
    pub(super) numbering: Numbering,
    dial: DialRules,
    /// How the requests of each line go, by its name.
    lines: BTreeMap<String, Way>,
    /// The name that each TLS peer must prove.
    pub(super) tls_names: Vec<(SocketAddr, String)>,
    sip: settings::Sip,
    pub(super) caps: Caps,
    zone: TimeZone,
}

/// Where a seat is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Phone(Box<Address>),
    /// Where its phone says, while it is registered.
    Registered {
        srtp: Option<SrtpPolicy>,
    },
    /// The headset of this PC.
    Headset,
    Test(TestKind),
}

/// A SIP address and where its requests go.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) uri: Uri,
    pub(super) way: Way,
    /// The line it is dialled by, where it is dialled by one.
    pub(super) line: Option<String>,
    /// Whether its sound is protected, where it has a setting of its own.
    pub(super) srtp: Option<SrtpPolicy>,
    /// There is no other way: where its Contacts point is hearsay (RFC 5626 5.3).
    pub(super) pinned: bool,
}

/// How the requests for an address go.
#[derive(Clone, Debug)]
pub(super) enum Way {
    Found(Route),
    /// By the account of this name, wherever that is registered.
    Account(String),
}

impl Way {
    /// The places it leads to, the first choice first; of an account the account itself knows.
    fn hops(&self) -> impl Iterator<Item = Hop> {
        let route = match self {
            Self::Found(route) => Some(route),
            Self::Account(_) => None,
        };
        route.into_iter().flat_map(Route::all)
    }
}

/// Why the house cannot be opened: what, where, and what would be right.
#[derive(Debug)]
pub enum Unfit {
    Policy(SettingsError),
    Unreadable {
        file: PathBuf,
        why: std::io::Error,
    },
    Missing {
        phrases: Vec<PromptId>,
    },
    Phrases {
        folder: PathBuf,
        why: PhrasebookError,
    },
    /// The host of this address is unknown; what the resolver said.
    Address {
        of: String,
        why: String,
    },
    Sound {
        file: PathBuf,
        why: PromptError,
    },
}

impl Unfit {
    /// For who reads it in his language.
    pub fn sentence(&self) -> Sentence {
        match self {
            Self::Policy(picture) => Sentence::of("start.policy").with("why", picture),
            Self::Unreadable { file, why } => Sentence::of("start.unreadable")
                .with("file", file.display())
                .with("why", Sentence::of_io(why)),
            Self::Missing { phrases } => {
                let names: Vec<&str> = phrases.iter().map(PromptId::as_str).collect();
                Sentence::of("start.missing-phrases").with("phrases", names.join(", "))
            }
            Self::Phrases { folder, why } => Sentence::of("start.phrases")
                .with("folder", folder.display())
                .with("why", why.sentence()),
            Self::Address { of, why } => Sentence::of("start.address")
                .with("of", of)
                .with("why", why),
            Self::Sound { file, why } => Sentence::of("start.sound")
                .with("file", file.display())
                .with("why", why.sentence()),
        }
    }
}

impl House {
    pub(super) async fn open(
        settings: &Settings,
        book: &Phrasebook,
        address: SocketAddr,
        state: &Path,
        guide: &mut Guide,
    ) -> Result<Self, Unfit> {
        let policy = read_policy(&settings.policy)?;
        let phrases = policy
            .phrases()
            .into_iter()
            .chain(settings.phone_keys.phrases());
        let missing = book.missing(phrases);
        if !missing.is_empty() {
            return Err(Unfit::Missing { phrases: missing });
        }
        if let Some(folder) = &settings.prompts {
            check_sounds(folder, &policy, book)?;
        }
        let mut seats = BTreeMap::new();
        for seat in &settings.seat {
            seats.insert(seat.id.clone(), place(seat, guide).await?);
        }
        let lines = lines(settings, guide).await?;
        let mut targets = BTreeMap::new();
        for target in &settings.target {
            let address = called_at(target, &lines, guide).await?;
            targets.insert(target.id.clone(), address);
        }
        Ok(Self {
            terms: Arc::new(terms(settings, policy, book)),
            language: settings.language,
            calls_max: usize::from(settings.sip.calls_max),
            codecs: codecs(settings),
            srtp: settings.media.srtp.into(),
            address,
            state: state.to_owned(),
            journals: settings.journal,
            seats,
            targets,
            numbering: settings.numbering(),
            dial: settings.dial_rules(),
            lines,
            tls_names: guide.take_tls_names(),
            sip: settings.sip.clone(),
            caps: settings.dial.daily_cap.clone(),
            zone: settings.timezone.time_zone(),
        })
    }

    /// Where a number is dialled; `None` where the dial rules refuse it, or make no address of it.
    pub(super) fn dialled(&self, number: &PhoneNumber) -> Option<(Class, Address)> {
        let route = match self.dial.route(number) {
            Ok(route) => route,
            Err(why) => {
                tracing::info!(why = why.as_str(), "do not dial a number");
                return None;
            }
        };
        Some((route.class, self.address_by(route)?))
    }

    /// Where a feature code of the PBX is dialled.
    pub(super) fn feature_code(&self, code: &PhoneNumber, via: &str) -> Option<Address> {
        let route = self.dial.feature_code(code, via);
        route.ok().and_then(|route| self.address_by(route))
    }

    fn address_by(&self, route: dialling::Route) -> Option<Address> {
        Some(Address {
            uri: route.uri.reveal().parse().ok()?,
            way: self.lines.get(&route.via)?.clone(),
            line: Some(route.via),
            srtp: None,
            pinned: false,
        })
    }

    /// Where the seats' phones and the targets are.
    pub(super) fn own_hops(&self) -> impl Iterator<Item = Hop> {
        let phones = self.seats.values().filter_map(|place| match place {
            Place::Phone(address) => Some(&**address),
            Place::Registered { .. } | Place::Headset | Place::Test(_) => None,
        });
        let own = phones.chain(self.targets.values());
        own.flat_map(|address| address.way.hops())
    }

    /// The target that a phone means: by its address, by its id, or as it is dialled where it is. Whatever host it
    /// names, only the target's own address is called (hardening 11).
    pub(super) fn target_named(&self, uri: &Uri) -> Option<&str> {
        let user = uri.user();
        let by = |is_it: &dyn Fn(&str, &Address) -> bool| {
            let mut targets = self.targets.iter();
            targets.find(|(id, address)| is_it(id, address))
        };
        let is_dialled = |address: &Address| user.is_some() && address.uri.user() == user;
        let found = by(&|_, address| address.uri.is_same(uri))
            .or_else(|| by(&|id, _| user.as_deref() == Some(id)))
            .or_else(|| by(&|_, address| is_dialled(address)));
        found.map(|(id, _)| id.as_str())
    }

    /// The seat whose phone is there by the settings.
    pub(super) fn seat_at(&self, hop: Hop) -> Option<&SeatId> {
        let is_there = |place: &Place| match place {
            Place::Phone(address) => address.way.hops().any(|it| it.address == hop.address),
            Place::Registered { .. } | Place::Headset | Place::Test(_) => false,
        };
        let mut seats = self.seats.iter();
        seats.find(|(_, place)| is_there(place)).map(|(id, _)| id)
    }

    /// Where the requests of the line of this name go, the first choice first; of an account the
    /// account itself knows.
    pub(super) fn line_hops(&self, name: &str) -> Vec<Hop> {
        let way = self.lines.get(name);
        way.map_or_else(Vec::new, |way| way.hops().collect())
    }

    /// The date where the hotline is: a day of the daily caps.
    pub(super) fn date(&self, utc: Timestamp) -> Date {
        utc.to_zoned(self.zone.clone()).date()
    }

    pub(super) fn own_identity(&self) -> Uri {
        Uri::sip(&self.sip.from_user, self.address)
    }
}

pub fn read_policy(file: &PolicyFile) -> Result<Policy, Unfit> {
    match file {
        PolicyFile::Shipped(name) => Ok(Policy::shipped(name).unwrap_or_else(Policy::standard)),
        PolicyFile::File(path) => settings::read_policy(path).map_err(Unfit::Policy),
    }
}

/// An admin's own recordings are all played once, before a caller would hear nothing instead.
fn check_sounds(folder: &Path, policy: &Policy, book: &Phrasebook) -> Result<(), Unfit> {
    let unfit = |why: PhrasebookError| Unfit::Phrases {
        folder: folder.to_owned(),
        why,
    };
    for phrase in policy.phrases() {
        for language in Language::ALL {
            book.check(phrase, language).map_err(unfit)?;
        }
    }
    book.check_music().map_err(unfit)
}

/// The settings name each once.
fn codecs(settings: &Settings) -> Codecs {
    let named = settings.media.codecs.iter();
    let named: Vec<_> = named.map(|codec| (*codec).into()).collect();
    Codecs::new(&named).unwrap_or_default()
}

pub(super) fn terms(settings: &Settings, policy: Policy, book: &Phrasebook) -> Terms {
    let own_question = |id: &str| {
        let question: PromptId = format!("{}.{id}", policy.transfer.ask).parse().ok()?;
        book.phrase(&question).map(|_| question)
    };
    let target = |target: &Target| {
        let terms = TargetTerms {
            blind: target.blind,
            handoff: match target.handoff {
                settings::Handoff::Bridge => call::Handoff::Bridge,
                settings::Handoff::Refer => call::Handoff::Refer,
            },
            ask: own_question(&target.id),
        };
        (target.id.clone(), terms)
    };
    Terms {
        targets: settings.target.iter().map(target).collect(),
        phone_keys: settings.phone_keys.acts(),
        promising: promising(book),
        watches_line: settings.line.watch == settings::Watch::On,
        at_machine: match settings.callbacks.machine {
            settings::Machine::HangUp => call::AtMachine::HangUp,
            settings::Machine::Message => call::AtMachine::Message,
        },
        first: match settings.callbacks.first {
            settings::First::Agent => call::First::Agent,
            settings::First::Customer => call::First::Customer,
        },
        policy: Arc::new(policy),
    }
}

/// Phrases that promise a callback, and of which kind (D24).
pub fn promising(book: &Phrasebook) -> BTreeMap<PromptId, PromiseKind> {
    let kind = |promised| match promised {
        Promised::LineFault => PromiseKind::LineFault,
        Promised::Rep => PromiseKind::Rep,
        Promised::Supervisor => PromiseKind::Supervisor,
        Promised::Crash => PromiseKind::Crash,
    };
    let promised = |id: &PromptId| Some((id.clone(), kind(book.phrase(id)?.promises?)));
    book.ids().filter_map(promised).collect()
}

async fn place(seat: &settings::Seat, guide: &mut Guide) -> Result<Place, Unfit> {
    let test = |kind| Ok(Place::Test(kind));
    let srtp = seat.srtp.map(Into::into);
    if seat.registers() {
        return Ok(Place::Registered { srtp });
    }
    match (seat.kind, &seat.uri, &seat.file) {
        (SeatKind::Phone, Some(uri), _) => {
            let address = guide.find(seat.id.as_str(), uri).await?;
            Ok(Place::Phone(Box::new(Address { srtp, ..address })))
        }
        (SeatKind::Headset, ..) => Ok(Place::Headset),
        (SeatKind::File, _, Some(file)) => test(TestKind::File(Arc::new(read_sound(file)?))),
        (SeatKind::Echo, ..) => test(TestKind::Echo),
        // The settings have checked that a phone has its uri or registers, and a file seat its file.
        (SeatKind::Silent | SeatKind::Phone | SeatKind::File, ..) => test(TestKind::Silent),
    }
}

pub(super) fn read_sound(file: &Path) -> Result<Clip, Unfit> {
    let bytes = super::prompts::read(file).map_err(|why| Unfit::Unreadable {
        file: file.to_owned(),
        why,
    })?;
    let unfit = |why: PromptError| Unfit::Sound {
        file: file.to_owned(),
        why,
    };
    let sound = Sound::read(bytes).map_err(unfit)?;
    let samples = sound.at(Rate::Narrow).map_err(unfit)?;
    Ok(Clip::from_samples(samples))
}

/// Straight at its address, or by a line of ours.
async fn called_at(
    target: &Target,
    lines: &BTreeMap<String, Way>,
    guide: &mut Guide,
) -> Result<Address, Unfit> {
    let line = target.via.as_ref();
    let address = match line.and_then(|line| lines.get_key_value(line)) {
        None => guide.find(&target.id, &target.uri).await?,
        Some((line, way)) => Address {
            uri: guide::parsed(&target.id, &target.uri)?,
            way: way.clone(),
            line: Some(line.clone()),
            srtp: None,
            pinned: false,
        },
    };
    let srtp = target.srtp.map(Into::into);
    Ok(Address { srtp, ..address })
}

/// Of `sip.trunk`, of the peers that may dial, and of the accounts.
async fn lines(settings: &Settings, guide: &mut Guide) -> Result<BTreeMap<String, Way>, Unfit> {
    let mut lines = BTreeMap::new();
    if let Some(trunk) = &settings.sip.trunk {
        let route = guide.route(TRUNK, &wanted(trunk, Transport::Udp)).await?;
        lines.insert(TRUNK.to_owned(), Way::Found(route));
    }
    for peer in settings.sip.peer.iter().filter(|peer| peer.may_dial) {
        if let Some(host) = &peer.host {
            let wanted = wanted(host, peer.transport);
            let route = guide.route(&peer.name, &wanted).await?;
            lines.insert(peer.name.clone(), Way::Found(route));
        }
    }
    for account in &settings.sip.account {
        let way = Way::Account(account.name.clone());
        lines.insert(account.name.clone(), way);
    }
    Ok(lines)
}

fn wanted(HostPort { host, port }: &HostPort, transport: Transport) -> Wanted {
    Wanted {
        host: host.trim_matches(['[', ']']).to_owned(),
        port: Some(*port),
        transport: Some(transport.into()),
        secure: false,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::media::phrasebook::{SoundFile, shipped_music};

    #[test]
    fn an_admins_recording_that_cannot_be_played_is_named() {
        let words = include_str!("../../config/prompts/phrases.toml");
        let broken = |phrase: &PromptId, _| {
            Some(SoundFile {
                name: format!("en/{phrase}.flac"),
                bytes: Bytes::from_static(b"fLaC, but cut short"),
            })
        };
        let book = Phrasebook::new(words, broken, shipped_music()).unwrap();
        let refused = check_sounds(Path::new("phrases"), &Policy::standard(), &book).unwrap_err();
        assert!(
            refused.sentence().to_string().contains(".flac"),
            "{refused:?}"
        );
    }
}
