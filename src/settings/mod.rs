//! L3. Machine settings: layered, checked, typed once.
//!
//! Defaults, then the file, then `THIRDRING__SECTION__KEY` of the environment, then `--set`: the
//! later wins. Invariant: whoever holds a [`Settings`] need not check a value again.

mod check;
mod error;
mod layers;
mod model;
mod places;
mod policy_file;
mod values;

use std::path::{Path, PathBuf};

use self::layers::Layers;

pub use error::SettingsError;
pub use model::{
    Api, Behind, Handoff, Line, Log, LogFormat, Media, ReliableRinging, Seat, SeatKind, Settings,
    Sip, Store, Target, Watch,
};
pub use policy_file::read_policy;
pub use values::{HostPort, Network, PolicyFile, Ports, SipUri, Zone};

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
        let seats = self.seat.iter_mut().filter_map(|seat| seat.file.as_mut());
        let others = [
            &mut self.prompts,
            &mut self.api.token_file,
            &mut self.store.path,
        ];
        seats.chain(others.into_iter().flatten()).for_each(at);
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
