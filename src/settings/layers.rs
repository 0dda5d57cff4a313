use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use config::{Config, ConfigError, File, FileFormat};
use toml::Table;

use super::admin::Admin;
use super::check::{self, Fault};
use super::complaint::Complaint;
use super::finding::{Finding, Source};
use super::places::Place;
use super::reading::Reading;
use super::{Origin, Settings, Sources};
use crate::provision::store::Copy;
use crate::words::Sentence;

/// What the environment's settings begin with; `__` stands between section and key.
const ENVIRONMENT: &str = "THIRDRING__";

/// The API's token may come this way instead of a file.
const TOKEN: &str = "THIRDRING_TOKEN";

/// Beside the file: each of its `.toml` files is a layer, in the order of their names.
const FOLDER: &str = "conf.d";

/// How a layer came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    InFile,
    /// In a variable, or a flag.
    InOneLine,
    ByAdmin,
}

/// Where settings come from, the strongest last; each is a TOML text of its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Layers {
    layers: Vec<Arc<Source>>,
    /// Layers that could not be had.
    missing: Vec<Finding>,
    has_token: bool,
    /// Whose layers are below this PC's own, where it has an admin.
    admin: Option<Arc<Admin>>,
}

impl Layers {
    /// What this PC says itself: the file and what lies beside it, the environment, the flags.
    pub(super) fn own(sources: &Sources) -> Self {
        let mut layers = Self::default();
        layers.add_own(sources);
        layers
    }

    /// What an admin provisions; `place` is what a person calls where it comes from.
    pub(super) fn provisioned(place: &str, copy: &Copy) -> Self {
        let admin = Arc::new(Admin::of(place, copy));
        let mut layers = Self {
            admin: Some(Arc::clone(&admin)),
            ..Self::default()
        };
        for layer in &copy.share.layers {
            let path = layer.path();
            let text = copy.read(path).and_then(|bytes| {
                String::from_utf8(bytes).map_err(|_| ErrorKind::InvalidData.into())
            });
            match text {
                Ok(text) => layers.push(admin.name_of(path.as_str()), text, Written::ByAdmin),
                Err(why) => layers.unreadable(Path::new(path.as_str()), &why),
            }
        }
        layers
    }

    /// On top of what is there.
    pub(super) fn add_own(&mut self, sources: &Sources) {
        if let Some(file) = &sources.file {
            self.file_and_folder(file);
        }
        self.add(std::env::vars_os(), &sources.sets);
    }

    fn file_and_folder(&mut self, path: &Path) {
        self.file(path);
        let folder = path.parent().unwrap_or(Path::new("")).join(FOLDER);
        match files_of(&folder) {
            Ok(files) => files.iter().for_each(|file| self.file(file)),
            Err(why) if why.kind() == ErrorKind::NotFound => {}
            Err(why) => self.unreadable(&folder, &why),
        }
    }

    fn file(&mut self, path: &Path) {
        match fs::read_to_string(path) {
            Ok(text) => self.push(path.display().to_string(), text, Written::InFile),
            Err(why) => self.unreadable(path, &why),
        }
    }

    fn unreadable(&mut self, path: &Path, why: &io::Error) {
        let title = Sentence::of("settings.unreadable")
            .with("file", path.display())
            .with("why", Sentence::of_io(why));
        let help = Sentence::of("settings.name-another");
        self.missing
            .push(Finding::plain(Complaint::new(title, help)));
    }

    #[cfg(test)]
    pub(super) fn of_file(name: &str, text: &str) -> Self {
        let mut layers = Self::default();
        layers.push(name.to_owned(), text.to_owned(), Written::InFile);
        layers
    }

    fn push(&mut self, name: String, text: String, written: Written) {
        self.layers.push(Arc::new(Source {
            name,
            text,
            is_file: written != Written::InOneLine,
            is_provisioned: written == Written::ByAdmin,
            layer: self.layers.len(),
        }));
    }

    pub(super) fn add(
        &mut self,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        sets: &[String],
    ) {
        let text = |(name, value): (OsString, OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let mut variables: Vec<_> = environment.into_iter().filter_map(text).collect();
        variables.sort();
        for (name, value) in variables {
            self.variable(name, &value);
        }
        sets.iter().for_each(|set| self.set(set));
    }

    /// What all layers say together, and everything that is wrong with it. What cannot be read is as if it were not
    /// written, so that the rest is looked at, too.
    pub(super) fn settle(&self) -> (Settings, Vec<Finding>) {
        let readings = self.readings();
        let mut findings = self.missing.clone();
        findings.extend(readings.iter().flat_map(Reading::findings));
        let settings = together(&readings, self.admin.as_deref()).unwrap_or_else(|why| {
            let complaint = Complaint::from_words(&why.to_string());
            findings.push(Finding::plain(complaint));
            Settings::default()
        });
        let faults = check::faults(&settings, self.has_token).into_iter();
        findings.extend(faults.filter_map(|fault| picture(&readings, fault)));
        (settings, findings)
    }

    /// Draws faults between values in the strongest layer that wrote one of them.
    pub(super) fn pictures(&self, faults: Vec<Fault>) -> Vec<Finding> {
        let readings = self.readings();
        let faults = faults.into_iter();
        faults
            .filter_map(|fault| picture(&readings, fault))
            .collect()
    }

    /// Who says each of them, the strongest that does.
    pub(super) fn origins(&self, places: &[Place]) -> Vec<Option<Origin>> {
        let readings = self.readings();
        let origin = |place: &Place| {
            readings.iter().rev().find_map(|reading| {
                let span = reading.tree.find(place)?;
                let source = reading.source;
                let (line, _) = source.line_and_column(span.start);
                Some(Origin {
                    name: source.name.clone(),
                    line: source.is_file.then_some(line),
                })
            })
        };
        places.iter().map(origin).collect()
    }

    fn readings(&self) -> Vec<Reading<'_>> {
        let readings = self.layers.iter();
        readings
            .map(|source| Reading::of::<Settings>(source, self.admin.as_deref()))
            .collect()
    }

    fn variable(&mut self, name: String, value: &str) {
        self.has_token |= name == TOKEN && !value.is_empty();
        if let Some(key) = name.strip_prefix(ENVIRONMENT) {
            let key = key.to_ascii_lowercase().replace("__", ".");
            self.value(name, &key, value);
        }
    }

    fn set(&mut self, set: &str) {
        match set.split_once('=') {
            Some((key, value)) => self.value("--set".to_owned(), key.trim(), value.trim()),
            None => {
                let title = Sentence::of("settings.set-without-value").with("set", set);
                let help = Sentence::of("settings.right.set");
                self.missing
                    .push(Finding::plain(Complaint::new(title, help)));
            }
        }
    }

    /// A value that is no TOML, or not of the key's type, is meant as text.
    fn value(&mut self, name: String, key: &str, value: &str) {
        let bare = format!("{key} = {value}\n");
        let quoted = format!("{key} = {}\n", toml::Value::from(value));
        let is_toml = toml::from_str::<Table>(&bare).is_ok();
        let fits = |text: &str| toml::from_str::<Settings>(text).is_ok();
        let is_bare = fits(&bare) || (is_toml && !fits(&quoted));
        let text = if is_bare { bare } else { quoted };
        self.push(name, text, Written::InOneLine);
    }
}

/// All files that the settings of `path` are read from, as they are there now.
pub fn files(path: &Path) -> Vec<PathBuf> {
    let folder = path.parent().unwrap_or(Path::new("")).join(FOLDER);
    let mut files = vec![path.to_owned()];
    files.extend(files_of(&folder).unwrap_or_default());
    files
}

fn files_of(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let files = fs::read_dir(folder)?.map(|file| Ok(file?.path()));
    let mut files: Vec<PathBuf> = files.collect::<io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    Ok(files)
}

fn together(readings: &[Reading<'_>], admin: Option<&Admin>) -> Result<Settings, ConfigError> {
    let mut together = Config::builder();
    for reading in readings {
        // What its type refused is left out already.
        let mut layer: Table = reading.tree.read().unwrap_or_default();
        if let Some(admin) = admin.filter(|_| reading.source.is_provisioned) {
            admin.place_paths(&mut layer);
        }
        let layer = File::from_str(&layer.to_string(), FileFormat::Toml);
        together = together.add_source(layer);
    }
    together.build()?.try_deserialize()
}

/// None where it only follows from what could not be read.
fn picture(readings: &[Reading<'_>], fault: Fault) -> Option<Finding> {
    let mut left_out = readings.iter().flat_map(|reading| &reading.left_out);
    if left_out.any(|place| fault.follows_from(place)) {
        return None;
    }
    Some(fault.drawn_by(|place| {
        let mut readings = readings.iter().rev();
        readings.find_map(|reading| Some((reading.source, reading.tree.find(place)?)))
    }))
}
