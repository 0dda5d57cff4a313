//! The pages of the three roles show commands: each is run as it stands there, in a shell, before a desk that is only a
//! task. Ids and folders of the example become ours.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use tokio::task::spawn_blocking;

use crate::console::fake_desk::{CALL, CALLBACK, House, Plan, TOKEN};
use crate::peers::scratch::{Scratch, wav};

const PAGES: [&str; 3] = ["docs/rep.md", "docs/admin.md", "docs/tester.md"];

/// What begins so needs an agent, a sound card or a machine of its own, and is run by the test of this file.
const ELSEWHERE: [(&str, &str); 12] = [
    ("thirdring run ", "tests/peers/agent.rs"),
    (
        "THIRDRING_TOKEN=secret thirdring run ",
        "tests/peers/agent.rs",
    ),
    ("thirdring update ", "tests/peers/updating.rs"),
    ("thirdring demo ", "tests/demo/mod.rs"),
    ("thirdring replay ", "tests/rehearsal/commands.rs"),
    ("thirdring recording decrypt ", "src/cli/recording.rs"),
    ("thirdring prompts play ", "tests/peers/pulse/devices.rs"),
    ("thirdring sim ", "tests/sim/pages.rs"),
    ("thirdring provision ", "tests/provision/page.rs"),
    ("thirdring enrol ", "tests/provision/enrolling.rs"),
    ("sipp ", "tests/peers/sipp/mod.rs"),
    ("tshark ", "tests/peers/tracing.rs"),
];

/// Of the system, not of ours.
const OF_THE_SYSTEM: [&str; 2] = ["cp ", "udevadm "];

/// Our desk says no to these.
const REFUSED: [&str; 2] = ["thirdring callback 01a1ffca07... done", "thirdring delete "];

#[tokio::test]
async fn every_command_of_the_pages_is_run() {
    let house = House::open(Plan::default()).await;
    let scratch = Scratch::new("pages");
    prepare(&scratch);
    let mut ran = 0;
    for page in PAGES {
        for line in shell_lines(&fs::read_to_string(page).unwrap()) {
            if is_elsewhere(&line) {
                continue;
            }
            let (folder, api) = (scratch.path("."), house.address);
            let typed = line.clone();
            let (code, told) = spawn_blocking(move || run(&typed, &folder, api))
                .await
                .unwrap();
            let refused = REFUSED.iter().any(|begins| line.starts_with(begins));
            assert_eq!(code, Some(i32::from(refused)), "{page}: {line}\n{told}");
            ran += 1;
        }
    }
    assert!(ran >= 45, "{ran}");
}

#[test]
fn what_runs_elsewhere_has_a_test_there() {
    for (begins, file) in ELSEWHERE {
        let verb = begins.trim_end().split(' ').next_back().unwrap();
        let source = fs::read_to_string(file).unwrap();
        assert!(source.contains(verb), "{begins}: {file}");
    }
}

fn is_elsewhere(line: &str) -> bool {
    let begins = ELSEWHERE.iter().map(|(begins, _)| begins);
    begins
        .chain(&OF_THE_SYSTEM)
        .any(|begins| line.starts_with(begins))
}

fn shell_lines(page: &str) -> Vec<String> {
    let blocks = page.split("```sh\n").skip(1);
    let lines = blocks.filter_map(|rest| rest.split("```").next());
    lines.flat_map(str::lines).map(str::to_owned).collect()
}

/// The files that the examples name.
fn prepare(scratch: &Scratch) {
    let tone = |n: usize| (4_000.0 * (n as f32 * 0.3).sin()) as i16;
    let samples: Vec<i16> = (0..24_000).map(tone).collect();
    scratch.write("greeting.wav", wav(&samples));
    scratch.write("my.toml", "# Nothing differs.\n");
    scratch.write("agent.log", "nothing of this call\n");
    for folder in ["etc", "scripts"] {
        fs::create_dir_all(scratch.path(folder)).unwrap();
    }
    scratch.write("scripts/welcome.txt", "您好，请讲。\n");
    let copied = Command::new("cp")
        .args(["-r", "config/prompts"])
        .arg(scratch.path("etc"))
        .status();
    assert!(copied.is_ok_and(|status| status.success()));
}

fn run(line: &str, folder: &Path, api: SocketAddr) -> (Option<i32>, String) {
    let program = Path::new(env!("CARGO_BIN_EXE_thirdring"));
    let etc = folder.join("etc");
    let line = line
        .replace("journalctl --user -u thirdring -o cat", "cat agent.log")
        .replace("01a1ffc3-2eaa-7a6c-8ca4-1f82261c444d", CALL)
        .replace("01a1ffca07...", CALLBACK)
        .replace("/etc/thirdring", &etc.display().to_string())
        .replace(
            "thirdring ",
            &format!("{} --api=http://{api} ", program.display()),
        );
    let told = Command::new("sh")
        .args(["-c", &line])
        .current_dir(folder)
        .env("HOME", folder)
        .env("THIRDRING_TOKEN", TOKEN)
        .env("LC_ALL", "en_US.UTF-8")
        .output()
        .expect("a shell");
    let all = [told.stdout, told.stderr].concat();
    (
        told.status.code(),
        String::from_utf8_lossy(&all).into_owned(),
    )
}
