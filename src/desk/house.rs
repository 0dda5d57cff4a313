//! The settings as the desk uses them: addresses found, policies read, phrases checked.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::call::{self, PromiseKind, TargetTerms, Terms};
use crate::media::phrasebook::{PhrasebookError, Promised};
use crate::media::prompts::{self, PromptError};
use crate::media::{Clip, Phrasebook};
use crate::policy::Policy;
use crate::seats::TestKind;
use crate::settings::{
    self, HostPort, Network, PolicyFile, SeatKind, Settings, SettingsError, SipUri,
};
use crate::sip::Uri;
use crate::words::{Language, PhoneNumber, PromptId, SeatId, Sentence};

/// What stays as it is while the agent runs.
#[derive(Debug)]
pub(super) struct House {
    pub(super) terms: Arc<Terms>,
    pub(super) language: Language,
    pub(super) calls_max: usize,
    /// Ours, as peers are told.
    pub(super) address: SocketAddr,
    pub(super) state: PathBuf,
    pub(super) seats: BTreeMap<SeatId, Place>,
    pub(super) targets: BTreeMap<String, Address>,
    trunk: Option<Trunk>,
    trusted: Vec<Network>,
    from_user: String,
}

/// Where a seat is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Phone(Address),
    Test(TestKind),
}

/// A SIP address and where its requests go.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) uri: Uri,
    pub(super) next_hop: SocketAddr,
}

#[derive(Clone, Debug)]
struct Trunk {
    next_hop: SocketAddr,
    host: String,
    template: String,
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
    pub(super) fn sentence(&self) -> Sentence {
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
    ) -> Result<Self, Unfit> {
        let policy = read_policy(&settings.policy)?;
        let missing = book.missing(policy.phrases());
        if !missing.is_empty() {
            return Err(Unfit::Missing { phrases: missing });
        }
        if let Some(folder) = &settings.prompts {
            check_sounds(folder, &policy, book)?;
        }
        let mut seats = BTreeMap::new();
        for seat in &settings.seat {
            seats.insert(seat.id.clone(), place(seat).await?);
        }
        let mut targets = BTreeMap::new();
        for target in &settings.target {
            targets.insert(target.id.clone(), find(&target.id, &target.uri).await?);
        }
        Ok(Self {
            terms: Arc::new(terms(settings, policy, book)),
            language: settings.language,
            calls_max: usize::from(settings.sip.calls_max),
            address,
            state: state.to_owned(),
            seats,
            targets,
            trunk: trunk(settings).await?,
            trusted: settings.sip.trusted.clone(),
            from_user: settings.sip.from_user.clone(),
        })
    }

    /// Whose word about the caller's identity counts (D34).
    pub(super) fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(peer))
    }

    /// Where a number is dialled; `None` without a trunk, or when the template makes no address of it.
    pub(super) fn trunk_address(&self, number: &PhoneNumber) -> Option<Address> {
        let trunk = self.trunk.as_ref()?;
        let text = trunk
            .template
            .replace("{number}", number.as_str())
            .replace("{host}", &trunk.host);
        Some(Address {
            uri: text.parse().ok()?,
            next_hop: trunk.next_hop,
        })
    }

    pub(super) fn own_identity(&self) -> Uri {
        Uri::sip(&self.from_user, self.address)
    }
}

fn read_policy(file: &PolicyFile) -> Result<Policy, Unfit> {
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
            book.clip(phrase, language).map_err(unfit)?;
        }
    }
    book.music().map(drop).map_err(unfit)
}

fn terms(settings: &Settings, policy: Policy, book: &Phrasebook) -> Terms {
    let own_question = |id: &str| {
        let question: PromptId = format!("{}.{id}", policy.transfer.ask).parse().ok()?;
        book.phrase(&question).map(|_| question)
    };
    let target = |target: &settings::Target| {
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
        promising: promising(book),
        behind: match settings.sip.behind {
            settings::Behind::Queue => call::Behind::Queue,
            settings::Behind::Direct => call::Behind::Direct,
        },
        watches_line: settings.line.watch == settings::Watch::On,
        policy: Arc::new(policy),
    }
}

/// Phrases that promise a callback, and of which kind (D24).
fn promising(book: &Phrasebook) -> BTreeMap<PromptId, PromiseKind> {
    let kind = |promised| match promised {
        Promised::LineFault => PromiseKind::LineFault,
        Promised::Rep => PromiseKind::Rep,
        Promised::Supervisor => PromiseKind::Supervisor,
        Promised::Crash => PromiseKind::Crash,
    };
    let promised = |id: &PromptId| Some((id.clone(), kind(book.phrase(id)?.promises?)));
    book.ids().filter_map(promised).collect()
}

async fn place(seat: &settings::Seat) -> Result<Place, Unfit> {
    let test = |kind| Ok(Place::Test(kind));
    match (seat.kind, &seat.uri, &seat.file) {
        (SeatKind::Phone, Some(uri), _) => Ok(Place::Phone(find(seat.id.as_str(), uri).await?)),
        (SeatKind::File, _, Some(file)) => test(TestKind::File(Arc::new(read_sound(file)?))),
        (SeatKind::Echo, ..) => test(TestKind::Echo),
        // The settings have checked that a phone has its uri and a file seat its file.
        (SeatKind::Silent | SeatKind::Phone | SeatKind::File, ..) => test(TestKind::Silent),
    }
}

fn read_sound(file: &Path) -> Result<Clip, Unfit> {
    let bytes = std::fs::read(file).map_err(|why| Unfit::Unreadable {
        file: file.to_owned(),
        why,
    })?;
    let unfit = |why: PromptError| Unfit::Sound {
        file: file.to_owned(),
        why,
    };
    let sound = prompts::decode_flac(&bytes).map_err(unfit)?;
    let samples = prompts::to_8k(&sound.samples, sound.rate).map_err(unfit)?;
    Ok(Clip::from_samples(samples))
}

async fn find(of: &str, uri: &SipUri) -> Result<Address, Unfit> {
    let unfit = |why: String| Unfit::Address {
        of: of.to_owned(),
        why,
    };
    let parsed: Uri = uri
        .as_str()
        .parse()
        .map_err(|why| unfit(format!("{why}")))?;
    let next_hop = match parsed.address() {
        Some(address) => address,
        None => look_up(parsed.host(), parsed.port()).await.map_err(unfit)?,
    };
    Ok(Address {
        uri: parsed,
        next_hop,
    })
}

async fn trunk(settings: &Settings) -> Result<Option<Trunk>, Unfit> {
    let Some(HostPort { host, port }) = &settings.sip.trunk else {
        return Ok(None);
    };
    let unfit = |why: String| Unfit::Address {
        of: "sip.trunk".to_owned(),
        why,
    };
    let next_hop = look_up(host.trim_matches(['[', ']']), *port)
        .await
        .map_err(unfit)?;
    let template = settings.sip.trunk_uri.clone();
    let host = settings
        .sip
        .trunk
        .as_ref()
        .map(HostPort::to_string)
        .unwrap_or_default();
    Ok(Some(Trunk {
        next_hop,
        host,
        template,
    }))
}

/// An address as it stands, or by the system's resolver; once, at the start.
async fn look_up(host: &str, port: u16) -> Result<SocketAddr, String> {
    let found = tokio::net::lookup_host((host, port)).await;
    found
        .map_err(|why| format!("{host}: {why}"))?
        .next()
        .ok_or_else(|| format!("{host}: no address"))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::media::phrasebook::shipped_music;

    #[test]
    fn an_admins_recording_that_cannot_be_played_is_named() {
        let words = include_str!("../../config/prompts/phrases.toml");
        let broken = |_: &PromptId, _| Some(Cow::Borrowed(&b"fLaC, but cut short"[..]));
        let book = Phrasebook::new(words, broken, shipped_music()).unwrap();
        let refused = check_sounds(Path::new("phrases"), &Policy::standard(), &book).unwrap_err();
        assert!(
            refused.sentence().to_string().contains(".flac"),
            "{refused:?}"
        );
    }
}
