//! The disk is full while people talk.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use thirdring::records::What;

use super::agent::{House, STATE};
use super::missing::{Need, can_run};
use super::phone::{Phone, SOON};
use super::scene::{A_WHILE, NUMBER, Scene};
use super::scratch::Scratch;

/// A file system in memory, so small that it can be filled; it is unmounted with its owner.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    pub(crate) fn mount(at: PathBuf) -> Self {
        fs::create_dir_all(&at).expect("the folder is ours");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "thirdring-test"])
            .arg(&at)
            .status();
        assert!(mounted.is_ok_and(|status| status.success()));
        Self(at)
    }

    pub(crate) fn fill(&self) {
        let mut file = File::create(self.0.join("filler")).expect("there is room for a name");
        for size in [65_536, 1] {
            let block = vec![0; size];
            while file.write_all(&block).is_ok() {}
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The agent may not have closed its files yet.
        let _ = Command::new("umount")
            .arg("-l")
            .arg(Path::new(&self.0))
            .status();
    }
}

fn scene() -> (Scene, SmallDisk) {
    let scratch = Scratch::new("disk");
    let disk = SmallDisk::mount(scratch.path(STATE));
    let agent = House::fast().seat("rep1", "echo").open_in(scratch);
    (Scene::with(agent, Phone::open(NUMBER)), disk)
}

fn is_alarmed(scene: &mut Scene) {
    scene.events.wait("an alarm", A_WHILE, |entry| {
        matches!(entry.what, What::Alarm { .. })
    });
}

#[test]
fn a_full_disk_does_not_end_the_call() {
    if !can_run(&[Need::Mount]) {
        return;
    }
    let (mut scene, disk) = scene();
    disk.fill();
    scene
        .agent
        .command(&scene.call, "hold", json!({"agreed": true}));
    scene.phrase_over("hold_still");
    is_alarmed(&mut scene);
    scene.agent.command(&scene.call, "return", json!({}));
    scene.phrase_over("hold_return");
    assert_eq!(scene.hang_up().because.as_str(), "hung-up");
}

#[test]
fn on_a_full_disk_nothing_is_promised() {
    if !can_run(&[Need::Mount]) {
        return;
    }
    let (mut scene, disk) = scene();
    disk.fill();
    scene.agent.command(&scene.call, "cannot-hear", json!({}));
    scene.caller.requested("BYE", A_WHILE);
    scene.events.ended(&scene.id, SOON);
    is_alarmed(&mut scene);
    let heard = scene.heard();
    assert!(
        !heard.contains(&"fault_caller_cannot_hear".to_owned()),
        "{heard:?}"
    );
    assert_eq!(heard.last().map(String::as_str), Some("closing_short"));
}
