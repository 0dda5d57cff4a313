//! A shift of callers against the agent; the scenarios that ship one by one are `pages`' to play.

use std::fs;

use super::{free_address, sim};
use crate::peers::agent::House;
use crate::peers::scratch::Scratch;

#[test]
fn a_shift_of_callers_is_told_by_percentiles() {
    let agent = House::standard()
        .set("callbacks.quiet_hours.every_day = \"none\"")
        .phone_seat("rep", free_address())
        .open();
    let scratch = Scratch::new("sim-crowd");
    let crowd = include_str!("../../config/sim/crowd.toml");
    let crowd = crowd.replace("127.0.0.1:5060", &agent.sip.to_string());
    let file = scratch.write("crowd.toml", crowd);
    let wav = scratch.path("wav");
    let (file, wav) = (file.to_str().unwrap(), wav.to_str().unwrap());
    let many = [
        "--count",
        "6",
        "--cps",
        "3",
        "--seed",
        "7",
        "--language",
        "en",
    ];
    let words: Vec<&str> = [file, "--wav", wav].into_iter().chain(many).collect();
    let output = sim(&words);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}");
    for part in ["6 calls, seed 7", "12 expectations, 12 met"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let greeted = told.lines().find(|line| line.contains("hears greeting"));
    assert!(
        greeted.is_some_and(|it| it.contains("6/6") && it.contains("p95")),
        "{told}"
    );
    for run in 1..=6 {
        let file = fs::metadata(scratch.path(&format!("wav/crowd-{run}-caller.wav"))).unwrap();
        assert!(file.len() > 20_000, "{run}");
    }
}
