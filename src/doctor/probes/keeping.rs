use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::callbacks::store::{OpenError, Sqlite};
use crate::desk::{self, Unfit};
use crate::doctor::Case;
use crate::doctor::round::Progress;
use crate::doctor::verdicts::keeping::{Folder, Level, Looked, Phrases, SecretFile};
use crate::files;
use crate::media::prompts::{EXTENSIONS, Loudness, Sound};
use crate::media::speech_level::SpeechLevel;
use crate::media::{Phrasebook, codec::Rate};
use crate::settings::{Inspection, Settings, StoreKind};
use crate::words::{Language, PromptId, Sentence};

/// A phrase in a language.
type Said<'a> = (&'a PromptId, Language);

/// Faults and warnings of the settings and of what they name.
pub(in crate::doctor) fn settings(case: &Case) -> (usize, usize) {
    let mut inspection = Inspection::of(case.config.as_deref(), &case.sets);
    desk::inspect(&mut inspection);
    let (faults, warnings): (Vec<_>, Vec<_>) = inspection
        .findings()
        .partition(|finding| finding.is_error());
    (faults.len(), warnings.len())
}

/// The folders that the agent writes into.
pub(in crate::doctor) fn folders(case: &Case) -> Vec<PathBuf> {
    let recording = &case.settings.recording;
    let recordings = recording.folder.clone().filter(|_| recording.enabled);
    [case.state.clone()].into_iter().chain(recordings).collect()
}

pub(in crate::doctor) fn folder(path: &Path) -> Folder {
    match fs::metadata(path) {
        Ok(found) if !found.is_dir() => Folder::NotOne,
        Ok(found) if !files::owner_may_write(&found) => Folder::ReadOnly,
        Ok(found) if files::others_may_use(&found) => Folder::Open,
        Ok(_) => match try_to_write(path) {
            Ok(()) => Folder::Fine,
            Err(why) if why.kind() == ErrorKind::PermissionDenied => Folder::ReadOnly,
            Err(why) => Folder::Unreachable(Sentence::of_io(&why)),
        },
        Err(why) if why.kind() == ErrorKind::NotFound => Folder::Missing {
            above_takes_it: above_takes(path),
        },
        Err(why) if why.kind() == ErrorKind::NotADirectory => Folder::NotOne,
        Err(why) => Folder::Unreachable(Sentence::of_io(&why)),
    }
}

fn try_to_write(folder: &Path) -> io::Result<()> {
    let trial = folder.join(".thirdring-doctor");
    let mut options = files::for_owner();
    options
        .write(true)
        .create(true)
        .truncate(true)
        .open(&trial)?;
    fs::remove_file(&trial)
}

fn above_takes(path: &Path) -> bool {
    let above = path.ancestors().skip(1);
    let found = above.filter_map(|above| fs::metadata(above).ok()).next();
    found.is_some_and(|found| found.is_dir() && files::owner_may_write(&found))
}

/// The files of tokens, keys and passwords.
pub(in crate::doctor) fn secrets(case: &Case) -> Vec<PathBuf> {
    let settings = &case.settings;
    let accounts = settings.sip.account.iter();
    let accounts = accounts.filter_map(|account| account.password.as_ref()?.file());
    let seats = settings.seat.iter();
    let seats = seats.filter_map(|seat| seat.password.as_ref()?.file());
    let url = settings.store.url.as_ref().and_then(|url| url.file());
    let keys = [
        settings.sip.tls.key.as_deref(),
        settings.recording.key_file.as_deref(),
        settings.api.token_file.as_deref(),
    ];
    let named = accounts.chain(seats).chain(url);
    let named = named.chain(keys.into_iter().flatten()).map(Path::to_owned);
    let own = own_token(case).filter(|token| token.exists());
    let mut secrets: Vec<PathBuf> = named.chain(own).collect();
    secrets.sort();
    secrets.dedup();
    secrets
}

/// Made by the first start, where no other is set.
fn own_token(case: &Case) -> Option<PathBuf> {
    let is_other = case.token_is_told || case.settings.api.token_file.is_some();
    (!is_other).then(|| case.state.join("token"))
}

pub(in crate::doctor) fn secret(path: &Path) -> SecretFile {
    let read = fs::metadata(path).and_then(|found| fs::read(path).map(|_| found));
    match read {
        Ok(found) if files::others_may_use(&found) => SecretFile::Open,
        Ok(_) => SecretFile::Fine,
        Err(why) => SecretFile::Unreadable(Sentence::of_io(&why)),
    }
}

/// The promises' own file; on a server's desk the outbox, which an agent has in the same way.
pub(in crate::doctor) fn store_file(case: &Case) -> PathBuf {
    match case.settings.store.kind {
        StoreKind::Sqlite => {
            let set = case.settings.store.path.clone();
            set.unwrap_or_else(|| case.state.join("promises.sqlite"))
        }
        StoreKind::Postgres => case.state.join("outbox.sqlite"),
    }
}

pub(in crate::doctor) fn store(path: &Path) -> Looked {
    match Sqlite::examine(path) {
        Ok(examined) => Looked::At(examined),
        Err(OpenError::Locked(_)) => Looked::Locked,
        // The state folder is another check's.
        Err(OpenError::NoFolder(folder)) if !folder.exists() => {
            Looked::At(crate::callbacks::store::Examined::NotThere)
        }
        Err(why) => Looked::InTheWay(why.sentence()),
    }
}

/// The server's version; none where the promises are in a file.
#[cfg(feature = "postgres")]
pub(in crate::doctor) fn server(settings: &Settings) -> Option<Result<i64, Sentence>> {
    use crate::callbacks::store::Postgres;

    if settings.store.kind != StoreKind::Postgres {
        return None;
    }
    let missing = || Sentence::of("settings.no-store-url");
    let url = settings.store.url.as_ref().ok_or_else(missing);
    let url = url.and_then(|url| url.read(|name| std::env::var(name).ok()));
    Some(url.and_then(|url| Postgres::greet(&url).map_err(|why| why.sentence())))
}

#[cfg(not(feature = "postgres"))]
pub(in crate::doctor) fn server(settings: &Settings) -> Option<Result<i64, Sentence>> {
    let is_server = settings.store.kind == StoreKind::Postgres;
    is_server.then(|| Err(OpenError::NoServers.sentence()))
}

/// All that the policy and the keys name, played once where it is not ours.
pub(in crate::doctor) fn phrases(
    settings: &Settings,
    progress: &mut Progress<'_>,
) -> Result<Phrases, Sentence> {
    let (book, ids) = named(settings)?;
    let mute = Language::ALL.into_iter().filter_map(|language| {
        let mute = ids.iter().filter(|id| !book.speaks(id, language));
        let mute: Vec<String> = mute.map(PromptId::to_string).collect();
        (!mute.is_empty()).then_some((language, mute))
    });
    let mute = mute.collect();
    let said = said(&book, &ids);
    let mut broken = Vec::new();
    for (n, (id, language)) in said.iter().enumerate() {
        progress.at(n, said.len());
        broken.extend(book.check(id, *language).err().map(|why| why.sentence()));
    }
    broken.extend(book.check_music().err().map(|why| why.sentence()));
    Ok(Phrases {
        named: ids.len(),
        mute,
        broken,
    })
}

fn named(settings: &Settings) -> Result<(Phrasebook, Vec<PromptId>), Sentence> {
    let book = desk::phrasebook(settings).map_err(|why| why.sentence())?;
    let policy = desk::read_policy(&settings.policy);
    let policy = policy.map_err(|why| match matches!(why, Unfit::Policy(_)) {
        // Where it is wrong, the settings' own check shows.
        true => Sentence::of("doctor.prompts.no-policy"),
        false => why.sentence(),
    })?;
    let keys = settings.phone_keys.phrases();
    let mut ids: Vec<PromptId> = policy.phrases().into_iter().chain(keys).cloned().collect();
    ids.sort();
    ids.dedup();
    Ok((book, ids))
}

fn said<'a>(book: &Phrasebook, ids: &'a [PromptId]) -> Vec<Said<'a>> {
    let all = ids
        .iter()
        .flat_map(|id| Language::ALL.map(|language| (id, language)));
    all.filter(|(id, language)| book.speaks(id, *language))
        .collect()
}

/// How one's own recordings sound; none where the shipped ones are said. What cannot be read is the other check's.
pub(in crate::doctor) fn levels(
    settings: &Settings,
    progress: &mut Progress<'_>,
) -> Option<Vec<Level>> {
    let folder = settings.prompts.as_ref()?;
    let Ok((book, ids)) = named(settings) else {
        return Some(Vec::new());
    };
    let said = said(&book, &ids);
    let mut levels = Vec::new();
    for (n, (id, language)) in said.iter().enumerate() {
        progress.at(n, said.len());
        levels.extend(level(&book, folder, (id, *language)));
    }
    Some(levels)
}

fn level(book: &Phrasebook, folder: &Path, (id, language): Said<'_>) -> Option<Level> {
    let clip = book.clip(id, language).ok()?;
    let mut level = SpeechLevel::new(Rate::Narrow);
    level.hear(clip.samples());
    let file = |extension| folder.join(format!("{language}/{id}.{extension}"));
    let bytes = EXTENSIONS
        .iter()
        .find_map(|extension| fs::read(file(extension)).ok())?;
    let raised = Sound::read(bytes.into()).and_then(|sound| sound.gain(Loudness::Phrase));
    Some(Level {
        name: format!("{language}/{id}"),
        dbov: level.dbov()?,
        raised_db: 20.0 * raised.ok()?.log10(),
    })
}
