//! What a recording is worth after `kill -9` and on a full disk, as sox, opusdec and the ear find it.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use thirdring::ear::{Ended, hear_all};
use thirdring::media::prompts::Sound;
use thirdring::media::{FRAME_TIME, LegKey, Rate, RecordedFrame};
use thirdring::recordings::store::{Decrypted, News, Recorder, RecorderSettings, decrypt};
use thirdring::recordings::{Broken, Format, Key};
use thirdring::words::{CallId, Entropy, Moment};

use super::hearing::repertoire;
use super::missing::{Need, can_run};
use super::scratch::Scratch;

/// Where the child records, and how: `wav`, `ogg` or `sealed`.
const FOLDER: &str = "THIRDRING_TEST_RECORDS_IN";
const FORM: &str = "THIRDRING_TEST_RECORDS_AS";

/// The child is killed once it has handed over so much: all of both phrases, and some more.
const KILLED_AFTER: Duration = Duration::from_secs(6);
/// What a crash may take.
const LOST_MAX: Duration = Duration::from_secs(1);

const LEG: LegKey = LegKey::new(7);
const BEGINS: Moment = Moment::from_nanos(5_000_000_000);

fn call() -> CallId {
    CallId::new(1_795_000_000_000, [5; 10])
}

fn key() -> Key {
    Key::parse(&"c4".repeat(32)).expect("64 digits")
}

fn settings(folder: PathBuf, form: &str) -> RecorderSettings {
    RecorderSettings {
        folder,
        format: match form {
            "ogg" => Format::Ogg,
            _ => Format::Wav,
        },
        key: (form == "sealed").then(key),
        key_file: None,
    }
}

/// A phrase and then silence, at 8 kHz.
fn phrase(path: &str) -> Vec<i16> {
    let file = fs::read(Path::new("config/prompts").join(path)).expect("it is shipped");
    let sound = Sound::read(file.into()).expect("it is sound");
    sound.at(Rate::Narrow).expect("its rate is known")
}

/// The frames of a call: the greeting to the caller, and the caller's own words, half a second later.
struct Talk {
    sides: [Vec<i16>; 2],
}

impl Talk {
    fn new() -> Self {
        let mut caller = vec![0; 4_000];
        caller.extend(phrase("en/closing.flac"));
        let sides = [phrase("en/greeting.flac"), caller];
        Self { sides }
    }

    fn frame(&self, leg: LegKey, number: u32) -> RecordedFrame {
        let mut frame = RecordedFrame {
            leg,
            at: BEGINS + FRAME_TIME * number,
            rate: Rate::Narrow,
            left: [0; 320],
            right: [0; 320],
        };
        let begins = number as usize * Rate::Narrow.frame_samples();
        for (out, side) in [&mut frame.left, &mut frame.right]
            .into_iter()
            .zip(&self.sides)
        {
            for (sample, heard) in out.iter_mut().zip(side.iter().skip(begins).take(160)) {
                *sample = *heard;
            }
        }
        frame
    }
}

/// Records in real time until it is killed, and says each second. Without the environment it is nobody's child.
#[test]
fn the_child_that_is_killed() {
    let (Some(folder), Ok(form)) = (env::var_os(FOLDER), env::var(FORM)) else {
        return;
    };
    let settings = settings(folder.into(), &form);
    let recorder = Recorder::start(settings, Entropy::from_number(1), drop).expect("it starts");
    assert!(recorder.open(LEG, call(), BEGINS));
    let talk = Talk::new();
    let frames = recorder.frames();
    let began = Instant::now();
    let (_never, pace): (_, Receiver<()>) = channel();
    for number in 0.. {
        let due = began + FRAME_TIME * number;
        let _ = pace.recv_timeout(due.saturating_duration_since(Instant::now()));
        frames.offer(talk.frame(LEG, number));
        if (number + 1) % 50 == 0 {
            println!("seconds {}", (number + 1) / 50);
        }
    }
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the child and kills it in the middle of the call; where its file is.
fn killed_in_the_middle(scratch: &Scratch, form: &str) -> PathBuf {
    let folder = scratch.path(form);
    let itself = env::current_exe().expect("we are a program");
    let child = Command::new(itself)
        .args([
            "--exact",
            "peers::recording::the_child_that_is_killed",
            "--nocapture",
        ])
        .env(FOLDER, &folder)
        .env(FORM, form)
        .stdout(Stdio::piped())
        .spawn();
    let mut child = Killed(child.expect("we can be started"));
    let said = child.0.stdout.take().expect("it is piped");
    let enough = format!("seconds {}", KILLED_AFTER.as_secs());
    let reached = BufReader::new(said)
        .lines()
        .any(|line| line.is_ok_and(|line| line.contains(&enough)));
    assert!(reached, "the child ended by itself");
    drop(child);
    only_file(&folder)
}

fn only_file(folder: &Path) -> PathBuf {
    let day = folder.join("2026-11-18");
    let files = fs::read_dir(&day).expect("the day's folder is there");
    let files: Vec<PathBuf> = files.map(|file| file.expect("it is read").path()).collect();
    let [file] = files.as_slice() else {
        panic!("one file, not {files:?}");
    };
    let mode = |path: &Path| {
        fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!((mode(file), mode(&day)), (0o600, 0o700));
    file.clone()
}

/// One side as sox reads it, 1 left and 2 right; sox must have nothing to complain of.
pub(super) fn side(file: &Path, number: u8) -> Vec<i16> {
    let read = Command::new("sox")
        .arg(file)
        .args([
            "-t", "raw", "-r", "8000", "-e", "signed", "-b", "16", "-", "remix",
        ])
        .arg(number.to_string())
        .output()
        .expect("sox is there");
    let complaints = String::from_utf8_lossy(&read.stderr);
    assert!(complaints.is_empty(), "{}: {complaints}", file.display());
    let pairs = read.stdout.chunks_exact(2);
    pairs
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
        .collect()
}

/// Both phrases whole, each on its side only, and at most a second lost.
fn holds_the_talk(file: &Path) {
    let sides = [1, 2].map(|number| side(file, number));
    let kept = Duration::from_secs_f64(sides[0].len() as f64 / 8_000.0);
    println!("{}: {kept:?} of {KILLED_AFTER:?} kept", file.display());
    assert!(kept + LOST_MAX >= KILLED_AFTER, "{kept:?}");
    let heard = sides.map(|samples| {
        let heard = hear_all(Arc::clone(repertoire()), &samples);
        let told = heard
            .iter()
            .map(|it| (it.prompt.to_string(), it.ended == Ended::Whole));
        told.collect::<Vec<_>>()
    });
    let expected = ["greeting", "closing"].map(|phrase| vec![(phrase.to_owned(), true)]);
    assert_eq!(heard, expected);
}

#[test]
fn a_wav_file_is_read_after_kill_9() {
    if can_run(&[Need::Sox]) {
        let scratch = Scratch::new("recording");
        holds_the_talk(&killed_in_the_middle(&scratch, "wav"));
    }
}

#[test]
fn an_opus_file_is_read_after_kill_9() {
    if !can_run(&[Need::Sox, Need::OpusTools]) {
        return;
    }
    let scratch = Scratch::new("recording");
    let file = killed_in_the_middle(&scratch, "ogg");
    let decoded = scratch.path("decoded.wav");
    let opus = Command::new("opusdec")
        .args(["--quiet", "--rate", "8000"])
        .args([&file, &decoded])
        .status();
    assert!(opus.is_ok_and(|status| status.success()));
    holds_the_talk(&decoded);
}

#[test]
fn a_sealed_file_is_opened_after_kill_9_and_said_to_be_cut_short() {
    if !can_run(&[Need::Sox]) {
        return;
    }
    let scratch = Scratch::new("recording");
    let file = killed_in_the_middle(&scratch, "sealed");
    let opened = scratch.path("opened.wav");
    let Decrypted {
        call: of, broken, ..
    } = decrypt(&key(), &file, &opened).expect("it is sealed");
    assert_eq!(of, call());
    assert!(matches!(broken, Some(Broken::CutShort(1..))), "{broken:?}");
    holds_the_talk(&opened);
}

/// A tmpfs; it goes with its owner.
struct SmallDisk(Scratch);

impl SmallDisk {
    /// 256 KiB: 8 s of one call.
    fn mount() -> Self {
        let disk = Self(Scratch::new("small-disk"));
        disk.cover("size=256k");
        disk
    }

    /// Mounts another one over what is there: who has a file open goes on with the one below.
    fn cover(&self, options: &str) {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(self.0.path(""))
            .status();
        assert!(mounted.is_ok_and(|status| status.success()), "mount");
    }

    fn uncover(&self) {
        // What cannot be unmounted is left to the next start of the machine.
        let _ = Command::new("umount")
            .arg("-l")
            .arg(self.0.path(""))
            .status();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        self.uncover();
    }
}

#[test]
fn a_full_disk_ends_the_recording_readable_and_is_told_once() {
    if !can_run(&[Need::Mount, Need::Sox]) {
        return;
    }
    let disk = SmallDisk::mount();
    let (tell, news) = channel();
    let tell = move |told: News| tell.send(told).expect("we listen");
    let settings = settings(disk.0.path("kept"), "wav");
    let recorder = Recorder::start(settings, Entropy::from_number(1), tell).expect("it starts");
    assert!(recorder.open(LEG, call(), BEGINS));
    let (talk, frames) = (Talk::new(), recorder.frames());
    (0..1_000).for_each(|number| frames.offer(talk.frame(LEG, number)));
    let failed = News::Failed { call: call() };
    assert_eq!(news.recv_timeout(Duration::from_secs(20)), Ok(failed));

    let file = only_file(&disk.0.path("kept"));
    let kept = side(&file, 1).len();
    assert!(kept > 7 * 8_000, "{kept} samples");

    // With room again the next call is recorded, and the alarm is over.
    fs::remove_file(file).expect("it is ours");
    let next = LegKey::new(8);
    assert!(recorder.open(next, CallId::new(1_795_000_000_001, [5; 10]), BEGINS));
    (0..100).for_each(|number| frames.offer(talk.frame(next, number)));
    assert_eq!(
        news.recv_timeout(Duration::from_secs(20)),
        Ok(News::Recovered)
    );
    assert!(recorder.close(next, BEGINS + FRAME_TIME * 100));
    drop(recorder);
    assert_eq!(news.try_recv().ok(), None, "told once");
    assert_eq!(side(&only_file(&disk.0.path("kept")), 1).len(), 16_000);
    assert_eq!(frames.lost(), 0);
}

/// How long the recorder's thread may take for its news.
const TOLD_WITHIN: Duration = Duration::from_secs(20);

fn told(settings: RecorderSettings) -> (Recorder, Receiver<News>) {
    let (tell, news) = channel();
    let tell = move |told: News| tell.send(told).expect("we listen");
    let recorder = Recorder::start(settings, Entropy::from_number(1), tell).expect("it starts");
    (recorder, news)
}

/// The n-th call of a test, and its leg.
fn nth(number: u32) -> (LegKey, CallId) {
    let call = CallId::new(1_795_000_000_000 + u64::from(number), [5; 10]);
    (LegKey::new(number), call)
}

#[test]
fn a_folder_that_is_read_only_stops_the_next_recording_and_not_the_one_that_is_written() {
    if !can_run(&[Need::Mount, Need::Sox]) {
        return;
    }
    let disk = SmallDisk::mount();
    let (recorder, news) = told(settings(disk.0.path("kept"), "wav"));
    let (talk, frames) = (Talk::new(), recorder.frames());
    let [(first, call), (next, refused)] = [nth(0), nth(1)];
    assert!(recorder.open(first, call, BEGINS));
    (0..50).for_each(|number| frames.offer(talk.frame(first, number)));
    let file = fs::File::open(only_file_once_there(&disk.0.path("kept"))).expect("it is there");
    disk.cover("ro");
    assert!(recorder.open(next, refused, BEGINS));
    let failed = News::Failed { call: refused };
    assert_eq!(news.recv_timeout(TOLD_WITHIN), Ok(failed));
    (50..100).for_each(|number| {
        frames.offer(talk.frame(first, number));
        frames.offer(talk.frame(next, number));
    });
    assert!(recorder.close(first, BEGINS + FRAME_TIME * 100));
    drop(recorder);
    // The one that goes on is written: the alarm is over.
    assert_eq!(news.try_iter().collect::<Vec<_>>(), [News::Recovered]);
    disk.uncover();
    let length = file.metadata().expect("it is open").len();
    assert_eq!(length, 44 + 100 * 160 * 4);
}

/// Waits until the first half second is written.
fn only_file_once_there(folder: &Path) -> PathBuf {
    let until = Instant::now() + TOLD_WITHIN;
    while Instant::now() < until {
        let days = fs::read_dir(folder).into_iter().flatten().flatten();
        let days = days.filter(|day| day.path().is_dir());
        let files = days.flat_map(|day| fs::read_dir(day.path()).into_iter().flatten().flatten());
        let long = |file: &fs::DirEntry| file.metadata().is_ok_and(|it| it.len() > 44);
        if let Some(file) = files.into_iter().find(long) {
            return file.path();
        }
        std::thread::yield_now();
    }
    panic!("nothing was written");
}

#[test]
fn a_folder_removed_in_a_call_is_told_once_and_the_next_call_has_a_new_one() {
    let scratch = Scratch::new("removed");
    let folder = scratch.path("kept");
    let (recorder, news) = told(settings(folder.clone(), "wav"));
    let (talk, frames) = (Talk::new(), recorder.frames());
    let [(first, call), (next, another)] = [nth(0), nth(1)];
    assert!(recorder.open(first, call, BEGINS));
    (0..50).for_each(|number| frames.offer(talk.frame(first, number)));
    only_file_once_there(&folder);
    fs::remove_dir_all(&folder).expect("it is ours");
    (50..400).for_each(|number| frames.offer(talk.frame(first, number)));
    let failed = News::Failed { call };
    assert_eq!(news.recv_timeout(TOLD_WITHIN), Ok(failed));
    assert!(recorder.open(next, another, BEGINS));
    (0..50).for_each(|number| frames.offer(talk.frame(next, number)));
    assert_eq!(news.recv_timeout(TOLD_WITHIN), Ok(News::Recovered));
    only_file_once_there(&folder);
    drop(recorder);
    assert_eq!(news.try_recv().ok(), None, "told once");
}

/// Seals one call of a second.
fn one_second(recorder: &Recorder, (leg, call): (LegKey, CallId)) {
    assert!(recorder.open(leg, call, BEGINS));
    let talk = Talk::new();
    (0..50).for_each(|number| recorder.frames().offer(talk.frame(leg, number)));
    assert!(recorder.close(leg, BEGINS + FRAME_TIME * 50));
}

fn opens(key: &str, folder: &Path, (_, call): (LegKey, CallId), scratch: &Scratch) -> bool {
    let file = folder.join(format!("2026-11-18/{call}.wav.sealed"));
    let opened = scratch.path("opened.wav");
    let key = Key::parse(key).expect("64 digits");
    let decrypted = decrypt(&key, &file, &opened).expect("it is sealed");
    // Of another key nothing is opened, and nothing written.
    let _ = fs::remove_file(opened);
    decrypted.bytes > 0 && decrypted.broken.is_none()
}

#[test]
fn another_key_counts_from_the_next_call_and_an_unfit_one_is_told_once() {
    let scratch = Scratch::new("keys");
    let [old, new] = ["c4", "5b"].map(|byte| byte.repeat(32));
    let folder = scratch.path("kept");
    let put = |key: &str, mode: u32| {
        let file = scratch.write("key", key);
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(&file, mode).expect("it is ours");
        file
    };
    let mut settings = settings(folder.clone(), "sealed");
    settings.key_file = Some(put(&old, 0o600));
    let (recorder, news) = told(settings);
    let calls = [1, 2, 3, 4, 5].map(nth);

    // It changes while the first call is recorded: that one stays with the old key.
    let (leg, call) = calls[0];
    let (talk, frames) = (Talk::new(), recorder.frames());
    assert!(recorder.open(leg, call, BEGINS));
    (0..50).for_each(|number| frames.offer(talk.frame(leg, number)));
    only_file_once_there(&folder);
    put(&new, 0o600);
    (50..100).for_each(|number| frames.offer(talk.frame(leg, number)));
    assert!(recorder.close(leg, BEGINS + FRAME_TIME * 100));
    one_second(&recorder, calls[1]);

    // Others may read it; it is gone; it is there again.
    wait_for(&folder, calls[1]);
    put(&new, 0o644);
    one_second(&recorder, calls[2]);
    assert_eq!(news.recv_timeout(TOLD_WITHIN), Ok(News::KeyUnfit));
    wait_for(&folder, calls[2]);
    fs::remove_file(scratch.path("key")).expect("it is ours");
    one_second(&recorder, calls[3]);
    wait_for(&folder, calls[3]);
    put(&new, 0o600);
    one_second(&recorder, calls[4]);
    assert_eq!(news.recv_timeout(TOLD_WITHIN), Ok(News::KeyFit));
    drop(recorder);
    assert_eq!(news.try_recv().ok(), None, "each told once");

    assert!(opens(&old, &folder, calls[0], &scratch));
    assert!(!opens(&new, &folder, calls[0], &scratch));
    for call in &calls[1..] {
        assert!(opens(&new, &folder, *call, &scratch));
        assert!(!opens(&old, &folder, *call, &scratch));
    }
}

/// Waits until the call's file was begun.
fn wait_for(folder: &Path, (_, call): (LegKey, CallId)) {
    let file = folder.join(format!("2026-11-18/{call}.wav.sealed"));
    let until = Instant::now() + TOLD_WITHIN;
    while !file.exists() {
        assert!(Instant::now() < until, "{} is not begun", file.display());
        std::thread::yield_now();
    }
}
