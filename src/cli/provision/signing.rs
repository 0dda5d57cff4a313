//! Every file hashed, every PC's settings looked at, the index signed.

use std::fs;
use std::path::Path;

use toml_edit::{DocumentMut, Item, Table, value};

use super::super::Teller;
use super::super::arguments::SignArguments;
use super::super::failure::{Failure, unusable};
use super::read_key;
use crate::desk;
use crate::files;
use crate::provision::store::Copy;
use crate::provision::{
    Digest, FILE_MAX_BYTES, FilePath, INDEX, INDEX_MAX_BYTES, Index, Pc, Refusal, SIGNATURE,
    Samples,
};
use crate::settings::{Document, Finding, Inspection};
use crate::words::Sentence;

pub(super) fn sign(arguments: &SignArguments, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let folder = arguments.folder.as_path();
    let key = read_key(&arguments.key)?;
    let path = folder.join(INDEX);
    let text = fs::read_to_string(&path).map_err(|why| unusable(&path, why))?;
    let text = filled_in(folder, &text)?;
    let index = Index::read(text.as_bytes()).map_err(|why| refused(&why))?;
    let samples = index.samples();
    let faults = check(folder, (&index, &samples), teller)?;
    if faults > 0 {
        return Err(Failure::Faulty(faults));
    }
    let signature = format!("{}\n", key.sign(text.as_bytes()));
    // A server that gives one of them in between is refused, and asked again.
    replace_file(&folder.join(SIGNATURE), &signature)?;
    replace_file(&path, &text)?;
    let (serial, files) = (index.serial.to_string(), index.sha256.len().to_string());
    let pcs = samples.pcs.len().to_string();
    let values = [("serial", &*serial), ("files", &*files), ("pcs", &*pcs)];
    let signed = match samples.are_all {
        true => "cli.provision.signed",
        false => "cli.provision.signed-of-more",
    };
    let told = teller.filled(signed, &values);
    teller.line(&told)
}

fn refused(why: &Refusal) -> Failure {
    Failure::Told(why.sentence())
}

fn replace_file(path: &Path, text: &str) -> Result<(), Failure> {
    files::replace(path, text.as_bytes()).map_err(|why| unusable(path, why))
}

/// The index with the next serial and the hash of each file that somebody gets; all else as the admin wrote it.
fn filled_in(folder: &Path, text: &str) -> Result<String, Failure> {
    let index = read_index(folder, text)?;
    let mut hashes = Table::new();
    for path in files_of(folder)? {
        if index.names(&path) {
            let bytes = read(folder, &path)?;
            hashes.insert(path.as_str(), value(Digest::of(&bytes).to_string()));
        }
    }
    let settings = index.part.iter().filter_map(|part| part.settings.as_ref());
    if let Some(missing) = settings
        .clone()
        .find(|it| !hashes.contains_key(it.as_str()))
    {
        let missing = Sentence::of("provision.missing").with("file", missing);
        return Err(Failure::Told(missing));
    }
    let unwritable = |why: &dyn std::fmt::Display| {
        let why = Sentence::of("provision.index.unread").with("why", why);
        refused(&Refusal::NoIndex { line: None, why })
    };
    let mut text: DocumentMut = text.parse().map_err(|why| unwritable(&why))?;
    let serial = index.serial.checked_add(1);
    let serial = serial.and_then(|serial| i64::try_from(serial).ok());
    let serial = serial.ok_or_else(|| Failure::Told(Sentence::of("provision.index.serial")))?;
    text.insert("serial", value(serial));
    text.insert("sha256", Item::Table(hashes));
    let text = text.to_string();
    match text.len() as u64 <= INDEX_MAX_BYTES {
        true => Ok(text),
        false => Err(refused(&Refusal::TooLarge {
            file: INDEX.to_owned(),
        })),
    }
}

/// Each fault is drawn where it was written.
fn read_index(folder: &Path, text: &str) -> Result<Index, Failure> {
    let name = folder.join(INDEX).display().to_string();
    let read = Document::read::<Index>(&name, text);
    read.and_then(|(document, _)| document.faults())
        .map_err(Failure::Settings)?;
    Index::read(text.as_bytes()).map_err(|why| refused(&why))
}

fn read(folder: &Path, path: &FilePath) -> Result<Vec<u8>, Failure> {
    let whole = folder.join(path.as_str());
    let bytes = fs::read(&whole).map_err(|why| unusable(&whole, why))?;
    match bytes.len() as u64 <= FILE_MAX_BYTES {
        true => Ok(bytes),
        false => Err(refused(&Refusal::TooLarge {
            file: path.to_string(),
        })),
    }
}

/// All but the index, its signature, and what no path of an index can name.
fn files_of(folder: &Path) -> Result<Vec<FilePath>, Failure> {
    let mut found = Vec::new();
    list(folder, "", &mut found)?;
    found.retain(|path| ![INDEX, SIGNATURE].contains(&path.as_str()));
    found.sort();
    Ok(found)
}

fn list(folder: &Path, within: &str, found: &mut Vec<FilePath>) -> Result<(), Failure> {
    let entries = fs::read_dir(folder).map_err(|why| unusable(folder, why))?;
    for entry in entries {
        let entry = entry.map_err(|why| unusable(folder, why))?;
        let name = format!("{within}{}", entry.file_name().to_string_lossy());
        match (entry.path().is_dir(), name.parse::<FilePath>()) {
            (true, Ok(_)) => list(&entry.path(), &format!("{name}/"), found)?,
            (false, Ok(path)) => found.push(path),
            (_, Err(_)) => {}
        }
    }
    Ok(())
}

/// As `config check` would on each PC; how many faults there are, which are shown.
fn check(
    folder: &Path,
    (index, samples): (&Index, &Samples),
    teller: &mut Teller<'_>,
) -> Result<usize, Failure> {
    let mut faults = 0;
    for pc in &samples.pcs {
        let share = index.share_of(pc).map_err(|why| refused(&why))?;
        let copy = Copy::in_folder(folder, index.clone(), share);
        let mut inspection = Inspection::to_sign(&folder.display().to_string(), &copy);
        desk::inspect(&mut inspection);
        let found: Vec<Finding> = inspection.findings().filter(Finding::is_error).collect();
        if !found.is_empty() {
            faults += found.len();
            show(pc, &found, teller)?;
        }
    }
    Ok(faults)
}

fn show(pc: &Pc, faults: &[Finding], teller: &mut Teller<'_>) -> Result<(), Failure> {
    let values = [("host", &*pc.host), ("user", &*pc.user)];
    let head = match pc.host.is_empty() && pc.user.is_empty() {
        true => teller.text("cli.provision.faults-of-others"),
        false => teller.filled("cli.provision.faults-of", &values),
    };
    teller.line(&head)?;
    for fault in faults {
        teller.line(&fault.drawn(teller.texts, teller.language))?;
        teller.line("")?;
    }
    Ok(())
}
