use std::fmt;
use std::path::Path;

use super::check::Fault;
use super::finding::{Finding, SettingsError};
use super::layers::Layers;
use super::places::Place;
use super::{ProvisionServer, Provisioned, Settings, Sources};
use crate::provision::store::Copy;
use crate::provision::{FilePath, Refusal};
use crate::words::Sentence;

/// The settings of a start, and all that is wrong with them.
pub struct Inspection {
    layers: Layers,
    settings: Settings,
    findings: Vec<Finding>,
    provisioned: Option<Provisioned>,
    lacks_copy: Option<Sentence>,
}

/// Who set a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file's path, the variable, `--set`.
    pub name: String,
    /// From 1; of a file.
    pub line: Option<usize>,
}

impl Inspection {
    /// Reads the layers, with what this PC has taken of an admin's.
    pub fn of(sources: &Sources) -> Self {
        let own = Self::own(sources);
        let server = own.settings.provision.server();
        let Some((server, state)) = server.zip(sources.state.as_deref()) else {
            return own;
        };
        match server.copy(state) {
            Ok(Some(copy)) => match &copy.spoilt {
                None => Self::with_copy(sources, &server.url.to_string(), &copy),
                Some(path) => own.without_copy(&server, &changed(path)),
            },
            Ok(None) => own.without_copy(&server, &Sentence::of("provision.never-taken")),
            Err(why) => own.without_copy(&server, &why.sentence()),
        }
    }

    /// What this PC says itself, as if nothing were provisioned.
    pub fn own(sources: &Sources) -> Self {
        Self::of_layers(Layers::own(sources)).placed(sources)
    }

    /// The same with this copy below this PC's own layers.
    pub fn with_copy(sources: &Sources, place: &str, copy: &Copy) -> Self {
        let mut layers = Layers::provisioned(place, copy);
        layers.add_own(sources);
        let mut inspection = Self::of_layers(layers).placed(sources);
        inspection.provisioned = Some(Provisioned::of(copy));
        inspection
    }

    /// What an admin is about to sign for a PC, without that PC's own: what is only there cannot be looked at.
    pub fn to_sign(place: &str, copy: &Copy) -> Self {
        let mut inspection = Self::of_layers(Layers::provisioned(place, copy));
        inspection.settings.forget_outside(&copy.files);
        inspection
    }

    fn placed(mut self, sources: &Sources) -> Self {
        if let Some(folder) = sources.file.as_deref().and_then(Path::parent) {
            self.settings.found_in(folder);
        }
        if let Some(state) = &sources.state {
            self.settings.enrolled_in(state);
        }
        self
    }

    fn without_copy(mut self, server: &ProvisionServer, why: &Sentence) -> Self {
        let title = Sentence::of("settings.not-provisioned")
            .with("url", &server.url)
            .with("why", why);
        self.findings.push(Finding::warning(title.clone()));
        self.lacks_copy = Some(title);
        self
    }

    pub(super) fn of_layers(layers: Layers) -> Self {
        let (settings, mut findings) = layers.settle();
        findings.sort_by_key(Finding::order);
        Self {
            layers,
            settings,
            findings,
            provisioned: None,
            lacks_copy: None,
        }
    }

    pub fn settings_if_right(self) -> Result<Settings, SettingsError> {
        match SettingsError::among(self.findings) {
            Some(error) => Err(error),
            None => Ok(self.settings),
        }
    }

    /// What was written, but for what could not be read.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The admin's, where this PC has taken it.
    pub fn provisioned(&self) -> Option<&Provisioned> {
        self.provisioned.as_ref()
    }

    /// Why what an admin provisions is left out, where he does: whoever looks may go on, an agent may not.
    pub fn lacks_copy(&self) -> Option<&Sentence> {
        self.lacks_copy.as_ref()
    }

    /// Faults and warnings.
    pub fn findings(&self) -> impl Iterator<Item = Finding> {
        let warnings = self.settings.warnings().into_iter().map(Finding::warning);
        self.findings.iter().cloned().chain(warnings)
    }

    /// What somebody else found, drawn where it was written.
    pub fn add(&mut self, faults: Vec<Fault>) {
        self.findings.extend(self.layers.pictures(faults));
        self.findings.sort_by_key(Finding::order);
    }

    /// What was found in another file.
    pub fn add_drawn(&mut self, error: &SettingsError) {
        self.findings.extend_from_slice(error.findings());
        self.findings.sort_by_key(Finding::order);
    }

    /// Who set the value at each place; none: it is the default.
    pub(super) fn origins(&self, places: &[Place]) -> Vec<Option<Origin>> {
        self.layers.origins(places)
    }
}

fn changed(path: &FilePath) -> Sentence {
    let file = path.to_string();
    Refusal::Changed { file }.sentence()
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.name),
            None => f.write_str(&self.name),
        }
    }
}
