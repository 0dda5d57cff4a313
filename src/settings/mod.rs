//! L3. Machine settings: layered, checked, typed once.
//!
//! Defaults, then the file, then `conf.d/*.toml` beside it, then `THIRDRING__SECTION__KEY` of the environment, then
//! `--set`: the later wins. Invariant: whoever holds a [`Settings`] need not check a value again.

mod callbacks;
mod check;
mod check_lines;
mod check_phones;
mod check_ports;
mod complaint;
mod dial;
mod document;
mod effective;
mod feature_codes;
mod finding;
mod headset;
mod inspection;
mod kind;
mod layers;
mod lines;
mod manual;
mod model;
mod pbx;
mod phone_keys;
mod phones;
mod places;
mod policy_file;
mod ports;
mod reading;
mod recording;
mod schema;
mod seats;
mod secret;
mod store;
mod tree;
mod values;
mod warnings;

use std::path::{Path, PathBuf};

pub use callbacks::{Callbacks, First, Holiday, Machine, QuietTable};
pub use check::Fault;
pub use dial::{Dial, TRUNK};
pub use document::Document;
pub use effective::Effective;
pub use finding::{Finding, SettingsError};
pub use headset::{Headset, RingOn};
pub use inspection::{Inspection, Origin};
pub use kind::Kind;
pub use lines::{Account, ClientCertificate, Peer, Tls, Transport};
pub use manual::{Entry, Manual};
pub use model::{
    Api, Behind, Codec, Handoff, Line, Log, LogFormat, LogTo, Media, ReliableRinging, Seat,
    SeatKind, Settings, Sip, Srtp, Target, Watch,
};
pub use pbx::{FeatureCode, Pbx};
pub use phone_keys::{KeyRow, KeyWords, NoWords, PhoneKeys, read_words};
pub use phones::{Md5, Phones};
pub use places::{Place, Step};
pub use policy_file::{policy_changes, read_policy};
pub use ports::Opening;
pub use recording::{Recording, RecordingFormat};
pub use schema::schema;
pub use seats::{Seats, WrapUp};
pub use secret::Secret;
pub use store::{Store, StoreKind};
pub use values::{Host, HostPort, Network, PolicyFile, Ports, SipUri, StunServer, Zone};

impl Settings {
    /// Reads the layers; `sets` are `section.key=value`. All faults are the error.
    pub fn load(path: Option<&Path>, sets: &[String]) -> Result<Self, SettingsError> {
        Inspection::of(path, sets).settings_if_right()
    }

    /// Paths in the settings count from the folder of the file, whichever layer names them.
    fn found_in(&mut self, folder: &Path) {
        let at = |path: &mut PathBuf| *path = folder.join(&*path);
        if let PolicyFile::File(path) = &mut self.policy {
            at(path);
        }
        let accounts = self.sip.account.iter_mut();
        let accounts = accounts.filter_map(|account| account.password.as_mut()?.file_mut());
        let seats = self.seat.iter_mut().flat_map(|seat| {
            let password = seat.password.as_mut().and_then(Secret::file_mut);
            seat.file.as_mut().into_iter().chain(password)
        });
        let others = [
            &mut self.prompts,
            &mut self.music,
            &mut self.api.token_file,
            &mut self.store.path,
            &mut self.recording.folder,
            &mut self.recording.key_file,
            &mut self.sip.tls.certificate,
            &mut self.sip.tls.key,
            &mut self.sip.tls.ca,
            &mut self.log.folder,
        ];
        let url = self.store.url.as_mut().and_then(Secret::file_mut);
        let others = others.into_iter().flatten().chain(url);
        seats.chain(accounts).chain(others).for_each(at);
    }
}

#[cfg(test)]
mod tests;
