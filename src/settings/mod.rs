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

use std::path::Path;

use self::layers::Layers;

pub use error::SettingsError;
pub use model::{
    Api, Behind, Line, Log, LogFormat, Media, Seat, SeatKind, Settings, Sip, Store, Target, Watch,
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
        Self::from_layers(&layers)
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
