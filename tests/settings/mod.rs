//! Wrong settings files and the exact picture an admin is shown of each.

mod checking;
mod schema;

use std::fs;
use std::path::Path;

use thirdring::settings::{Inspection, Settings, SettingsError, Sources};
use thirdring::words::{Catalogue, Language};

/// Beside each `name.toml` stands what is said about it: `name.en.txt` and `name.zh-CN.txt`.
///
/// With `UPDATE_GOLDEN` set the texts are written instead of compared.
#[test]
fn a_wrong_file_is_shown_with_its_line_and_what_would_be_right() {
    let folder = Path::new("tests/golden/settings");
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    files.sort();
    assert!(files.len() >= 10);
    for path in files {
        let wrong = read(&path).expect_err("the file is wrong");
        for language in Language::ALL {
            let shown = wrong.drawn(Catalogue::shipped(), language) + "\n";
            let golden = path.with_extension(format!("{language}.txt"));
            if update {
                fs::write(&golden, &shown).unwrap();
            }
            let expected = fs::read_to_string(&golden).unwrap();
            assert_eq!(shown, expected, "{}", path.display());
        }
    }
}

#[test]
fn the_files_we_ship_are_right() {
    for path in ["config/thirdring.toml", "config/test.toml"] {
        let read = read(Path::new(path));
        let seats = read.expect(path).seat;
        let files = seats.into_iter().filter_map(|seat| seat.file);
        for file in files {
            assert!(file.exists(), "{path} names {}", file.display());
        }
    }
}

#[test]
fn a_missing_file_is_named() {
    let missing = read(Path::new("no/such.toml"));
    assert!(missing.unwrap_err().to_string().contains("no/such.toml"));
}

/// A file alone, with what lies beside it.
pub(crate) fn read(file: &Path) -> Result<Settings, SettingsError> {
    let sources = Sources {
        file: Some(file.to_owned()),
        sets: Vec::new(),
        state: None,
    };
    Inspection::of(&sources).settings_if_right()
}
