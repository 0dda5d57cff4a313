use std::fmt;
use std::path::Path;

use super::Settings;
use super::check::Fault;
use super::finding::{Finding, SettingsError};
use super::layers::Layers;
use super::places::Place;

/// The settings of a start, and all that is wrong with them.
pub struct Inspection {
    layers: Layers,
    settings: Settings,
    findings: Vec<Finding>,
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
    /// Reads the layers; `sets` are `section.key=value`.
    pub fn of(path: Option<&Path>, sets: &[String]) -> Self {
        let mut layers = path.map(Layers::read).unwrap_or_default();
        layers.add(std::env::vars_os(), sets);
        let mut inspection = Self::of_layers(layers);
        if let Some(folder) = path.and_then(Path::parent) {
            inspection.settings.found_in(folder);
        }
        inspection
    }

    pub(super) fn of_layers(layers: Layers) -> Self {
        let (settings, mut findings) = layers.settle();
        findings.sort_by_key(Finding::order);
        Self {
            layers,
            settings,
            findings,
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

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.name),
            None => f.write_str(&self.name),
        }
    }
}
