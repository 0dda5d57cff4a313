//! L3. Machine settings: layered, checked, typed once.
//!
//! Defaults, then the file, then `THIRDRING__SECTION__KEY` of the environment, then `--set`: the
//! later wins. Invariant: whoever holds a [`Settings`] need not check a value again.

mod callbacks;
mod check;
mod check_lines;
mod check_phones;
mod dial;
mod error;
mod feature_codes;
mod headset;
mod layers;
mod lines;
mod model;
mod pbx;
mod phone_keys;
mod phones;
mod places;
mod policy_file;
mod ports;
mod recording;
mod seats;
mod secret;
mod store;
mod values;
mod warnings;

use std::path::{Path, PathBuf};

use self::layers::Layers;

pub use callbacks::{Callbacks, First, Holiday, Machine, QuietTable};
pub use dial::{Dial, TRUNK};
pub use error::SettingsError;
pub use headset::{Headset, RingOn};
pub use lines::{Account, ClientCertificate, Peer, Tls, Transport};
pub use model::{
    Api, Behind, Codec, Handoff, Line, Log, LogFormat, Media, ReliableRinging, Seat, SeatKind,
    Settings, Sip, Srtp, Target, Watch,
};
pub use pbx::{FeatureCode, Pbx};
pub use phone_keys::{KeyRow, KeyWords, NoWords, PhoneKeys, read_words};
pub use phones::{Md5, Phones};
pub use policy_file::read_policy;
pub use ports::Opening;
pub use recording::{Recording, RecordingFormat};
pub use seats::{Seats, WrapUp};
pub use secret::Secret;
pub use store::{Store, StoreKind};
pub use values::{Host, HostPort, Network, PolicyFile, Ports, SipUri, StunServer, Zone};

impl Settings {
    /// Reads the layers; `sets` are `section.key=value`. The first fault is the error.
    pub fn load(path: Option<&Path>, sets: &[String]) -> Result<Self, SettingsError> {
        let mut layers = match path {
            Some(path) => Layers::read(path)?,
            None => Layers::default(),
        };
        layers.add(std::env::vars_os(), sets)?;
        let mut settings = Self::from_layers(&layers)?;
        if let Some(folder) = path.and_then(Path::parent) {
            settings.found_in(folder);
        }
        Ok(settings)
    }

    /// Paths in the settings count from the file they stand in.
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
        ];
        let url = self.store.url.as_mut().and_then(Secret::file_mut);
        let others = others.into_iter().flatten().chain(url);
        seats.chain(accounts).chain(others).for_each(at);
    }

    fn from_layers(layers: &Layers) -> Result<Self, SettingsError> {
        let settings = layers.merge()?;
        match check::first_fault(&settings, layers.has_token()) {
            Some(fault) => Err(layers.picture(fault)),
            None => Ok(settings),
        }
    }
}

#[cfg(test)]
mod tests;
