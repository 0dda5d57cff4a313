use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::desk::{clock, run_before_others};
use crate::doctor::round::Progress;
use crate::media::FRAME_TIME;
use crate::words::Moment;

/// Written and put on disk one after the other.
const COMMITS: usize = 16;
/// As large as a page of the promises' file, in bytes.
const COMMIT: usize = 4_096;
/// Two seconds of ticks.
const TICKS: usize = 100;

/// How long each of some small writes took until the disk had it. The file is gone afterwards.
pub(in crate::doctor) fn commits(
    folder: &Path,
    progress: &mut Progress<'_>,
) -> io::Result<Vec<Duration>> {
    let path = folder.join(".thirdring-doctor");
    let timed = write(&path, progress);
    match (timed, fs::remove_file(&path)) {
        (Ok(timed), Ok(())) => Ok(timed),
        (Ok(_), Err(why)) | (Err(why), _) => Err(why),
    }
}

fn write(path: &Path, progress: &mut Progress<'_>) -> io::Result<Vec<Duration>> {
    let mut file = crate::files::for_owner()
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)?;
    let mut timed = Vec::with_capacity(COMMITS);
    for n in 0..COMMITS {
        progress.at(n, COMMITS);
        let began = clock::now();
        file.write_all(&[0; COMMIT])?;
        file.sync_data()?;
        timed.push(clock::now().since(began));
    }
    Ok(timed)
}

/// How late each tick of 20 ms comes to a thread that runs before others, as the one for sound does.
pub(in crate::doctor) fn ticks(progress: &mut Progress<'_>) -> io::Result<Vec<Duration>> {
    let (tell, told) = channel();
    let ticking = std::thread::Builder::new()
        .name("ticks".to_owned())
        .spawn(move || tick(|late| tell.send(late).is_ok()))?;
    let mut late = Vec::with_capacity(TICKS);
    while let Ok(tick) = told.recv() {
        late.push(tick);
        progress.at(late.len(), TICKS);
    }
    ticking.join().expect("it only waits");
    Ok(late)
}

fn tick(tell: impl Fn(Duration) -> bool) {
    run_before_others();
    // Nobody ever rings: it is waited for until the time is up.
    let (_bell, never) = channel::<()>();
    let began = clock::now();
    for n in 1..=TICKS {
        let due = began + FRAME_TIME * u32::try_from(n).expect("a hundred");
        while let Some(left) = left(due) {
            let rung = never.recv_timeout(left);
            debug_assert_eq!(rung, Err(RecvTimeoutError::Timeout));
        }
        if !tell(clock::now().since(due)) {
            return;
        }
    }
}

fn left(due: Moment) -> Option<Duration> {
    let left = clock::now().until(due);
    (!left.is_zero()).then_some(left)
}

/// Both clocks at one time.
#[derive(Clone, Copy, Debug)]
pub(in crate::doctor) struct Clocks {
    wall: Timestamp,
    boot: Moment,
}

impl Clocks {
    pub(in crate::doctor) fn read() -> Self {
        Self {
            wall: clock::utc(),
            boot: clock::now(),
        }
    }

    /// By how much the wall clock has gone further than time has since then.
    pub(in crate::doctor) fn leapt_since(self, before: Self) -> SignedDuration {
        let passed = self.boot.since(before.boot);
        let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
        self.wall.duration_since(before.wall) - passed
    }
}

/// A zone's name, and how many seconds it is ahead of UTC just now.
pub(in crate::doctor) fn ahead(zone: &TimeZone) -> i32 {
    zone.to_offset(clock::utc()).seconds()
}

/// The PC's own zone; none where the system does not say.
pub(in crate::doctor) fn zone_of_the_pc() -> Option<(String, i32)> {
    let zone = TimeZone::try_system().ok()?;
    let ahead = ahead(&zone);
    let name = zone.iana_name().map(str::to_owned);
    Some((
        name.unwrap_or_else(|| format!("UTC{:+}", ahead / 3_600)),
        ahead,
    ))
}
