//! What is said, shown and flagged of a promise: while nobody keeps it, and before its customer is called again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use thirdring::records::{CallingBack, Entry, What};
use ureq::http::Method;

use super::agent::{Agent, House, STATE};
use super::events::Events;
use super::phone::{Manner, Phone, SOON};
use super::scene::{A_WHILE, NUMBER, Scene};

/// Whom the trunk leads to can be called back, at any hour.
fn house(customer: &Phone) -> House {
    House::fast()
        .seat("rep1", "echo")
        .set("callbacks.quiet_hours.every_day = \"none\"")
        .set(&format!("sip.trunk = \"{}\"", customer.address))
}

/// Enters a promise by hand; its id.
fn promise(agent: &Agent, due: Timestamp) -> String {
    let asked = json!({ "number": NUMBER, "reason": "the bill of May", "due": due.to_string() });
    let (status, noted) = agent.ask(Method::POST, "/callbacks", &asked);
    assert_eq!(status, 201, "{noted}");
    noted["id"].as_str().expect("an id").to_owned()
}

fn alarm(events: &mut Events, wanted: &str) -> Entry {
    let is_it = |what: &What| matches!(what, What::Alarm { alarm } if alarm == wanted);
    events.wait(wanted, A_WHILE, |entry| is_it(&entry.what))
}

/// I4: an alarm at three fifths of its time, and at its end.
#[test]
fn a_promise_that_no_seat_keeps_is_near_and_then_overdue() {
    let agent = house(&Phone::open(NUMBER)).open();
    let busy = json!({ "state": "busy" });
    assert_eq!(agent.ask(Method::PUT, "/seats/rep1", &busy).0, 200);
    let mut events = agent.events();
    let made = Timestamp::now();
    let due = made + SignedDuration::from_secs(16);
    promise(&agent, due);
    let near = alarm(&mut events, "callback-near").utc;
    // The desk reads its clock a little later than we do.
    let three_fifths = made + SignedDuration::from_millis(9_590);
    assert!(
        near >= three_fifths && near < due,
        "near at {near}, made at {made}, due at {due}"
    );
    let overdue = alarm(&mut events, "callback-overdue").utc;
    assert!(overdue >= due, "overdue at {overdue}, due at {due}");
}

/// I3, I4: who was killed in an attempt does not know how it ended; it stands until a rep says so.
#[test]
fn a_promise_that_is_uncertain_is_seen_until_a_rep_decides() {
    let customer = Phone::open(NUMBER).manner(Manner::Rings);
    let agent = house(&customer).open();
    let id = promise(&agent, Timestamp::now());
    customer.called(A_WHILE);
    let agent = agent.crash_and_restart();
    let mut events = agent.events();
    alarm(&mut events, "callbacks-uncertain");
    assert_eq!(agent.alarms(), json!(["callbacks-uncertain"]));
    assert_eq!(agent.metric("thirdring_promises_uncertain"), Some(1));
    assert_eq!(agent.get(&format!("/callbacks/{id}"))["state"], "uncertain");
    alarm(&mut events, "callback-overdue");
    // Still so in the next life, which has not seen how it came about.
    let agent = agent.crash_and_restart();
    alarm(&mut agent.events(), "callbacks-uncertain");

    let done = json!({ "by": "Lina" });
    let (status, row) = agent.ask(Method::POST, &format!("/callbacks/{id}/done"), &done);
    assert_eq!(status, 200, "{row}");
    assert!(agent.counts_to("thirdring_promises_uncertain", 0, SOON));
    assert_eq!(agent.alarms(), json!([]));
}

/// D24, D26: over more than one holiday it is the next working day.
#[test]
fn a_promise_that_holidays_move_is_spoken_as_moved() {
    let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    // Yesterday and two days on: it may be midnight meanwhile.
    let days = (-1..=2).map(|n| {
        let day = today.date().saturating_add(jiff::Span::new().days(n));
        format!("\"{day}\"")
    });
    let holidays = days.collect::<Vec<_>>().join(", ");
    let house = house(&Phone::open("13900139009"))
        .set("timezone = \"UTC\"")
        .set(&format!("callbacks.quiet_hours.holidays = [{holidays}]"))
        .set("callbacks.quiet_hours.exempt_recent = []");
    let mut scene = Scene::talking(house);
    let asked = json!({ "reason": "the bill of May" });
    scene.agent.command(&scene.call, "promise", asked);
    scene.phrase_over("callback_promise_working_day");
    scene.caller.hears_more(10);
    scene.heard_in_order(&["greeting", "callback_promise_working_day"]);
    scene.hang_up();
}

/// What the rep is told of his call before anybody is rung for it.
fn told_before_it_rings(events: &mut Events, attempt: u32) -> CallingBack {
    let told = events.wait(
        "what it is about",
        Duration::from_secs(60),
        |entry| matches!(&entry.what, What::CallsBack(promise) if promise.attempt == Some(attempt)),
    );
    let is_rung = |what: &What| matches!(what, What::Seated { .. } | What::Leg { .. });
    let earlier = events.seen.iter().filter(|it| it.seq < told.seq);
    let mut rung = earlier.filter(|it| it.call == told.call && is_rung(&it.what));
    assert!(rung.next().is_none(), "{}", events.story());
    let What::CallsBack(promise) = told.what else {
        panic!("{told:?}");
    };
    *promise
}

#[test]
fn a_rep_sees_reason_note_recording_and_history_before_the_second_attempt_rings() {
    let house = |customer: &Phone| {
        house(customer)
            .set("recording.enabled = true")
            .set("callbacks.due.rep = \"1s\"")
            .set("callbacks.retry_after.rep = [\"2s\", \"60s\"]")
    };
    let caller = Phone::open(NUMBER);
    let mut scene = Scene::calling(house(&caller), caller);
    let asked = json!({ "reason": "the bill of May", "note": "wants a copy" });
    scene.agent.command(&scene.call, "promise", asked);
    scene.phrase_over("callback_promise");
    scene.caller.change_manner(Manner::Refuses(486));
    scene.hang_up();
    told_before_it_rings(&mut scene.events, 1);

    let told = told_before_it_rings(&mut scene.events, 2);
    assert_eq!(told.reason, "the bill of May");
    let note = told.note.as_ref().map(|note| note.reveal().as_str());
    assert_eq!(note, Some("wants a copy"));
    assert_eq!(told.outcomes, ["busy"]);
    let file = told.recording.expect("the call was recorded");
    let recordings = scene.agent.path(STATE).join("recordings");
    assert!(recordings.join(&file).is_file(), "{file}");
}
