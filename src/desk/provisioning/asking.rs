use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::net::{Fetched, Web, WebFault};
use crate::provision::store::{Copies, Copy};
use crate::provision::{
    ALL_MAX_BYTES, FILE_MAX_BYTES, FilePath, INDEX, INDEX_MAX_BYTES, Index, Judged, Offer, Refusal,
    SIGNATURE, SIGNATURE_MAX_BYTES, Share, judge,
};
use crate::settings::ProvisionServer;

/// Whether there is something newer than what this PC has taken.
pub struct Question<'s> {
    server: &'s ProvisionServer,
    copies: Option<Copies>,
    /// What is in use.
    held: Option<Copy>,
    web: Web,
}

/// What the server says, judged.
pub enum Answer {
    /// What is in use is the newest.
    Unchanged,
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
        // One that cannot be read, or was signed with another key, is as good as none.
        let held = state.and_then(|state| server.copy(state).ok()?);
        Ok(Self {
            server,
            copies: state.map(Copies::of),
            held,
            web,
        })
    }

    pub fn held(&self) -> Option<&Copy> {
        self.held.as_ref()
    }

    pub fn ask(&self) -> Result<Answer, Refusal> {
        let whole = self.held.as_ref().filter(|copy| copy.spoilt.is_none());
        let etag = whole.and_then(|copy| copy.note.as_ref()?.etag.as_deref());
        let url = self.server.url.index();
        let fetched = self.web.get(&url, etag, INDEX_MAX_BYTES);
        let (index, etag) = match fetched.map_err(|fault| refusal(fault, INDEX))? {
            Fetched::NotModified => return Ok(Answer::Unchanged),
            Fetched::Whole { body, etag } => (body, etag),
        };
        let signature = self.fetch(
            &self.server.url.join(SIGNATURE),
            SIGNATURE_MAX_BYTES,
            SIGNATURE,
        )?;
        let offer = Offer { index, signature };
        let held = self.held.as_ref().map(Copy::held);
        match judge(&offer, held.as_ref(), &self.server.key)? {
            Judged::Same => Ok(Answer::Unchanged),
            Judged::Newer(index) => Ok(Answer::Newer(Box::new(Newer {
                share: index.share_of(&self.server.pc)?,
                offer,
                etag,
                index,
            }))),
        }
    }

    /// Notes that what is in use is the newest.
    pub fn confirm(&self, now: Timestamp) -> Result<(), Refusal> {
        match (&self.copies, &self.held) {
            (Some(copies), Some(held)) => copies.confirm(held, now),
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
            Ok(()) => staged.accept(etag, now),
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
