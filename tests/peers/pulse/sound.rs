//! What is heard, how late, and at what cost.

use std::fs;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use thirdring::seats::sound_cards::{Capture, Pair, Playback, Wishes};

use super::listener::{Listener, play, samples};
use super::virtual_headset::{RATE, VirtualHeadset, tone};
use crate::peers::missing::{Need, can_run};

#[test]
fn a_tone_in_the_microphone_is_captured_whole() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("capture");
    let listener = Listener::of(&headset);
    let (mut capture, woken) = listener.microphone("headset_mic");
    let _playing = headset.speak(&tone(20 * RATE, 0.25));
    while samples(&mut capture, &woken, 480)
        .iter()
        .all(|sample| *sample == 0.0)
    {}
    let share = best_share(|| samples(&mut capture, &woken, RATE));
    assert_eq!(capture.lost(), 0);
    assert!(share > 0.999, "{share}");
}

#[test]
fn what_is_played_is_in_the_ear_whole() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("playback");
    let listener = Listener::of(&headset);
    let (playback, woken) = listener.ear("headset_ear");
    play(playback, woken, tone(RATE, 0.5));
    let share = best_share(|| headset.hear(RATE));
    assert!(share > 0.999, "{share}");
}

#[test]
fn an_ear_that_is_given_nothing_is_silent_and_counts() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("silence");
    let listener = Listener::of(&headset);
    let (playback, woken) = listener.ear("headset_ear");
    while playback.missing() < 4_800 {
        woken
            .recv_timeout(Duration::from_secs(5))
            .expect("the device asks on");
    }
    let heard = headset.hear(RATE / 4);
    assert!(heard.iter().all(|sample| *sample == 0.0));
}

#[test]
fn the_headset_is_found_by_its_description() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("found");
    let listener = Listener::of(&headset);
    let wishes = ["headsetEAR", "HeadsetMic"].map(|wish| wish.parse().expect("a glob"));
    let Pair { ear, microphone } = Wishes::new(&wishes)
        .choose(&listener.cards.cards())
        .expect("both halves are there");
    assert_eq!(
        (ear.as_str(), microphone.as_str()),
        ("headset_ear", "headset_mic")
    );
}

/// Both ways through the server at once: played into the microphone's sink, and captured. The whole way of a caller's
/// sound has 80 ms (55 + 25), of which frames and jitter buffer take 60.
#[test]
fn both_ways_through_the_server_take_less_than_30_ms() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("latency");
    let listener = Listener::of(&headset);
    let (capture, woken) = listener.microphone("headset_mic");
    let (playback, wanted) = listener.ear("headset_mic_in");
    let before = thread_use();
    let began = Instant::now();
    let written = burst(playback, wanted);
    let heard = onsets(capture, &woken, 24);
    let seconds = began.elapsed().as_secs_f64();
    let used = thread_use();
    let trips = trips(&written.try_iter().collect::<Vec<_>>(), &heard);
    let (median, p95) = (trips[trips.len() / 2], trips[trips.len() * 95 / 100]);
    let switches = (used.switches - before.switches) as f64 / seconds;
    let percent = (used.cpu_ns - before.cpu_ns) as f64 / seconds / 1e7;
    println!(
        "both ways: median {median:.1} ms, p95 {p95:.1} ms, of {} bursts",
        trips.len()
    );
    println!("both streams open: {percent:.2} % of a core, {switches:.0} wake-ups/s");
    assert!(trips.len() >= 20, "{trips:?}");
    assert!(median < 30.0, "{trips:?}");
}

#[test]
fn devices_that_nobody_uses_cost_no_wake_up() {
    if !can_run(&[Need::Pulse]) {
        return;
    }
    let headset = VirtualHeadset::start("idle");
    let listener = Listener::of(&headset);
    // Whatever still follows from its start has its three seconds.
    let fewest = (0..SECONDS_MAX / 3).map(|_| {
        let before = thread_use();
        listener.hears_nothing_for(Duration::from_secs(3));
        thread_use().switches - before.switches
    });
    let fewest = fewest.min().expect("there were some");
    println!("idle: {fewest} wake-ups in 3 s");
    assert_eq!(fewest, 0);
}

/// A busy machine may keep the sound server from keeping time for a moment.
const SECONDS_MAX: usize = 9;

/// The cleanest of some seconds of a tone.
fn best_share(mut second: impl FnMut() -> Vec<f32>) -> f64 {
    let shares = (0..SECONDS_MAX).map(|_| share_of_tone(&second()));
    let mut best = 0.0_f64;
    for share in shares {
        best = best.max(share);
        if best > 0.999 {
            break;
        }
    }
    best
}

/// The part of the energy that is at 1 kHz.
fn share_of_tone(samples: &[f32]) -> f64 {
    let step = std::f64::consts::TAU * 1_000.0 / RATE as f64;
    let (mut sine, mut cosine, mut energy) = (0.0, 0.0, 0.0);
    for (at, sample) in samples.iter().enumerate() {
        let (s, c) = (step * at as f64).sin_cos();
        let sample = f64::from(*sample);
        (sine, cosine, energy) = (
            sine + sample * s,
            cosine + sample * c,
            energy + sample * sample,
        );
    }
    2.0 * (sine * sine + cosine * cosine) / (energy * samples.len() as f64)
}

/// Silence with 2 ms of noise now and then; the moments at which each was handed over.
fn burst(mut playback: Playback, wanted: Receiver<()>) -> Receiver<Instant> {
    let (tell, written) = channel();
    std::thread::spawn(move || {
        let (mut at, mut next) = (0, RATE / 4);
        while wanted.recv().is_ok() {
            let until = at + playback.wanted();
            let loud = |sample: usize| (next..next + 96).contains(&sample);
            let block: Vec<f32> = (at..until)
                .map(|sample| if loud(sample) { 0.5 } else { 0.0 })
                .collect();
            let began = (at..until).contains(&next).then(Instant::now);
            playback.write(&block);
            if began.is_some_and(|began| tell.send(began).is_err()) {
                return;
            }
            at = until;
            if at >= next + 96 {
                // Not in step with any block.
                next += RATE / 5 + at * 7_919 % 4_800;
            }
        }
    });
    written
}

fn onsets(mut capture: Capture, woken: &Receiver<()>, count: usize) -> Vec<Instant> {
    let mut onsets = Vec::new();
    let mut quiet = 0;
    let mut block = [0.0; 960];
    while onsets.len() < count {
        woken
            .recv_timeout(Duration::from_secs(5))
            .expect("it flows");
        let now = Instant::now();
        let read = capture.read(&mut block);
        for sample in &block[..read] {
            if sample.abs() > 0.1 && quiet > RATE / 10 {
                onsets.push(now);
            }
            quiet = if sample.abs() > 0.1 { 0 } else { quiet + 1 };
        }
    }
    onsets
}

/// Milliseconds from each burst to its onset, sorted.
fn trips(written: &[Instant], heard: &[Instant]) -> Vec<f64> {
    let trip = |onset: &Instant| {
        let burst = written.iter().rev().find(|written| *written < onset)?;
        Some((*onset - *burst).as_secs_f64() * 1e3)
    };
    let mut trips: Vec<f64> = heard.iter().filter_map(trip).collect();
    trips.sort_by(f64::total_cmp);
    trips
}

struct Used {
    switches: u64,
    cpu_ns: u64,
}

/// What the devices' thread of this process has used; each test is a process of its own.
fn thread_use() -> Used {
    let tasks = fs::read_dir("/proc/self/task").expect("this is Linux");
    let tasks = tasks.map(|task| task.expect("it runs").path());
    let mut ours = tasks.filter(|task| {
        fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim() == "sound cards")
    });
    let task = ours.next().expect("the thread runs");
    let read = |file: &str| fs::read_to_string(task.join(file)).expect("it runs");
    let status = read("status");
    let mut lines = status.lines();
    let line = lines.find(|line| line.starts_with("voluntary_ctxt_switches"));
    let switches = line.and_then(|line| line.split_whitespace().last()?.parse().ok());
    let cpu_ns = read("schedstat")
        .split(' ')
        .next()
        .and_then(|ns| ns.parse().ok());
    Used {
        switches: switches.expect("a number"),
        cpu_ns: cpu_ns.expect("a number"),
    }
}
