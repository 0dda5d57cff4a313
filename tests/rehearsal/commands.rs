//! `thirdring rehearse`, `policy` and `replay` as an admin meets them.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use thirdring::cli;

use super::of_the_standard;

const HOLD: &str =
    include_str!("../../config/rehearsal/held_caller_is_spoken_to_every_fifteen_seconds.call");

/// A folder of one test's own, empty.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let name = format!("thirdring-rehearse-{test}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// A file's path, as a command line has it.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The exit code, and what was said.
fn run(words: &[&str]) -> (u8, String) {
    run_in("en", words)
}

fn run_in(language: &str, words: &[&str]) -> (u8, String) {
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let first = ["thirdring", "--language", language];
    let words = first.iter().chain(words).map(OsString::from);
    let code = cli::invoke(words, &cli::Environment::default(), &mut out, &mut errors);
    out.extend(errors);
    (code, String::from_utf8(out).unwrap())
}

#[test]
fn the_shipped_scripts_are_rehearsed_without_a_word_more() {
    let told = run(&["rehearse", "standard"]);
    assert_eq!(
        told,
        (0, "51 calls rehearsed, 51 went as written\n".to_owned())
    );
}

#[test]
fn an_edit_is_drawn_with_file_line_time_and_both_sides() {
    let folder = Folder::new("edit");
    let policy = folder.file("mine.toml", "[hold]\nevery = \"10s\"\n");
    let script = folder.file("hold.call", HOLD);
    let report = folder.0.join("report.xml").display().to_string();
    let (code, told) = run(&["rehearse", &policy, &script, "--junit", &report]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("hold.call:10, at 30.0 s"), "{told}");
    assert!(
        told.contains("  expected  -> 35.0 say hold_still"),
        "{told}"
    );
    assert!(
        told.contains("  got       -> 30.0 say hold_still"),
        "{told}"
    );
    assert!(
        told.contains("1 calls rehearsed, 0 went as written"),
        "{told}"
    );
    let report = folder.read("report.xml");
    assert!(report.contains("tests=\"1\" failures=\"1\""), "{report}");
    assert!(report.contains("-&gt; 30.0 say hold_still"), "{report}");
}

#[test]
fn what_came_to_pass_is_written_down_where_that_is_wanted() {
    let folder = Folder::new("update");
    let policy = folder.file("mine.toml", "[hold]\nevery = \"10s\"\n");
    let script = folder.file("hold.call", HOLD);
    let (code, told) = run(&["rehearse", &policy, &script, "--update"]);
    assert!(
        code == 0 && told.contains("written as it came to pass"),
        "{told}"
    );
    assert!(folder.read("hold.call").contains("-> 40.0 say hold_still"));
    assert_eq!(run(&["rehearse", &policy, &script]).0, 0);
    assert_eq!(run(&["rehearse", "standard", &script]).0, 1);
}

#[test]
fn our_scripts_can_be_had_as_files() {
    let folder = Folder::new("copy");
    let scripts = folder.0.join("scripts").display().to_string();
    let (code, told) = run(&["rehearse", "standard", "--copy", &scripts]);
    assert!(code == 0 && told.starts_with("51 scripts copied"), "{told}");
    let (code, told) = run(&["rehearse", "standard", &scripts]);
    assert!(code == 0 && told.contains("51 calls rehearsed"), "{told}");
}

#[test]
fn a_bad_script_is_shown_with_its_line_a_caret_and_what_would_be_right() {
    let bad = [
        (
            "0.0 caller: invite\n1.0 rep: picks upp\n",
            ":2:10",
            "did you mean 'picks up'?",
        ),
        (
            "0.0 caller: invite\n1.0 repp: picks up\n",
            ":2:5",
            "did you mean 'rep'?",
        ),
        (
            "0.0 caller: invite\n1.x rep: picks up\n",
            ":2:1",
            "a line is SECONDS WHO: WORDS",
        ),
        (
            "0.0 caller: invite\n5.0 rep: picks up\n4.0 rep: return\n",
            ":3:1",
            "in the order",
        ),
        (
            "0.0 caller: invite\nrep: picks up\n",
            ":2:1",
            "begins with no time",
        ),
        (
            "1.0 rep: picks up\n",
            ":1:1",
            "begin with '0.0 caller: invite'",
        ),
        (
            "0.0 caller: invite\n1.0 caller: invite\n",
            ":2:1",
            "a script is one call",
        ),
        ("# nothing\n", ":1:1", "nothing happens"),
        (
            "0.0 caller: invite\n20000000.0 caller: hangs up\n",
            ":2:1",
            "a digit too many",
        ),
        (
            "recordedd\n0.0 caller: invite\n",
            ":1:1",
            "did you mean 'recorded'?",
        ),
        (
            "policy [hold] evry = \"30s\"\n0.0 caller: invite\n",
            ":1:8",
            "every",
        ),
        (
            "policy [hold] every = \"1s\"\n0.0 caller: invite\n",
            ":1:8",
            "the policy cannot take",
        ),
        (
            "prompts long\n0.0 caller: invite\n",
            ":1:9",
            "such as 2s or 500ms",
        ),
        (
            "store maybe\n0.0 caller: invite\n",
            ":1:7",
            "fails, soon, today",
        ),
        (
            "keys *1\n0.0 caller: invite\n",
            ":1:6",
            "such as: keys *1 hold lookup",
        ),
    ];
    let folder = Folder::new("bad");
    for (text, place, right) in bad {
        let script = folder.file("bad.call", text);
        let (code, told) = run(&["rehearse", "standard", &script]);
        assert_eq!(code, 2, "{told}");
        assert!(
            told.contains(&format!("bad.call{place}")),
            "{place}: {told}"
        );
        assert!(
            told.contains('^') && told.contains(right),
            "{right}: {told}"
        );
    }
}

#[test]
fn a_policy_is_told_with_the_words_of_its_phrases() {
    let folder = Folder::new("explain");
    let policy = folder.file("mine.toml", "[hold]\nevery = \"10s\"\n");
    let (code, told) = run(&["policy", "explain", &policy]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("[hold]"), "{told}");
    let grid = "(hold_still) is said every 10s, counted from the start of the hold.";
    assert!(told.contains(grid), "{told}");
    let (code, told) = run_in("zh-CN", &["policy", "explain"]);
    assert!(code == 0 && told.contains("每 15s 播放一次“"), "{told}");
}

#[test]
fn two_policies_are_compared_in_sentences_and_over_a_recorded_call() {
    let folder = Folder::new("diff");
    let policy = folder.file("mine.toml", "[hold]\nevery = \"10s\"\n");
    let stage = of_the_standard().stage(HOLD).unwrap();
    let journal = String::from_utf8(stage.journal()).unwrap();
    let journal = folder.file("call.journal", &journal);
    let (code, told) = run(&["policy", "diff", "standard", &policy, &journal]);
    assert_eq!(code, 0, "{told}");
    assert!(told.starts_with("[hold]\n- "), "{told}");
    assert!(told.contains("said every 10s"), "{told}");
    assert!(
        told.contains(
            "at 30.0 s\n  expected  35.0 say hold_still\n  got       30.0 say hold_still"
        ),
        "{told}"
    );
    let (code, told) = run(&["policy", "diff", "standard", "standard", &journal]);
    assert!(code == 0 && told.ends_with("the same by both\n"), "{told}");
}

#[test]
fn a_journal_is_played_again_or_its_first_difference_is_drawn() {
    let folder = Folder::new("replay");
    let stage = of_the_standard().stage(HOLD).unwrap();
    let whole = String::from_utf8(stage.journal()).unwrap();
    let journal = folder.file("call.journal", &whole);
    let (code, told) = run(&["replay", &journal]);
    assert!(code == 0 && told.contains("all of them the same"), "{told}");
    let flipped = whole.replacen("picked-up", "no-answer", 1);
    let journal = folder.file("flipped.journal", &flipped);
    let (code, told) = run(&["replay", &journal]);
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("flipped.journal:") && told.contains("  expected  ["),
        "{told}"
    );
    let (code, told) = run(&["replay", "/nowhere/call.journal"]);
    assert!(
        code == 2 && told.contains("/nowhere/call.journal"),
        "{told}"
    );
}
