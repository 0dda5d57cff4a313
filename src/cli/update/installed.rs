//! Programs, and the places they have.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::arguments::LayersArguments;
use super::shown;
use crate::provision::Digest;
use crate::words::Sentence;

/// The program that the rep's service starts.
pub(super) struct Installed {
    path: PathBuf,
}

/// A program that may take its place.
pub(super) struct Candidate {
    path: PathBuf,
}

/// A copy of one, ready beside the installed program; gone again where it does not take the place.
pub(super) struct Staged<'a> {
    installed: &'a Installed,
    /// What a person calls it.
    candidate: PathBuf,
}

impl Candidate {
    pub(super) fn of(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Installed {
    /// Where this very program is, unless it is said.
    pub(super) fn at(path: Option<&Path>) -> Result<Self, Sentence> {
        let path = match path {
            Some(path) => Ok(path.to_owned()),
            None => std::env::current_exe(),
        };
        let unknown = |why: io::Error| Sentence::of("start.system").with("why", why);
        let path = path.and_then(fs::canonicalize).map_err(unknown)?;
        Ok(Self { path })
    }

    /// Beside it: the one that was there before.
    pub(super) fn previous(&self) -> Candidate {
        Candidate::of(self.beside("previous"))
    }

    /// Copies the candidate beside it, whole and on the disk: what is looked at then is what takes the place, whatever
    /// becomes of the candidate.
    pub(super) fn stage(&self, candidate: &Candidate) -> Result<Staged<'_>, Sentence> {
        let next = self.beside("next");
        // From here on it is removed whatever fails.
        let staged = Staged {
            installed: self,
            candidate: candidate.path.clone(),
        };
        let copied = fs::copy(&candidate.path, &next)
            .and_then(|_| fs::metadata(&self.path))
            .and_then(|found| fs::set_permissions(&next, found.permissions()))
            .and_then(|()| File::options().append(true).open(&next)?.sync_all());
        copied.map_err(|why| unusable(&next, &why))?;
        Ok(staged)
    }

    /// The previous one in its place again, and this one where the previous one was.
    pub(super) fn swap_back(&self) -> Result<(), Sentence> {
        self.stage(&self.previous())?.swap()
    }

    /// `thirdring.previous`; on Windows `thirdring.previous.exe`, which can be started.
    fn beside(&self, name: &str) -> PathBuf {
        let ending = self.path.extension().filter(|_| cfg!(windows));
        match ending {
            Some(ending) => self.path.with_extension(name).with_added_extension(ending),
            None => self.path.with_added_extension(name),
        }
    }
}

impl Staged<'_> {
    fn path(&self) -> PathBuf {
        self.installed.beside("next")
    }

    /// What it says of itself: its name and version. Fails where it is not the one that was meant, does not run here, or
    /// does not take the settings.
    pub(super) fn examined(
        &self,
        meant: Option<&Digest>,
        layers: &LayersArguments,
    ) -> Result<String, Sentence> {
        if let Some(meant) = meant {
            self.is_the_one(meant)?;
        }
        let told = Command::new(self.path()).arg("--version").output();
        let told = told.ok().filter(|told| told.status.success());
        let version = told.map(|told| String::from_utf8_lossy(&told.stdout).trim().to_owned());
        let version = version.filter(|version| version.starts_with("thirdring "));
        let Some(version) = version else {
            let of = Sentence::of("update.no-thirdring");
            return Err(of.with("file", self.candidate.display()));
        };
        self.takes(layers)?;
        Ok(version)
    }

    fn is_the_one(&self, meant: &Digest) -> Result<(), Sentence> {
        let path = self.path();
        let found = File::open(&path).and_then(|mut file| Digest::of_reader(&mut file));
        let found = found.map_err(|why| unusable(&path, &why))?;
        match found == *meant {
            true => Ok(()),
            false => Err(Sentence::of("update.another")
                .with("file", self.candidate.display())
                .with("found", found)
                .with("meant", meant)),
        }
    }

    /// The settings may hold keys that it does not know, or lack some that it must have.
    fn takes(&self, layers: &LayersArguments) -> Result<(), Sentence> {
        let mut check = Command::new(self.path());
        check.args(["config", "check"]);
        if let Some(file) = &layers.config {
            check.arg("-c").arg(file);
        }
        if let Some(state) = &layers.state {
            check.arg("--state").arg(state);
        }
        for set in &layers.set {
            check.arg("--set").arg(set);
        }
        let told = check.output();
        let told = told.map_err(|why| unusable(&self.candidate, &why))?;
        if told.status.success() {
            return Ok(());
        }
        let told = [told.stdout, told.stderr].concat();
        let told = String::from_utf8_lossy(&told).trim().to_owned();
        Err(Sentence::of("update.refuses-settings").with("told", told))
    }

    /// There is a program in the place at every moment, but on Windows.
    pub(super) fn swap(self) -> Result<(), Sentence> {
        let Installed { path } = self.installed;
        let previous = self.installed.beside("previous");
        set_aside(path, &previous).map_err(|why| unusable(&previous, &why))?;
        fs::rename(self.path(), path).map_err(|why| {
            if cfg!(windows) {
                // Nothing is in the place: any program is better than none.
                let _ = fs::rename(&previous, path);
            }
            unusable(path, &why)
        })
    }
}

impl Drop for Staged<'_> {
    /// Once it has taken the place there is none.
    fn drop(&mut self) {
        let _ = fs::remove_file(self.path());
    }
}

/// Windows lets a program that runs be renamed and not be replaced.
fn set_aside(path: &Path, previous: &Path) -> io::Result<()> {
    if cfg!(windows) {
        return fs::rename(path, previous);
    }
    let fresh = path.with_added_extension("previous.new");
    fs::copy(path, &fresh)?;
    fs::rename(&fresh, previous)
}

fn unusable(path: &Path, why: &io::Error) -> Sentence {
    Sentence::of("cli.file")
        .with("file", shown(path))
        .with("why", Sentence::of_io(why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(test: &str) -> PathBuf {
        let name = format!("thirdring-update-{}-{test}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn programs_change_places_and_change_back() {
        let folder = folder("places");
        let path = folder.join("thirdring");
        fs::write(&path, "old").unwrap();
        fs::write(folder.join("download"), "new").unwrap();
        let installed = Installed::at(Some(&path)).unwrap();
        let candidate = Candidate::of(folder.join("download"));
        installed.stage(&candidate).unwrap().swap().unwrap();
        let places = || {
            let previous = fs::read_to_string(installed.previous().path()).unwrap();
            (fs::read_to_string(&path).unwrap(), previous)
        };
        assert_eq!(places(), ("new".into(), "old".into()));
        installed.swap_back().unwrap();
        assert_eq!(places(), ("old".into(), "new".into()));
        let left = fs::read_dir(&folder).unwrap().count();
        fs::remove_dir_all(folder).unwrap();
        assert_eq!(left, 3, "the download, the program, the previous one");
    }

    #[test]
    fn a_file_of_another_sum_is_refused_before_it_is_started() {
        let folder = folder("sum");
        let (path, download) = (folder.join("thirdring"), folder.join("download"));
        fs::write(&path, "old").unwrap();
        fs::write(&download, "#!/bin/sh\ntouch started\n").unwrap();
        let installed = Installed::at(Some(&path)).unwrap();
        let staged = installed.stage(&Candidate::of(download)).unwrap();
        let refused = staged.is_the_one(&Digest::of(b"another")).unwrap_err();
        let taken = staged.is_the_one(&Digest::of(b"#!/bin/sh\ntouch started\n"));
        drop(staged);
        let left = fs::read_dir(&folder).unwrap().count();
        fs::remove_dir_all(folder).unwrap();
        assert_eq!(refused.key(), "update.another");
        assert_eq!(taken, Ok(()));
        assert_eq!(left, 2, "the download, the program");
    }

    #[test]
    fn what_was_looked_at_is_what_is_installed() {
        let folder = folder("same");
        let (path, download) = (folder.join("thirdring"), folder.join("download"));
        fs::write(&path, "old").unwrap();
        fs::write(&download, "what was meant").unwrap();
        let installed = Installed::at(Some(&path)).unwrap();
        let staged = installed.stage(&Candidate::of(download.clone())).unwrap();
        assert_eq!(staged.is_the_one(&Digest::of(b"what was meant")), Ok(()));
        fs::write(&download, "something else").unwrap();
        staged.swap().unwrap();
        let in_place = fs::read_to_string(&path).unwrap();
        fs::remove_dir_all(folder).unwrap();
        assert_eq!(in_place, "what was meant");
    }
}
