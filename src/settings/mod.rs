//! L3. Machine settings: layered, checked, typed once.
//!
//! Defaults, then what an admin provisions, then the file, then `conf.d/*.toml` beside it, then `THIRDRING__SECTION__KEY` of the environment, then
//! `--set`: the later wins. Invariant: whoever holds a [`Settings`] need not check a value again.

mod admin;
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
mod provision;
mod provisioned;
mod reading;
mod recording;
mod schema;
mod seats;
mod secret;
mod sources;
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
pub use layers::files;
pub use lines::{Account, ClientCertificate, Peer, Tls, Transport};
pub use manual::{Entry, Manual};
pub use model::{
    Api, Behind, Codec, Handoff, Line, Log, LogFormat, LogTo, Media, ReliableRinging, ReloadWhen,
    Seat, SeatKind, Settings, Sip, Srtp, Target, Watch,
};
pub use pbx::{FeatureCode, Pbx};
pub use phone_keys::{KeyRow, KeyWords, NoWords, PhoneKeys, read_words};
pub use phones::{Md5, Phones};
pub use places::{Place, Step};
pub use policy_file::{policy_changes, read_policy};
pub use ports::Opening;
pub use provision::{Provision, ProvisionServer, ProvisionUrl};
pub use provisioned::Provisioned;
pub use recording::{Recording, RecordingFormat};
pub use schema::schema;
pub use seats::{Seats, WrapUp};
pub use secret::Secret;
pub use sources::Sources;
pub use store::{Store, StoreKind};
pub use values::{Host, HostPort, Network, PolicyFile, Ports, SipUri, StunServer, Zone};

impl Settings {
    /// What was enrolled for is in the state folder.
    fn enrolled_in(&mut self, state: &Path) {
        let secrets = self.secrets().into_iter();
        secrets.for_each(|secret| secret.enrolled_in(state));
    }

    /// Paths in the settings count from the folder of the file, whichever layer names them.
    fn found_in(&mut self, folder: &Path) {
        let at = |path: &mut PathBuf| *path = folder.join(&*path);
        if let PolicyFile::File(path) = &mut self.policy {
            at(path);
        }
        let secrets = self.secrets().into_iter();
        secrets.filter_map(Secret::file_mut).for_each(at);
        self.paths().into_iter().flatten().for_each(at);
    }

    /// What is not in this folder is not there for who looks; a secret is nowhere but on its PC.
    fn forget_outside(&mut self, folder: &Path) {
        let is_outside = |path: &PathBuf| !path.starts_with(folder);
        for path in self.paths() {
            path.take_if(|path| is_outside(path));
        }
        for secret in self.secrets() {
            if secret.file().is_some() {
                let name = "-".to_owned();
                *secret = Secret::Enrolled {
                    name,
                    kept_in: None,
                };
            }
        }
    }

    fn secrets(&mut self) -> Vec<&mut Secret> {
        let accounts = self.sip.account.iter_mut();
        let accounts = accounts.filter_map(|account| account.password.as_mut());
        let seats = self.seat.iter_mut().filter_map(|it| it.password.as_mut());
        accounts.chain(seats).chain(&mut self.store.url).collect()
    }

    /// All but the policy's and those of secrets.
    fn paths(&mut self) -> Vec<&mut Option<PathBuf>> {
        let seats = self.seat.iter_mut().map(|seat| &mut seat.file);
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
            &mut self.provision.ca,
        ];
        seats.chain(others).collect()
    }
}

#[cfg(test)]
mod tests;
