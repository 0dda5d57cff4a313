use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use thirdring::records::What;

use super::wire::health;
use crate::peers::agent::House;
use crate::peers::missing::{Need, can_run};
use crate::peers::phone::{Phone, SOON};
use crate::peers::scene::{A_WHILE, NUMBER, Scene};
use crate::peers::scratch::Scratch;

/// A tmpfs of 256 KiB; it goes with its owner.
pub(crate) struct SmallDisk(Scratch);

impl SmallDisk {
    pub(crate) fn mount() -> Self {
        let disk = Self(Scratch::new("disk"));
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"])
            .arg(disk.path())
            .status();
        assert!(mounted.is_ok_and(|status| status.success()), "mount");
        disk
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path("")
    }

    /// Until not one byte more fits.
    fn fill(&self) {
        let filling = self.path().join("filling");
        assert!(fs::write(filling, vec![0; 512 * 1024]).is_err());
    }

    /// A larger one in its place, with what is on it.
    pub(crate) fn grow(&self) {
        let mut grown = Command::new("mount");
        grown.args(["-o", "remount,size=8m"]).arg(self.path());
        assert!(grown.status().is_ok_and(|status| status.success()));
    }

    fn make_room(&self) {
        fs::remove_file(self.path().join("filling")).expect("it is ours");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What cannot be unmounted is left to the next start of the machine.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

fn told(scene: &mut Scene, notice: &str) {
    let id = scene.id.clone();
    scene.events.wait(notice, SOON, |entry| {
        entry.sip_call_id.as_deref() == Some(&id)
            && matches!(&entry.what, What::Told { notice: told } if told == notice)
    });
}

fn alarmed(scene: &mut Scene, alarm: &str) {
    scene.events.wait(
        alarm,
        SOON,
        |entry| matches!(&entry.what, What::Alarm { alarm: raised } if raised == alarm),
    );
}

fn talking_in(scratch: Scratch) -> Scene {
    let agent = House::fast().seat("rep1", "echo").open_in(scratch);
    Scene::with(agent, Phone::open(NUMBER))
}

fn promise(scene: &Scene) {
    let reason = json!({"reason": "asked for it"});
    scene.agent.command(&scene.call, "promise", reason);
}

#[test]
fn a_disk_that_fills_up_in_a_call_takes_no_promise_until_there_is_room() {
    if !can_run(&[Need::Mount]) {
        return;
    }
    let disk = SmallDisk::mount();
    let scratch = Scratch::new("agent");
    symlink(disk.path(), scratch.path("state")).expect("the folder is ours");
    let mut scene = talking_in(scratch);
    disk.fill();
    promise(&scene);
    told(&mut scene, "promise-not-noted");
    alarmed(&mut scene, "disk-full");
    scene.caller.hears_more(25);
    // It serves on: no new start would make room.
    let full = health(scene.agent.api);
    assert!(full.contains("200 OK"), "{full}");
    assert_eq!(scene.agent.alarms(), json!(["disk-full"]));
    disk.make_room();
    promise(&scene);
    told(&mut scene, "promise-noted");
    scene.hang_up();
    // The record of the end is the last thing to be written: with it all is well again.
    let well = (0..100).any(|_| scene.agent.alarms() == json!([]));
    assert!(well, "{}", scene.agent.alarms());
}

#[test]
fn a_state_folder_that_is_removed_in_a_call_takes_no_promise() {
    let mut scene = talking_in(Scratch::new("agent"));
    fs::remove_dir_all(scene.agent.path("state")).expect("it is ours");
    promise(&scene);
    told(&mut scene, "promise-not-noted");
    alarmed(&mut scene, "store-failed");
    scene.caller.hears_more(25);
    scene.hang_up();
}

fn is_moved_aside(state: &Path) -> bool {
    let files = fs::read_dir(state).expect("the state folder").flatten();
    files
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .any(|name| name.contains(".damaged-"))
}

#[test]
fn a_damaged_database_is_moved_aside_and_the_next_caller_is_served() {
    let scratch = Scratch::new("agent");
    fs::create_dir_all(scratch.path("state")).expect("the folder is ours");
    scratch.write("state/promises.sqlite", "no database ".repeat(1_000));
    let mut scene = talking_in(scratch);
    assert!(is_moved_aside(&scene.agent.path("state")));
    alarmed(&mut scene, "database-damaged");
    promise(&scene);
    told(&mut scene, "promise-noted");
    scene.events.voice(&scene.id, false);
    scene.heard_in_order(&["greeting"]);
    scene.caller.hang_up();
    scene.events.ended(&scene.id, A_WHILE);
}

#[test]
fn a_damaged_journal_is_moved_aside_and_told_at_the_next_start() {
    let mut scene = talking_in(Scratch::new("agent"));
    promise(&scene);
    told(&mut scene, "promise-noted");
    scene.agent.crash();
    let journal = scene.agent.path("state/promises.sqlite-wal");
    let mut bytes = fs::read(&journal).expect("it was not put away");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&journal, bytes).expect("it is ours");
    scene.agent = scene.agent.restart();
    scene.events = scene.agent.events();
    alarmed(&mut scene, "database-damaged");
    assert!(is_moved_aside(&scene.agent.path("state")));
}
