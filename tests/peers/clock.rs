//! Somebody sets the wall clock while a caller is on hold and others are owed a call.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::json;
use thirdring::records::What;
use ureq::http::Method;

use super::agent::{Agent, House};
use super::events::Events;
use super::hold::{PERIOD_TICKS, hold, steps_of_the_grid};
use super::phone::Phone;
use super::scene::{NUMBER, Scene, is_called_back};
use super::scratch::Scratch;

const HOUR_S: i64 = 3_600;
const ON_HOLD: &str = "13900139001";

/// One packet. That the grid is right to the sample is shown by `five_minutes_of_hold_are_counted_in_samples`: an hour is more.
const A_FRAME_TICKS: u32 = 160;

/// It is looked for every 30 s.
const NOTICED_WITHIN: Duration = Duration::from_secs(45);

/// The wall clock of one agent.
struct WallClock(PathBuf);

impl WallClock {
    /// Sets it ahead of the machine's.
    fn set(&self, ahead_s: i64) {
        fs::write(&self.0, ahead_s.to_string()).expect("the folder is ours");
    }
}

fn is_noticed(events: &mut Events, times: usize) {
    let jumped = |what: &What| matches!(what, What::Alarm { alarm } if alarm == "clock-jumped");
    let noticed = |events: &Events| {
        let seen = events.seen.iter();
        seen.filter(|entry| jumped(&entry.what)).count() >= times
    };
    let until = Instant::now() + NOTICED_WITHIN;
    while !noticed(events) {
        assert!(Instant::now() < until, "{}", events.story());
        events.stay_without(Duration::from_millis(200), |_| false);
    }
}

fn is_owed(agent: &Agent, within_min: u32) {
    let owed = json!({ "number": NUMBER, "reason": format!("in {within_min} min"), "within_min": within_min });
    let (status, noted) = agent.ask(Method::POST, "/callbacks", &owed);
    assert_eq!(status, 201, "{noted}");
}

#[test]
fn a_clock_that_is_set_neither_moves_the_grid_nor_loses_a_promise() {
    let scratch = Scratch::new("clock");
    let clock = WallClock(scratch.write("ahead_s", "0"));
    let customer = Phone::open(NUMBER);
    let house = House::standard()
        .env("THIRDRING_CLOCK", clock.0.display().to_string())
        .seat("rep1", "echo")
        .seat("rep2", "echo")
        .policy("hold", "offer_after", "\"never\"")
        .set("callbacks.quiet_hours.every_day = \"none\"")
        .set(&format!("sip.trunk = \"{}\"", customer.address));
    let mut scene = Scene::calling(house, Phone::open(ON_HOLD));
    hold(&mut scene);

    // What is due by the clock as it is now is dialled now.
    is_owed(&scene.agent, 30);
    clock.set(HOUR_S);
    is_noticed(&mut scene.events, 1);
    is_called_back(
        &mut scene.events,
        &customer,
        NUMBER,
        "callback_open_promise",
    );

    // A clock that is set back makes no promise late, nor early.
    let asked = Instant::now();
    is_owed(&scene.agent, 1);
    clock.set(0);
    is_noticed(&mut scene.events, 2);
    let early = Duration::from_secs(55).saturating_sub(asked.elapsed());
    assert!(!customer.counts_more("INVITE", 1, early));
    is_called_back(
        &mut scene.events,
        &customer,
        NUMBER,
        "callback_open_promise",
    );
    let steps = steps_of_the_grid(&scene.caller.recording());
    assert!(steps.len() >= 3, "{steps:?}");
    let is_kept = |step: &u32| step.abs_diff(PERIOD_TICKS) <= A_FRAME_TICKS;
    assert!(steps.iter().all(is_kept), "{steps:?}");

    // Who was on hold when it died is called, whatever the clock says by then.
    clock.set(-HOUR_S);
    let agent = scene.agent.crash_and_restart();
    let mut events = agent.events();
    is_called_back(&mut events, &customer, ON_HOLD, "callback_open");
    let owed = agent.callbacks();
    assert!(owed.iter().all(|row| row.state == "done"), "{owed:?}");
}
