//! The PC: its disk, its processors, its limits, its clocks.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::doctor::Finding;
use crate::words::Sentence;

/// A day of a busy seat's timelines and records is some 50 MB.
const ROOM_FOR_A_DAY: u64 = 64 << 20;
/// An hour of recorded calls on two seats, as WAV, and some air.
const ROOM_TO_WORK: u64 = 1 << 30;

/// A caller who waits for the words of a promise hears the wait from here on.
const COMMIT_SLOW: Duration = Duration::from_millis(50);
/// Here orders queue up faster than they are written on a busy morning.
const COMMIT_TOO_SLOW: Duration = Duration::from_millis(250);

/// A frame that is a whole frame late is made up for by every phone's jitter buffer, at the cost of delay.
const TICK_LATE: Duration = Duration::from_millis(20);
/// What phones buffer where nothing was late before: beyond it words are lost.
const TICK_TOO_LATE: Duration = Duration::from_millis(60);

/// Sockets of a call: RTP and RTCP of caller, rep and target.
const SOCKETS_OF_A_CALL: u64 = 6;
/// Its timeline, its journal, its recording.
const FILES_OF_A_CALL: u64 = 3;
/// The store, the log, the API's clients, SIP over connections.
const FILES_OF_THE_AGENT: u64 = 128;

/// Headers count whole seconds, and the way takes its time.
const SKEW: SignedDuration = SignedDuration::from_secs(5);
/// Certificates, nonces and callbacks begin to fail.
const SKEW_TOO_FAR: SignedDuration = SignedDuration::from_secs(60);
/// A wall clock that is steered moves by 0.5 ms a second at most (adjtimex(2)).
const JUMP: SignedDuration = SignedDuration::from_millis(500);

/// `free` bytes in the folder; none where the system does not say.
pub(in crate::doctor) fn disk(folder: &str, free: Option<u64>) -> Finding {
    let said = |key: &str, free: u64| {
        Sentence::of(key)
            .with("folder", folder)
            .with("free", megabytes(free))
    };
    match free {
        None => Finding::skipped(Sentence::of("doctor.disk.unknown").with("folder", folder)),
        Some(free) if free < ROOM_FOR_A_DAY => Finding::fault(said("doctor.disk.full", free)),
        Some(free) if free < ROOM_TO_WORK => Finding::warning(said("doctor.disk.short", free)),
        Some(free) => Finding::ok(said("doctor.disk.room", free)),
    }
}

fn megabytes(bytes: u64) -> String {
    match bytes >> 20 {
        megabytes @ 0..10_240 => format!("{megabytes} MB"),
        megabytes => format!("{} GB", megabytes >> 10),
    }
}

/// How long each of several small writes took until the disk had it.
pub(in crate::doctor) fn disk_speed(commits: &[Duration]) -> Finding {
    let (usual, worst) = (part(commits, 1, 2), part(commits, 1, 1));
    let said = |key: &str| {
        Sentence::of(key)
            .with("usual", ms(usual))
            .with("worst", ms(worst))
    };
    if usual >= COMMIT_TOO_SLOW {
        Finding::fault(said("doctor.disk-speed.too-slow"))
    } else if usual >= COMMIT_SLOW {
        Finding::warning(said("doctor.disk-speed.slow"))
    } else {
        Finding::ok(said("doctor.disk-speed.fine"))
    }
}

/// How late each tick of 20 ms came.
pub(in crate::doctor) fn pacing(late: &[Duration]) -> Finding {
    let (usual, most, worst) = (part(late, 1, 2), part(late, 99, 100), part(late, 1, 1));
    let said = |key: &str| {
        Sentence::of(key)
            .with("ticks", late.len())
            .with("usual", ms(usual))
            .with("most", ms(most))
            .with("worst", ms(worst))
    };
    if worst >= TICK_TOO_LATE || most >= TICK_LATE {
        Finding::fault(said("doctor.pacing.too-late"))
    } else if worst >= TICK_LATE {
        Finding::warning(said("doctor.pacing.late"))
    } else {
        Finding::ok(said("doctor.pacing.fine"))
    }
}

/// The value below which this part of all lie; of none it is zero.
fn part(values: &[Duration], part: usize, of: usize) -> Duration {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * part).div_ceil(of).saturating_sub(1);
    sorted.get(at).copied().unwrap_or_default()
}

/// In milliseconds, to a tenth.
fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
}

/// `allowed`: files at once; none without a limit.
pub(in crate::doctor) fn open_files(allowed: Option<u64>, calls_max: u16) -> Finding {
    let of_calls = u64::from(calls_max) * (SOCKETS_OF_A_CALL + FILES_OF_A_CALL);
    let needed = of_calls + FILES_OF_THE_AGENT;
    match allowed {
        None => Finding::ok(Sentence::of("doctor.open-files.unlimited")),
        Some(allowed) => {
            let said = |key: &str| {
                Sentence::of(key)
                    .with("allowed", allowed)
                    .with("needed", needed)
                    .with("calls", calls_max)
            };
            match allowed < needed {
                true => Finding::fault(said("doctor.open-files.too-few")),
                false => Finding::ok(said("doctor.open-files.enough")),
            }
        }
    }
}

/// The zone of the settings and the PC's own, each with how far it is ahead of UTC just now.
pub(in crate::doctor) fn time_zone((set, ahead): (&str, i32), pc: Option<(&str, i32)>) -> Finding {
    let of_set = |key: &str| Sentence::of(key).with("zone", set);
    match pc {
        None => Finding::warning(of_set("doctor.time-zone.unknown")),
        Some((name, pc_ahead)) if pc_ahead != ahead => {
            Finding::warning(of_set("doctor.time-zone.other").with("pc", name))
        }
        Some(_) => Finding::ok(of_set("doctor.time-zone.same")),
    }
}

/// A registrar's clock, in its words, and ours when they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::doctor) struct Told {
    pub(in crate::doctor) account: String,
    pub(in crate::doctor) date: String,
    pub(in crate::doctor) at: Timestamp,
}

/// How far the wall clock leapt in the time of the examination, and what registrars say the time is.
pub(in crate::doctor) fn clock(leapt: SignedDuration, told: &[Told]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if leapt.abs() >= JUMP {
        let leapt = format!("{:.1} s", leapt.as_secs_f64());
        findings.push(Finding::warning(
            Sentence::of("doctor.clock.jumped").with("by", leapt),
        ));
    }
    findings.extend(told.iter().map(skew));
    if findings.is_empty() {
        findings.push(Finding::skipped(Sentence::of("doctor.clock.nobody-tells")));
    }
    findings
}

fn skew(told: &Told) -> Finding {
    let of = |key: &str| Sentence::of(key).with("account", &told.account);
    let Some(theirs) = http_date(&told.date) else {
        return Finding::skipped(of("doctor.clock.unreadable"));
    };
    let skew = told.at.duration_since(theirs);
    let said = |key: &str| of(key).with("by", format!("{} s", skew.as_secs()));
    if skew.abs() >= SKEW_TOO_FAR {
        Finding::fault(said("doctor.clock.wrong"))
    } else if skew.abs() >= SKEW {
        Finding::warning(said("doctor.clock.off"))
    } else {
        Finding::ok(said("doctor.clock.right"))
    }
}

/// `Sat, 13 Nov 2010 23:29:00 GMT` (RFC 3261 25.1, SIP-date).
fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()
}
