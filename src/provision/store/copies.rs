use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{folder_in, replace, write};
use crate::files;
use crate::provision::{
    Digest, FilePath, Held, INDEX, Index, Offer, Pc, PublicKey, Refusal, SIGNATURE, Share,
};
use crate::words::Sentence;

/// Which of the folders counts.
const NOTE: &str = "current.json";

/// Beside the index and its signature.
const FILES: &str = "files";

/// Copies that stay: an agent that runs may still read files of the one it began with.
const KEPT: usize = 3;

/// What a PC has taken, in its state folder.
#[derive(Clone, Debug)]
pub struct Copies {
    folder: PathBuf,
    /// One that is never cleared away.
    spared: Option<PathBuf>,
}

/// What is known of the copy that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    folder: String,
    pub etag: Option<String>,
    pub taken: Timestamp,
    /// When the server last said that it is the newest.
    pub confirmed: Timestamp,
    /// What is known of it where it cannot be read; of earlier versions nothing is.
    #[serde(default)]
    signed: Option<Signed>,
}

/// What was signed, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Signed {
    serial: u64,
    digest: Digest,
    key: PublicKey,
}

/// One that was taken whole.
#[derive(Clone, Debug)]
pub struct Copy {
    folder: PathBuf,
    /// Where settings find a file that they name.
    pub files: PathBuf,
    pub index: Index,
    pub share: Share,
    /// None where it is yet to be accepted.
    pub note: Option<Note>,
    digest: Digest,
    /// The first file that is not what was signed.
    pub spoilt: Option<FilePath>,
}

/// One that is being taken: in a folder that no other knows.
#[derive(Debug)]
pub struct Staged {
    copies: Copies,
    copy: Copy,
}

impl Copies {
    pub fn of(state: &Path) -> Self {
        Self {
            folder: folder_in(state),
            spared: None,
        }
    }

    /// An agent reads files of the copy that it began with for as long as it runs.
    #[must_use]
    pub fn sparing(self, spared: Option<PathBuf>) -> Self {
        Self { spared, ..self }
    }

    /// What counts, its signature looked at anew; none where nothing was ever taken.
    pub fn current(&self, key: &PublicKey, pc: &Pc) -> Result<Option<Copy>, Refusal> {
        let Some(note) = self.noted()? else {
            return Ok(None);
        };
        let folder: FilePath = note.folder.parse().map_err(|_| disk(&unreadable()))?;
        let folder = self.folder.join(folder.as_str());
        let read = |name: &str| fs::read(folder.join(name)).map_err(|why| disk(&why));
        let (index, signature) = (read(INDEX)?, read(SIGNATURE)?);
        key.verify(&index, &signature)?;
        let digest = Digest::of(&index);
        let index = Index::read(&index)?;
        let share = index.share_of(pc)?;
        let mut copy = Copy {
            files: folder.join(FILES),
            folder,
            index,
            share,
            note: Some(note),
            digest,
            spoilt: None,
        };
        copy.spoilt = copy
            .share
            .files
            .keys()
            .find(|it| !copy.is_right(it))
            .cloned();
        Ok(Some(copy))
    }

    /// What counts, by its note alone: a copy that cannot be read is taken anew, and no older one in its place. None where
    /// nothing is known of what this key signed.
    pub fn last_taken(&self, key: &PublicKey) -> Option<Held> {
        let signed = self.noted().ok()??.signed?;
        (signed.key == *key).then_some(Held {
            serial: signed.serial,
            digest: signed.digest,
            is_whole: false,
        })
    }

    fn noted(&self) -> Result<Option<Note>, Refusal> {
        let note = match fs::read_to_string(self.folder.join(NOTE)) {
            Ok(text) => text,
            Err(why) if why.kind() == ErrorKind::NotFound => return Ok(None),
            Err(why) => return Err(disk(&why)),
        };
        let note = serde_json::from_str(&note).map_err(|_| disk(&unreadable()))?;
        Ok(Some(note))
    }

    /// Begins to take what was offered.
    pub fn stage(&self, offer: &Offer, index: Index, share: Share) -> Result<Staged, Refusal> {
        let digest = Digest::of(&offer.index);
        let name = format!("{}-{}", index.serial, digest.short());
        let names = (0..).map(|n| self.folder.join(format!("{name}-{n}")));
        let mut free = names.filter(|folder| !folder.exists());
        let folder = free.next().expect("there are more numbers than folders");
        let folder = folder.with_extension("new");
        let staged = Staged {
            copies: self.clone(),
            copy: Copy {
                files: folder.join(FILES),
                folder,
                index,
                share,
                note: None,
                digest,
                spoilt: None,
            },
        };
        staged.begin(offer).map_err(|why| disk(&why))?;
        Ok(staged)
    }

    /// The server says that what is here is the newest; it may call it by another etag.
    pub fn confirm(
        &self,
        copy: &Copy,
        etag: Option<String>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let Some(note) = &copy.note else {
            return Ok(());
        };
        let note = Note {
            confirmed: now,
            etag: etag.or_else(|| note.etag.clone()),
            ..note.clone()
        };
        self.note(&note).map_err(|why| disk(&why))
    }

    fn note(&self, note: &Note) -> io::Result<()> {
        let text = serde_json::to_string(note)?;
        replace(&self.folder.join(NOTE), text.as_bytes())
    }

    /// Old ones go, and what was never taken whole; what cannot be removed is tried again the next time.
    fn clear(&self, current: &Path) {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return;
        };
        let folders = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let spared = self.spared.as_deref();
        let others = folders
            .filter(|path| path.is_dir() && path != current && Some(path.as_path()) != spared);
        let mut others: Vec<(Option<std::time::SystemTime>, PathBuf)> = others
            .map(|path| {
                let written = fs::metadata(&path).and_then(|it| it.modified()).ok();
                (written.filter(|_| path.extension().is_none()), path)
            })
            .collect();
        // The newest first; one that was never taken whole is the oldest.
        others.sort_by(|one, other| other.cmp(one));
        for (_, old) in others.iter().skip(KEPT - 1) {
            if let Err(why) = fs::remove_dir_all(old) {
                tracing::debug!(%why, "an old copy of provisioned settings stays");
            }
        }
    }
}

impl Copy {
    /// Provisioned files of a folder that is not a PC's: an admin's, before it is signed.
    pub fn in_folder(folder: &Path, index: Index, share: Share) -> Self {
        Self {
            folder: folder.to_owned(),
            files: folder.to_owned(),
            index,
            share,
            note: None,
            digest: Digest::of(b""),
            spoilt: None,
        }
    }

    pub fn held(&self) -> Held {
        Held {
            serial: self.index.serial,
            digest: self.digest,
            is_whole: self.spoilt.is_none(),
        }
    }

    /// Where it is kept.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn read(&self, path: &FilePath) -> io::Result<Vec<u8>> {
        fs::read(self.files.join(path.as_str()))
    }

    fn is_right(&self, path: &FilePath) -> bool {
        self.read(path)
            .is_ok_and(|bytes| self.share.check(path, &bytes).is_ok())
    }
}

impl Staged {
    fn begin(&self, offer: &Offer) -> io::Result<()> {
        let folder = &self.copy.folder;
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        files::make_folder(&self.copy.files)?;
        write(&folder.join(INDEX), &offer.index)?;
        write(&folder.join(SIGNATURE), &offer.signature)
    }

    /// Keeps a file that hashes to what was signed.
    pub fn put(&self, path: &FilePath, bytes: &[u8]) -> Result<(), Refusal> {
        self.copy.share.check(path, bytes)?;
        let path = self.copy.files.join(path.as_str());
        write(&path, bytes).map_err(|why| disk(&why))
    }

    /// To be looked at before it counts.
    pub fn copy(&self) -> &Copy {
        &self.copy
    }

    /// From here on it counts, as signed with this key: the folder is whole, then one name is put in the place of another.
    pub fn accept(
        self,
        key: &PublicKey,
        etag: Option<String>,
        now: Timestamp,
    ) -> Result<Copy, Refusal> {
        let Self { copies, mut copy } = self;
        let whole = copy.folder.with_extension("");
        fs::rename(&copy.folder, &whole).map_err(|why| disk(&why))?;
        let name = whole.file_name().unwrap_or_default();
        let note = Note {
            folder: name.to_string_lossy().into_owned(),
            etag,
            taken: now,
            confirmed: now,
            signed: Some(Signed {
                serial: copy.index.serial,
                digest: copy.digest,
                key: *key,
            }),
        };
        copies.note(&note).map_err(|why| disk(&why))?;
        copy.files = whole.join(FILES);
        copy.folder = whole;
        copy.note = Some(note);
        copies.clear(&copy.folder);
        Ok(copy)
    }

    /// It will not count. What cannot be removed goes when the next one is accepted.
    pub fn discard(self) {
        if let Err(why) = fs::remove_dir_all(&self.copy.folder) {
            tracing::debug!(%why, "what was refused of provisioned settings stays for a while");
        }
    }
}

fn disk(why: &io::Error) -> Refusal {
    Refusal::Disk {
        why: Sentence::of_io(why),
    }
}

fn unreadable() -> io::Error {
    ErrorKind::InvalidData.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::SigningKey;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn state(test: &str) -> PathBuf {
        let name = format!("thirdring-copies-{}-{test}", std::process::id());
        std::env::temp_dir().join(name)
    }

    fn taken(copies: &Copies, key: &SigningKey, serial: u64) -> Copy {
        let text = format!("serial = {serial}\n");
        let offer = Offer {
            index: text.clone().into_bytes(),
            signature: key.sign(text.as_bytes()).to_string().into_bytes(),
        };
        let index = Index::read(&offer.index).unwrap();
        let staged = copies.stage(&offer, index, Share::default()).unwrap();
        staged.accept(&key.public(), None, NOW).unwrap()
    }

    #[test]
    fn the_copy_that_an_agent_began_with_outlives_those_that_come_after() {
        let state = state("spared");
        let key = SigningKey::from_seed(&[7; 32]);
        let first = taken(&Copies::of(&state), &key, 1);
        let began_with = Some(first.folder().to_owned());
        let copies = Copies::of(&state).sparing(began_with);
        let others: Vec<Copy> = (2..9).map(|serial| taken(&copies, &key, serial)).collect();
        let is_there = |copy: &Copy| copy.folder().is_dir();
        let (spared, left) = (is_there(&first), others.iter().filter(|it| is_there(it)));
        let left = left.count();
        fs::remove_dir_all(state).unwrap();
        assert_eq!((spared, left), (true, KEPT));
    }

    #[test]
    fn what_was_taken_last_is_known_where_it_cannot_be_read() {
        let state = state("unreadable");
        let [key, another] = [[7; 32], [8; 32]].map(|seed| SigningKey::from_seed(&seed));
        let copies = Copies::of(&state);
        let nothing = copies.last_taken(&key.public());
        let copy = taken(&copies, &key, 7);
        fs::remove_file(copy.folder().join(INDEX)).unwrap();
        let pc = Pc {
            host: String::new(),
            user: String::new(),
        };
        let current = copies.current(&key.public(), &pc).is_err();
        let known = copies.last_taken(&key.public());
        let of_another = copies.last_taken(&another.public());
        fs::remove_dir_all(state).unwrap();
        let held = Held {
            is_whole: false,
            ..copy.held()
        };
        assert_eq!((nothing, known, of_another), (None, Some(held), None));
        assert!(current, "it cannot be read");
    }

    #[test]
    fn a_server_may_call_the_same_by_another_etag() {
        let state = state("etag");
        let key = SigningKey::from_seed(&[7; 32]);
        let copies = Copies::of(&state);
        let copy = taken(&copies, &key, 1);
        let etag = || copies.noted().unwrap().unwrap().etag;
        copies.confirm(&copy, Some("a".to_owned()), NOW).unwrap();
        let renewed = etag();
        fs::remove_dir_all(state).unwrap();
        assert_eq!(renewed.as_deref(), Some("a"));
    }
}
