//! What the settings name outside themselves, looked at as the start would, without a change to any of it.

use std::fs;
use std::path::Path;
use std::thread;

use crate::callbacks::store::Sqlite;
use crate::console::Token;
use crate::files;
use crate::media::Phrasebook;
use crate::media::phrasebook::PhrasebookError;
use crate::net::Tls;
use crate::policy::Policy;
use crate::recordings::store::read_key;
use crate::settings::{Fault, Inspection, Place, Secret, Settings, Step, StoreKind};
use crate::words::{Language, PromptId, Sentence, Wait};

use super::{Unfit, house, prompts, sockets};

/// Threads that play recordings: more do not help a start.
const PLAYERS_MAX: usize = 4;

/// A phrase in a language.
type Said<'a> = (&'a PromptId, Language);

/// Adds what is wrong with the files and the store to what is wrong with the settings.
pub fn inspect(inspection: &mut Inspection) {
    let settings = inspection.settings().clone();
    let mut faults = secrets(&settings);
    faults.extend(tls(&settings));
    faults.extend(recording_key(&settings));
    faults.extend(token(&settings));
    faults.extend(store(&settings));
    faults.extend(seats(&settings));
    let policy = house::read_policy(&settings.policy);
    match &policy {
        Ok(policy) => faults.extend(deadline(&settings, policy)),
        Err(Unfit::Policy(error)) => inspection.add_drawn(error),
        Err(why) => faults.push(at(&["policy"], why.sentence())),
    }
    faults.extend(phrases(&settings, policy.as_ref().ok()));
    inspection.add(faults);
}

/// What an agent starts with, and hardly should: secrets that others may read.
pub fn warnings(settings: &Settings) -> Vec<Sentence> {
    let open = all_secrets(settings).into_iter();
    let open = open.filter_map(|(place, secret)| open_to_others(place, secret));
    open.map(|fault| fault.title().clone()).collect()
}

fn at(keys: &[&'static str], what: Sentence) -> Fault {
    Fault::new(Place::of(keys), what)
}

fn in_entry(list: &[&'static str], n: usize, key: &'static str) -> Place {
    let keys = list.iter().copied().map(Step::Key);
    Place::new(keys.chain([Step::Nth(n), Step::Key(key)]).collect())
}

fn all_secrets(settings: &Settings) -> Vec<(Place, &Secret)> {
    let accounts = settings
        .sip
        .account
        .iter()
        .enumerate()
        .filter_map(|(n, it)| {
            let place = in_entry(&["sip", "account"], n, "password");
            Some((place, it.password.as_ref()?))
        });
    let seats =
        settings.seat.iter().enumerate().filter_map(|(n, it)| {
            Some((in_entry(&["seat"], n, "password"), it.password.as_ref()?))
        });
    let url = settings.store.url.iter();
    let url = url.map(|url| (Place::of(&["store", "url"]), url));
    accounts.chain(seats).chain(url).collect()
}

fn secrets(settings: &Settings) -> Vec<Fault> {
    let of_secret = |(place, secret): (Place, &Secret)| {
        let unread = unreadable(place.clone(), secret);
        unread.or_else(|| open_to_others(place, secret))
    };
    let secrets = all_secrets(settings).into_iter();
    secrets.filter_map(of_secret).collect()
}

/// A variable may be set where the agent starts, and not here.
fn unreadable(place: Place, secret: &Secret) -> Option<Fault> {
    let why = secret.read(|name| std::env::var(name).ok()).err()?;
    let fault = Fault::new(place, why);
    Some(match secret {
        Secret::Env(_) | Secret::Enrolled { kept_in: None, .. } => fault.as_warning(),
        Secret::File(_) | Secret::Enrolled { .. } | Secret::Literal(_) => fault,
    })
}

fn open_to_others(place: Place, secret: &Secret) -> Option<Fault> {
    let file = secret.file()?;
    let is_open = fs::metadata(file).is_ok_and(|file| files::others_may_use(&file));
    let open = Sentence::of("settings.secret-open").with("file", file.display());
    is_open.then(|| Fault::new(place, open).as_warning())
}

fn tls(settings: &Settings) -> Option<Fault> {
    let why = sockets::tls(settings)
        .map(|files| Tls::open(&files))?
        .err()?;
    Some(at(&["sip", "tls"], why.sentence()))
}

fn recording_key(settings: &Settings) -> Option<Fault> {
    let why = read_key(settings.recording.key_file.as_ref()?).err()?;
    Some(at(&["recording", "key_file"], why.sentence()))
}

fn token(settings: &Settings) -> Option<Fault> {
    let file = settings.api.token_file.as_ref()?;
    let why = match fs::read_to_string(file) {
        Ok(text) => Token::parse(&text).err()?,
        Err(why) => unread(file, &why),
    };
    Some(at(&["api", "token_file"], why))
}

fn unread(file: &Path, why: &std::io::Error) -> Sentence {
    Sentence::of("start.unreadable")
        .with("file", file.display())
        .with("why", Sentence::of_io(why))
}

/// Not set, it is in the state folder, which the start makes.
fn store(settings: &Settings) -> Option<Fault> {
    let store = &settings.store;
    match store.kind {
        StoreKind::Sqlite => {
            let why = Sqlite::look(store.path.as_ref()?).err()?;
            Some(at(&["store", "path"], why.sentence()))
        }
        StoreKind::Postgres => server(store.url.as_ref()),
    }
}

#[cfg(feature = "postgres")]
fn server(url: Option<&Secret>) -> Option<Fault> {
    let url = url?.read(|name| std::env::var(name).ok()).ok()?;
    let why = crate::callbacks::store::Postgres::look(&url).err()?;
    Some(at(&["store", "url"], why.sentence()))
}

#[cfg(not(feature = "postgres"))]
fn server(_: Option<&Secret>) -> Option<Fault> {
    let why = crate::callbacks::store::OpenError::NoServers;
    Some(at(&["store", "kind"], why.sentence()))
}

/// Who sits at a file is heard by it.
fn seats(settings: &Settings) -> impl Iterator<Item = Fault> {
    let seats = settings.seat.iter().enumerate();
    seats.filter_map(|(n, seat)| {
        let why = house::read_sound(seat.file.as_ref()?).err()?;
        Some(Fault::new(in_entry(&["seat"], n, "file"), why.sentence()))
    })
}

/// A trunk that gives up first never hears us answer.
fn deadline(settings: &Settings, policy: &Policy) -> Option<Fault> {
    let patience = settings.sip.trunk_rings_for?.get();
    let deadline = policy.answer.deadline();
    (deadline >= patience).then(|| {
        let late = Sentence::of("settings.late-answer")
            .with("deadline", Wait::new(deadline))
            .with("patience", Wait::new(patience));
        at(&["sip", "trunk_rings_for"], late)
    })
}

fn phrases(settings: &Settings, policy: Option<&Policy>) -> Vec<Fault> {
    let mut faults: Vec<Fault> = music(settings).into_iter().collect();
    let book = match &settings.prompts {
        Some(folder) => prompts::in_folder(folder),
        None => Ok(Phrasebook::shipped()),
    };
    let book = match book {
        Ok(book) => book,
        Err(why) => {
            faults.push(at(&["prompts"], why.sentence()));
            return faults;
        }
    };
    let keys: Vec<&PromptId> = settings.phone_keys.phrases().collect();
    faults.extend(gaps(&book, &keys, &["phone_keys"]));
    let named = policy.map(Policy::phrases).unwrap_or_default();
    let named: Vec<&PromptId> = named.into_iter().collect();
    let blamed = match settings.prompts {
        Some(_) => "prompts",
        None => "policy",
    };
    faults.extend(gaps(&book, &named, &[blamed]));
    if let Some(folder) = &settings.prompts {
        let why = unplayable(&book, &named);
        let fault = |why: PhrasebookError| Unfit::Phrases {
            folder: folder.clone(),
            why,
        };
        faults.extend(
            why.into_iter()
                .map(|why| at(&["prompts"], fault(why).sentence())),
        );
    }
    faults
}

fn music(settings: &Settings) -> Option<Fault> {
    let why = prompts::music(settings.music.as_ref()?).err()?;
    Some(at(&["music"], why.sentence()))
}

/// By language, what a caller would not hear in it.
fn gaps(book: &Phrasebook, named: &[&PromptId], keys: &[&'static str]) -> Vec<Fault> {
    let of_language = |language| {
        let mute = named.iter().filter(|id| !book.speaks(id, language));
        let mute: Vec<&str> = mute.map(|id| id.as_str()).collect();
        (!mute.is_empty()).then(|| {
            let gap = Sentence::of("settings.phrase-gap")
                .with("language", language)
                .with("phrases", mute.join(", "));
            at(keys, gap)
        })
    };
    Language::ALL.into_iter().filter_map(of_language).collect()
}

/// Each is played once, on as many threads as there are cores.
fn unplayable(book: &Phrasebook, named: &[&PromptId]) -> Vec<PhrasebookError> {
    let of_phrase = |id| {
        Language::ALL
            .into_iter()
            .map(move |language| (id, language))
    };
    let said: Vec<Said<'_>> = named.iter().copied().flat_map(of_phrase).collect();
    let said: Vec<Said<'_>> = (said.into_iter())
        .filter(|(id, language)| book.speaks(id, *language))
        .collect();
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get());
    let share = said.len().div_ceil(cores.min(PLAYERS_MAX)).max(1);
    let play = |(id, language): &Said<'_>| book.check(id, *language).err();
    let mut faults: Vec<PhrasebookError> = thread::scope(|scope| {
        let parts = said.chunks(share);
        let players = parts.map(|part| scope.spawn(|| part.iter().filter_map(play).collect()));
        let players: Vec<thread::ScopedJoinHandle<'_, Vec<_>>> = players.collect();
        let played = players.into_iter().map(|player| player.join());
        played
            .flat_map(|part| part.expect("no recording can make a player panic"))
            .collect()
    });
    faults.extend(book.check_music().err());
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::phrasebook::shipped_music;
    use crate::words::Catalogue;

    const WORDS: &str = include_str!("../../config/prompts/phrases.toml");

    fn said(faults: &[Fault]) -> Vec<String> {
        let texts = Catalogue::shipped();
        let faults = faults.iter();
        faults
            .map(|it| texts.say(it.title(), Language::En))
            .collect()
    }

    #[test]
    fn a_language_without_sound_is_told_by_its_name() {
        let none = |_: &PromptId, _| None;
        let book = Phrasebook::new(WORDS, none, shipped_music()).unwrap();
        let greeting = "greeting".parse().unwrap();
        let told = said(&gaps(&book, &[&greeting], &["policy"]));
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told.iter().all(|it| it.contains("greeting")));
        assert!(told.iter().any(|it| it.contains("zh-CN")));
        let shipped = Phrasebook::shipped();
        assert!(gaps(&shipped, &[&greeting], &["policy"]).is_empty());
    }

    #[test]
    fn a_trunk_that_gives_up_before_we_answer_is_told() {
        let policy = Policy::standard();
        let with = |patience: &str| {
            let text = format!("sip.trunk_rings_for = \"{patience}\"");
            deadline(&toml::from_str(&text).unwrap(), &policy)
        };
        assert!(with("6s").is_some() && with("7s").is_none());
        assert!(deadline(&Settings::default(), &policy).is_none());
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_that_others_may_read_is_warned_of() {
        use std::os::unix::fs::PermissionsExt;
        let file = std::env::temp_dir().join(format!("thirdring-secret-{}", std::process::id()));
        fs::write(&file, "sesame").unwrap();
        let warned = |mode| {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let seat = format!(
                "[[seat]]\nid = \"rep1\"\nkind = \"phone\"\nusername = \"rep1\"\npassword = {{ file = {file:?} }}"
            );
            warnings(&toml::from_str(&seat).unwrap()).len()
        };
        assert_eq!((warned(0o644), warned(0o600)), (1, 0));
        fs::remove_file(&file).unwrap();
    }
}
