use std::ffi::OsString;
use std::path::Path;

use config::{Config, File, FileFormat};

use super::check::Fault;
use super::error::{Complaint, SettingsError};
use super::{Settings, places};
use crate::words::Sentence;

/// What the environment's settings begin with; `__` stands between section and key.
const ENVIRONMENT: &str = "THIRDRING__";

/// The API's token may come this way instead of a file.
const TOKEN: &str = "THIRDRING_TOKEN";

/// Where settings come from, the strongest last; each is a TOML text of its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Layers {
    layers: Vec<Layer>,
    has_token: bool,
}

#[derive(Clone, Debug)]
struct Layer {
    /// What a person calls it: the file's path, the variable, `--set`.
    name: String,
    text: String,
}

impl Layers {
    /// The file alone; the environment and the flags come on top by [`Layers::add`].
    pub(super) fn read(path: &Path) -> Result<Self, SettingsError> {
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Self::of_file(&name, &text)),
            Err(why) => {
                let title = Sentence::of("settings.unreadable")
                    .with("file", name)
                    .with("why", Sentence::of_io(&why));
                let help = Sentence::of("settings.name-another");
                Err(SettingsError::plain(Complaint::new(title, help)))
            }
        }
    }

    pub(super) fn of_file(name: &str, text: &str) -> Self {
        let (name, text) = (name.to_owned(), text.to_owned());
        Self {
            layers: vec![Layer { name, text }],
            has_token: false,
        }
    }

    pub(super) fn add(
        &mut self,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        sets: &[String],
    ) -> Result<(), SettingsError> {
        let text = |(name, value): (OsString, OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let mut variables: Vec<_> = environment.into_iter().filter_map(text).collect();
        variables.sort();
        for (name, value) in variables {
            self.variable(name, &value);
        }
        sets.iter().try_for_each(|set| self.set(set))
    }

    /// Each layer is read alone, so that a fault is shown where it was written; then all together.
    pub(super) fn merge(&self) -> Result<Settings, SettingsError> {
        let mut together = Config::builder();
        for layer in &self.layers {
            layer.read()?;
            together = together.add_source(File::from_str(&layer.text, FileFormat::Toml));
        }
        let together = together.build();
        together
            .and_then(Config::try_deserialize)
            .map_err(|why| SettingsError::plain(Complaint::from_words(&why.to_string())))
    }

    pub(super) fn has_token(&self) -> bool {
        self.has_token
    }

    /// Draws a fault between values in the strongest layer that wrote one of them.
    pub(super) fn picture(&self, fault: Fault) -> SettingsError {
        for layer in self.layers.iter().rev() {
            if let Some(span) = places::find(&layer.text, &fault.place) {
                return SettingsError::at(&layer.name, &layer.text, span, fault.complaint);
            }
        }
        SettingsError::plain(fault.complaint)
    }

    fn variable(&mut self, name: String, value: &str) {
        self.has_token |= name == TOKEN && !value.is_empty();
        if let Some(key) = name.strip_prefix(ENVIRONMENT) {
            let key = key.to_ascii_lowercase().replace("__", ".");
            self.layers.push(Layer::of(name, &key, value));
        }
    }

    fn set(&mut self, set: &str) -> Result<(), SettingsError> {
        let Some((key, value)) = set.split_once('=') else {
            let title = Sentence::of("settings.set-without-value").with("set", set);
            let help = Sentence::of("settings.right.set");
            return Err(SettingsError::plain(Complaint::new(title, help)));
        };
        let layer = Layer::of("--set".to_owned(), key.trim(), value.trim());
        self.layers.push(layer);
        Ok(())
    }
}

impl Layer {
    /// A value that is no TOML, or not of the key's type, is meant as text.
    fn of(name: String, key: &str, value: &str) -> Self {
        let bare = Self {
            name,
            text: format!("{key} = {value}\n"),
        };
        let quoted = toml_edit::Value::from(value);
        let quoted = Self {
            name: bare.name.clone(),
            text: format!("{key} = {quoted}\n"),
        };
        let bare_reads = bare.text.parse::<toml_edit::DocumentMut>().is_ok();
        if bare.read().is_ok() || (bare_reads && quoted.read().is_err()) {
            bare
        } else {
            quoted
        }
    }

    fn read(&self) -> Result<Settings, SettingsError> {
        toml::from_str(&self.text).map_err(|why| {
            let complaint = Complaint::from_words(why.message());
            match why.span() {
                Some(span) => SettingsError::at(&self.name, &self.text, span, complaint),
                None => SettingsError::plain(complaint),
            }
        })
    }
}
