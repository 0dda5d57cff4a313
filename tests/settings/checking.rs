//! `thirdring config`: what it says of wrong settings, where values come from, what keys mean.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use thirdring::cli::{self, Environment};
use thirdring::words::Language;

/// The exit code, the answer and the complaint.
fn config(words: &[&str]) -> (u8, String, String) {
    let line = ["thirdring", "config"].iter().chain(words);
    let line = line.map(|word| OsString::from(*word));
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let code = cli::invoke(line, &Environment::default(), &mut out, &mut errors);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (code, text(out), text(errors))
}

fn right(words: &[&str]) -> String {
    let (code, out, errors) = config(words);
    assert_eq!((code, errors.as_str()), (0, ""), "{words:?}");
    out
}

/// A folder of this test alone.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("thirdring-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Beside each wrong file stands what is said of it, and the exit code. With `UPDATE_GOLDEN` set the texts are written.
#[test]
fn all_that_is_wrong_is_shown_in_one_run() {
    let bad = Path::new("tests/settings/bad");
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut files: Vec<PathBuf> = fs::read_dir(bad)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    files.push(bad.join("layered/thirdring.toml"));
    files.sort();
    assert!(files.len() >= 14, "{files:?}");
    for path in files {
        for language in Language::ALL {
            let (file, language) = (path.to_str().unwrap(), language.to_string());
            let (code, out, errors) = config(&["check", "-c", file, "--language", &language]);
            let shown = format!("{out}{errors}exit code {code}\n");
            assert!(!shown.contains("sesame"), "{shown}");
            let golden = path.with_extension(format!("{language}.txt"));
            if update {
                fs::write(&golden, &shown).unwrap();
            }
            let expected = fs::read_to_string(&golden).unwrap_or_default();
            assert_eq!(shown, expected, "{}", path.display());
        }
    }
}

#[test]
fn an_editor_is_told_line_and_column() {
    let file = "tests/settings/bad/ports_twice.toml";
    let (code, out, _) = config(&["check", "--json", "-c", file]);
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &told["ok"]), (1, &false.into()));
    let all = told["findings"].as_array().unwrap();
    let ports = all.iter().find(|it| it["line"] == 6).unwrap();
    assert_eq!(
        (&ports["column"], &ports["source"]),
        (&9.into(), &file.into())
    );
    assert_eq!(
        (&ports["severity"], &ports["end_column"]),
        (&"error".into(), &22.into())
    );
}

#[test]
fn a_flag_is_named_where_it_is_wrong() {
    let slip = "sip.lisen=127.0.0.1:5061";
    let (code, out, _) = config(&["check", "--language", "en", "--set", slip]);
    assert_eq!(code, 1);
    assert!(
        out.contains("= from: --set\n") && out.contains("`listen`"),
        "{out}"
    );
    assert!(!out.contains("1 |"), "{out}");
}

#[test]
fn the_files_we_ship_have_no_fault() {
    for file in [
        "config/thirdring.toml",
        "config/thirdring.zh-CN.toml",
        "config/test.toml",
    ] {
        let told = right(&["check", "-c", file, "--language", "en"]);
        assert_eq!(told, "the settings have no fault\n", "{file}");
    }
}

#[test]
fn our_own_recordings_can_be_played() {
    let folder = "prompts=config/prompts";
    right(&["check", "--language", "en", "--set", folder]);
}

#[test]
fn later_layers_win_and_each_value_has_its_origin() {
    let folder = folder("layers");
    let main = folder.join("thirdring.toml");
    fs::create_dir_all(folder.join("conf.d")).unwrap();
    fs::write(
        &main,
        "language = \"en\"\n[sip]\ncalls_max = 1\nfrom_user = \"1\"\n",
    )
    .unwrap();
    let part = |name: &str, text: &str| fs::write(folder.join("conf.d").join(name), text).unwrap();
    part("20-b.toml", "\nsip.calls_max = 3\n");
    part("10-a.toml", "sip.calls_max = 2\nsip.from_user = \"2\"\n");
    part("notes.txt", "no settings");
    let main = main.to_str().unwrap();
    let shown = right(&[
        "show",
        "--origin",
        "-c",
        main,
        "--set",
        "api.listen=127.0.0.1:0",
        "--language",
        "en",
    ]);
    let at = |file: &str| folder.join(file).display().to_string();
    for line in [
        format!("language = \"en\"  # {main}:1"),
        format!("sip.calls_max = 3  # {}:2", at("conf.d/20-b.toml")),
        format!("sip.from_user = \"2\"  # {}:2", at("conf.d/10-a.toml")),
        "api.listen = \"127.0.0.1:0\"  # --set".to_owned(),
        "country = \"cn\"  # default".to_owned(),
    ] {
        assert!(
            shown.lines().any(|it| it == line),
            "{line}\nis not in\n{shown}"
        );
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn what_is_shown_can_be_read_again_and_has_no_secret() {
    let account =
        "sip.account=[{ name = \"a\", username = \"1\", domain = \"pbx\", password = \"sesame\" }]";
    let shown = right(&[
        "show",
        "--set",
        account,
        "--set",
        "test=true",
        "--set",
        "sip.trunk=192.0.2.1",
    ]);
    assert!(
        !shown.contains("sesame") && shown.contains("password = \"***\""),
        "{shown}"
    );
    let folder = folder("shown");
    let file = folder.join("again.toml");
    fs::write(&file, &shown).unwrap();
    assert_eq!(right(&["show", "-c", file.to_str().unwrap()]), shown);
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_key_is_explained_in_the_readers_language() {
    let english = right(&[
        "explain",
        "sip.behind",
        "--language",
        "en",
        "--set",
        "sip.behind=direct",
    ]);
    for part in [
        "no seat ready",
        "queue, direct",
        "D9",
        "\"queue\"",
        "\"direct\"",
        "--set",
    ] {
        assert!(english.contains(part), "{part}\nis not in\n{english}");
    }
    let chinese = right(&["explain", "sip.behind", "--language", "zh-CN"]);
    assert!(
        chinese.contains("没有座席可用时") && chinese.contains("默认值"),
        "{chinese}"
    );
    let section = right(&["explain", "sip.tls", "--language", "en"]);
    assert!(
        section.contains("sip.tls.verify") && section.contains("true or false"),
        "{section}"
    );
    let (code, _, errors) = config(&["explain", "sip.behnd", "--language", "en"]);
    assert!(code == 2 && errors.contains("`sip.behind`"), "{errors}");
}
