use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use crate::net::{Fetched, Web, WebFault};
use crate::provision::store::{Copies, Copy};
use crate::provision::{
    ALL_MAX_BYTES, FILE_MAX_BYTES, FilePath, Held, INDEX, INDEX_MAX_BYTES, Index, Judged, Offer,
    Refusal, SIGNATURE, SIGNATURE_MAX_BYTES, Share, judge,
};
use crate::settings::ProvisionServer;

/// Whether there is something newer than what this PC has taken.
pub struct Question<'s> {
    server: &'s ProvisionServer,
    copies: Option<Copies>,
    /// What is in use.
    held: Option<Copy>,
    /// What was, where that cannot be read any more.
    last_taken: Option<Held>,
    web: Web,
}

/// What the server says, judged.
pub enum Answer {
    /// What is in use is the newest, and the server calls it so from now on.
    Unchanged {
        etag: Option<String>,
    },
    Newer(Box<Newer>),
}

/// An index of the admin's, and what of it is this PC's.
pub struct Newer {
    offer: Offer,
    etag: Option<String>,
    pub index: Index,
    pub share: Share,
}

impl<'s> Question<'s> {
    /// All that is asked takes `within` at most. Without a state folder nothing is known of before.
    pub fn open(
        server: &'s ProvisionServer,
        state: Option<&Path>,
        within: Duration,
    ) -> Result<Self, Refusal> {
        let web = Web::open(server.ca.as_deref(), within);
        let web = web.map_err(|why| Refusal::Authority {
            why: why.sentence(),
        })?;
        // One that cannot be read, or was signed with another key, is as good as none; but older ones are no better.
        let held = state.and_then(|state| server.copy(state).ok()?);
        let copies = state.map(Copies::of);
        let last_taken = copies.as_ref().and_then(|it| it.last_taken(&server.key));
        Ok(Self {
            server,
            copies,
            held,
            last_taken,
            web,
        })
    }

    /// Copies are cleared away when others are taken, but for this one.
    #[must_use]
    pub(super) fn sparing(mut self, folder: Option<PathBuf>) -> Self {
        self.copies = self.copies.map(|copies| copies.sparing(folder));
        self
    }

    pub fn held(&self) -> Option<&Copy> {
        self.held.as_ref()
    }

    /// An admin who signs puts two files in their places: who asks in between gets one of each signing, and asks again.
    pub fn ask(&self) -> Result<Answer, Refusal> {
        match self.ask_once() {
            Err(Refusal::WrongSignature) => match self.ask_once() {
                Err(Refusal::Slow) => Err(Refusal::WrongSignature),
                again => again,
            },
            asked => asked,
        }
    }

    fn ask_once(&self) -> Result<Answer, Refusal> {
        let whole = self.held.as_ref().filter(|copy| copy.spoilt.is_none());
        let etag = whole.and_then(|copy| copy.note.as_ref()?.etag.as_deref());
        let url = self.server.url.index();
        let fetched = self.web.get(&url, etag, INDEX_MAX_BYTES);
        let (index, etag) = match fetched.map_err(|fault| refusal(fault, INDEX))? {
            Fetched::NotModified => return Ok(Answer::Unchanged { etag: None }),
            Fetched::Whole { body, etag } => (body, etag),
        };
        let signature = self.fetch(
            &self.server.url.join(SIGNATURE),
            SIGNATURE_MAX_BYTES,
            SIGNATURE,
        )?;
        let offer = Offer { index, signature };
        let held = self.held.as_ref().map(Copy::held).or(self.last_taken);
        match judge(&offer, held.as_ref(), &self.server.key)? {
            Judged::Same => Ok(Answer::Unchanged { etag }),
            Judged::Newer(index) => Ok(Answer::Newer(Box::new(Newer {
                share: index.share_of(&self.server.pc)?,
                offer,
                etag,
                index,
            }))),
        }
    }

    /// Notes that what is in use is the newest.
    pub fn confirm(&self, etag: Option<String>, now: Timestamp) -> Result<(), Refusal> {
        match (&self.copies, &self.held) {
            (Some(copies), Some(held)) => copies.confirm(held, etag, now),
            (_, None) | (None, _) => Ok(()),
        }
    }

    /// Takes every file of it, and lets it count where `fits` says so.
    pub fn take(
        &self,
        newer: Newer,
        fits: impl FnOnce(&Copy) -> Result<(), Refusal>,
        now: Timestamp,
    ) -> Result<Copy, Refusal> {
        let copies = self.copies.as_ref().ok_or_else(|| Refusal::Disk {
            why: crate::words::Sentence::of("cli.no-state-folder"),
        })?;
        let Newer {
            offer,
            etag,
            index,
            share,
        } = newer;
        let staged = copies.stage(&offer, index, share)?;
        let mut left = ALL_MAX_BYTES;
        let mut put = |path: &FilePath| {
            let bytes = self.file(path, staged.copy(), left)?;
            left = left.saturating_sub(bytes.len() as u64);
            staged.put(path, &bytes)
        };
        let taken = staged.copy().share.files.keys().try_for_each(&mut put);
        match taken.and_then(|()| fits(staged.copy())) {
            Ok(()) => staged.accept(&self.server.key, etag, now),
            Err(why) => {
                staged.discard();
                Err(why)
            }
        }
    }

    /// What is the same as before is not asked for.
    fn file(&self, path: &FilePath, wanted: &Copy, left: u64) -> Result<Vec<u8>, Refusal> {
        let held = self.held.as_ref().and_then(|held| held.read(path).ok());
        match held.filter(|bytes| wanted.share.check(path, bytes).is_ok()) {
            Some(bytes) => Ok(bytes),
            None => {
                let most = FILE_MAX_BYTES.min(left);
                self.fetch(&self.server.url.of(path), most, path.as_str())
            }
        }
    }

    fn fetch(&self, url: &str, most: u64, file: &str) -> Result<Vec<u8>, Refusal> {
        match self.web.get(url, None, most) {
            Ok(Fetched::Whole { body, .. }) => Ok(body),
            // Nobody has asked whether it is another.
            Ok(Fetched::NotModified) => Err(refusal(WebFault::Status(304), file)),
            Err(fault) => Err(refusal(fault, file)),
        }
    }
}

fn refusal(fault: WebFault, file: &str) -> Refusal {
    let file = file.to_owned();
    match fault {
        WebFault::Unreachable(why) => Refusal::Unreachable { why },
        WebFault::Untrusted(why) => Refusal::Untrusted { why },
        WebFault::Slow => Refusal::Slow,
        WebFault::Status(status) => Refusal::Status { file, status },
        WebFault::TooLarge => Refusal::TooLarge { file },
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{SocketAddr, TcpListener};
    use std::thread;

    use super::*;
    use crate::provision::{Pc, SigningKey};

    /// A connection for each answer.
    fn answering(answers: Vec<Vec<u8>>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
                let length = answer.len();
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
                );
                let whole = [head.as_bytes(), &answer].concat();
                stream.write_all(&whole).unwrap();
            }
        });
        at
    }

    fn asked(answers: Vec<Vec<u8>>, key: &SigningKey) -> Result<Answer, Refusal> {
        let server = ProvisionServer {
            url: format!("http://{}", answering(answers)).parse().unwrap(),
            ca: None,
            key: key.public(),
            pc: Pc {
                host: String::new(),
                user: String::new(),
            },
        };
        let within = Duration::from_secs(30);
        Question::open(&server, None, within)?.ask()
    }

    #[test]
    fn who_asks_between_the_two_files_of_a_signing_asks_again() {
        let key = SigningKey::from_seed(&[7; 32]);
        let index = b"serial = 2\n".to_vec();
        let of = |index: &[u8]| key.sign(index).to_string().into_bytes();
        let (old, new) = (of(b"serial = 1\n"), of(&index));
        let answers = vec![index.clone(), old.clone(), index.clone(), new];
        let Ok(Answer::Newer(newer)) = asked(answers, &key) else {
            panic!("it was signed in between");
        };
        assert_eq!(newer.index.serial, 2);
        let answers = vec![index.clone(), old.clone(), index, old];
        let refused = asked(answers, &key).err();
        assert_eq!(refused, Some(Refusal::WrongSignature));
    }
}
