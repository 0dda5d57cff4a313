//! Where the database cannot be opened the agent refuses to start, and says what is in the way (D30).

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::peers::agent::TOKEN;
use crate::peers::scratch::Scratch;

/// Root is refused nothing, unless these rights are taken from it.
const WITHOUT_ROOTS_RIGHTS: [&str; 2] = ["--bounding-set=-dac_override,-dac_read_search", "--"];

/// What is told on standard error; the state folder's mode and the database's are these.
fn refusal(scratch: &Scratch, folder_mode: u32, file_mode: u32) -> String {
    let (state, file) = (scratch.path("state"), scratch.path("state/promises.sqlite"));
    let binary = env!("CARGO_BIN_EXE_thirdring");
    let mut agent = Command::new(binary);
    if nix::unistd::Uid::effective().is_root() {
        agent = Command::new("setpriv");
        agent.args(WITHOUT_ROOTS_RIGHTS).arg(binary);
    }
    let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode));
    set(&file, file_mode).expect("it is ours");
    set(&state, folder_mode).expect("it is ours");
    let output = agent
        .args(["run", "-c", "config/test.toml", "--state"])
        .arg(&state)
        .env("THIRDRING_TOKEN", TOKEN)
        .env("LANG", "zh_CN.UTF-8")
        .output()
        .expect("start the agent");
    set(&state, 0o755).expect("it is ours");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn with_database(content: &[u8]) -> Scratch {
    let scratch = Scratch::new("start");
    fs::create_dir_all(scratch.path("state")).expect("the folder is ours");
    scratch.write("state/promises.sqlite", content);
    scratch
}

#[test]
fn a_database_that_may_not_be_read_is_named() {
    let told = refusal(&with_database(b""), 0o755, 0o000);
    assert!(told.contains("state/promises.sqlite："), "{told}");
}

#[test]
fn a_database_that_may_not_be_written_is_named() {
    let told = refusal(&with_database(b""), 0o755, 0o444);
    assert!(told.contains("state/promises.sqlite："), "{told}");
}

#[test]
fn a_folder_that_may_not_be_written_is_named() {
    let told = refusal(&with_database(b""), 0o555, 0o644);
    assert!(told.contains("/state："), "{told}");
}
