use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::{Environment, invoke};

/// The exit code and what was said.
fn told(line: &str) -> (u8, String) {
    let (mut told, mut errors) = (Vec::new(), Vec::new());
    let words = line.split(' ').map(Into::into);
    let code = invoke(words, &Environment::default(), &mut told, &mut errors);
    told.extend(errors);
    (code, String::from_utf8(told).unwrap())
}

/// A folder of its own, which goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("thirdring-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let file = self.0.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        file
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn ours(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("config/prompts")
        .join(name)
}

#[test]
fn the_shipped_phrases_may_be_said() {
    let (code, told) = told("thirdring prompts lint --language en");
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("0 faults"), "{told}");
}

#[test]
fn a_script_is_shown_where_it_is_rude_and_what_to_say_instead() {
    let folder = Folder::new("lint-script");
    let script = folder.write("script.txt", "您好！\n你等着，我查查。\n");
    let line = |language| {
        format!(
            "thirdring prompts lint {} --language {language}",
            script.display()
        )
    };
    let (code, english) = told(&line("en"));
    assert_eq!(code, 1, "{english}");
    for part in [
        "forbidden by F8: '你等着'",
        "script.txt:2:1",
        "Would you mind holding",
        "1 faults, 0 warnings",
    ] {
        assert!(english.contains(part), "{part} in {english}");
    }
    let (_, chinese) = told(&line("zh-CN"));
    assert!(
        chinese.contains("服务忌语 F8：“你等着”") && chinese.contains("麻烦您稍等片刻"),
        "{chinese}"
    );
}

#[test]
fn a_question_that_does_not_ask_and_a_recording_that_lacks_are_faults() {
    let folder = Folder::new("lint-folder");
    let words = fs::read_to_string(ours("phrases.toml")).unwrap();
    let asked = "对不起，麻烦您稍等片刻，好吗？";
    assert!(words.contains(asked));
    folder.write(
        "phrases.toml",
        words.replace(asked, "对不起，麻烦您稍等片刻。"),
    );
    let (code, told) = told(&format!(
        "thirdring prompts lint {} --language en",
        folder.0.display()
    ));
    assert_eq!(code, 1);
    assert!(
        told.contains("hold_request asks for consent, but is no question"),
        "{told}"
    );
    assert!(told.contains("zh-CN/greeting.flac"), "{told}");
}

#[test]
fn a_recording_is_imported_in_the_place_of_another_and_judged() {
    let folder = Folder::new("import");
    let wav = folder.write(
        "from/greeting.flac",
        fs::read(ours("zh-CN/greeting.flac")).unwrap(),
    );
    let into = folder.0.join("mine");
    folder.write("mine/zh-CN/greeting.wav", "not played any more");
    let import = |file: &Path| {
        let (file, into) = (file.display(), into.display());
        told(&format!(
            "thirdring prompts import {file} --into {into} --spoken zh-CN --language en"
        ))
    };
    let (code, said) = import(&wav);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("zh-CN/greeting: imported") && into.join("phrases.toml").exists(),
        "{said}"
    );
    assert!(into.join("zh-CN/greeting.flac").exists() && !into.join("zh-CN/greeting.wav").exists());

    let (code, said) = import(&folder.write("from/greting.flac", "x"));
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("there is no phrase 'greting'"), "{said}");
    let (code, said) = import(&folder.write("from/closing.wav", "RIFF"));
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("closing.wav cannot be played"), "{said}");
    let (code, said) = import(&folder.write("from/closing.txt", "x"));
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("is no recording: it can be flac, wav"),
        "{said}"
    );
}

/// A command that copies stands for one that speaks.
#[cfg(unix)]
#[test]
fn what_a_folder_lacks_is_spoken_by_the_command_that_is_set() {
    let folder = Folder::new("render");
    folder.write(
        "phrases.toml",
        "[hello]\nrule = 'own'\nwhen = 'auto'\nzh-CN = '您好'\nen = 'Hello'\n",
    );
    let spoken = ours("en/greeting.flac");
    let command = format!(
        "command = ['sh', '-c', 'test \"$1\" = Hello && cp \"$2\" \"$3\"', 'sh', '{{words}}', '{}', '{{file}}']\n[voice]\nen = 'any'\n",
        spoken.display()
    );
    folder.write("render.toml", command);
    let line = format!(
        "thirdring prompts render {} --language en",
        folder.0.display()
    );
    let (code, said) = told(&line);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("1/1 en/hello: rendered"), "{said}");
    assert!(folder.0.join("en/hello.wav").exists());
    let (code, said) = told(&line);
    assert_eq!(
        (code, said.contains("no recording is missing")),
        (0, true),
        "{said}"
    );

    folder.write(
        "render.toml",
        "command = ['false', '{words}', '{file}']\n[voice]\nen = ''\n",
    );
    let (code, said) = told(&format!("{line} --all"));
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("false spoke nothing"), "{said}");
    folder.write("render.toml", "command = ['false']\n[voice]\n");
    let (code, said) = told(&line);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("{words}"), "{said}");
}

#[test]
fn a_list_tells_words_and_lengths() {
    let (code, told) = told("thirdring prompts list --language en");
    assert_eq!(code, 0, "{told}");
    let row = told
        .lines()
        .find(|line| line.starts_with("greeting "))
        .unwrap();
    assert!(
        row.contains("the agent")
            && row.contains("002 P1")
            && row.contains("Hello, how may I help you?"),
        "{row}"
    );
    assert_eq!(row.matches(" s ").count(), 2, "{row}");
}
