//! The promises' server is gone while people talk, and comes back.

use std::time::Instant;

use serde_json::json;
use thirdring::records::What;
use ureq::http::Method;

use super::agent::{Agent, House};
use super::events::Events;
use super::phone::{Phone, SOON};
use super::scene::{A_WHILE, NUMBER, Scene, is_called_back, say_a_word};
use crate::promises::server::{Database, Server};

const OTHERS: [&str; 3] = ["13900139001", "13900139002", "13900139003"];

/// Promises are on the server; whom the trunk leads to can be called back.
fn house(database: &Database<'_>, trunk: &Phone) -> House {
    House::fast()
        .set("store.kind = \"postgres\"")
        .set(&format!("store.url = \"{}\"", database.url().reveal()))
        .set("store.desk = \"counter\"")
        .set(&format!("sip.trunk = \"{}\"", trunk.address))
        .set("callbacks.quiet_hours.every_day = \"none\"")
        .set("callbacks.redial_after_crash = []")
        .set("callbacks.due.rep = \"1s\"")
}

/// The rep promises; the caller hears so, whole.
fn is_promised(scene: &mut Scene) {
    let promise = json!({ "reason": "the bill of May" });
    scene.agent.command(&scene.call, "promise", promise);
    scene.phrase_over("callback_promise");
    scene.caller.hears_more(10);
    scene.heard_in_order(&["greeting", "callback_promise"]);
}

/// Somebody rings in, and is with a rep.
fn is_greeted(agent: &Agent, events: &mut Events, caller: &Phone) -> String {
    caller.call(agent.sip);
    let id = caller.call_id();
    events.state(&id, "talking", A_WHILE);
    say_a_word(caller, events, &id);
    let heard = caller.recording().ids();
    assert!(heard.contains(&"greeting".to_owned()), "{heard:?}");
    id
}

fn is_alarmed(agent: &Agent, events: &mut Events) {
    events.wait(
        "the alarm",
        A_WHILE,
        |entry| matches!(&entry.what, What::Alarm { alarm } if alarm == "store-failed"),
    );
    assert_eq!(agent.alarms(), json!(["store-failed"]));
}

/// Orders are carried out in turn: this one, of a promise that nobody knows, comes after all that was told.
fn all_is_written(agent: &Agent) {
    let unknown = format!("/callbacks/{}/done", "0".repeat(32));
    let (status, problem) = agent.ask(Method::POST, &unknown, &json!({ "by": "the test" }));
    assert_eq!(
        (status, &problem["code"]),
        (503, &json!("store-failed")),
        "{problem}"
    );
}

fn is_left_with(alarms: &[&str], agent: &Agent) {
    let until = Instant::now() + A_WHILE;
    while agent.alarms() != json!(alarms) {
        assert!(Instant::now() < until, "{}", agent.alarms());
    }
}

/// Every row: whose, without the country, and what became of it.
fn rows(database: &Database<'_>) -> String {
    database.say("SELECT right(whose, 11), state FROM thirdring.callback ORDER BY id")
}

#[test]
fn what_is_promised_while_the_server_is_gone_is_spoken_and_kept_once() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("gone");
    let (caller, other) = (Phone::open(NUMBER), Phone::open(OTHERS[0]));
    let house = house(&database, &caller).seat("rep1", "echo");
    let mut scene = Scene::calling(house, caller);
    server.stop();
    is_promised(&mut scene);
    scene.hang_up();
    let second = is_greeted(&scene.agent, &mut scene.events, &other);
    is_alarmed(&scene.agent, &mut scene.events);

    server.start_again();
    is_left_with(&[], &scene.agent);
    assert_eq!(rows(&database), format!("{NUMBER}|open"));
    // The one rep is free again.
    other.hang_up();
    scene.events.ended(&second, SOON);
    let Scene {
        mut events, caller, ..
    } = scene;
    is_called_back(&mut events, &caller, NUMBER, "callback_open_promise");
    assert_eq!(rows(&database), format!("{NUMBER}|done"));
    assert_eq!(caller.count("INVITE"), 1);
}

/// One whose telephone we had rung, one who was with a rep, and one who was promised a call before and one after it.
#[test]
fn a_desk_that_is_killed_and_started_while_the_server_is_gone_takes_calls_and_loses_nothing() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("killed");
    let (customer, talks) = (Phone::open("customer"), Phone::open(OTHERS[1]));
    let house = house(&database, &customer)
        .seat("rep1", "echo")
        .seat("rep2", "echo");
    let agent = house.open();
    let owed = json!({ "number": OTHERS[0], "reason": "the bill of May" });
    let (status, noted) = agent.ask(Method::POST, "/callbacks", &owed);
    assert_eq!(status, 201, "{noted}");
    // He picks up and says nothing: nobody knows yet what comes of it.
    customer.dialled(OTHERS[0], A_WHILE);

    server.stop();
    let mut scene = Scene::with(agent, Phone::open(NUMBER));
    is_promised(&mut scene);
    scene.hang_up();
    let Scene {
        agent, mut events, ..
    } = scene;
    is_greeted(&agent, &mut events, &talks);
    let agent = agent.crash_and_restart();
    // One call after the other: the customers have one telephone.
    let busy = json!({ "state": "busy" });
    let (status, seat) = agent.ask(Method::PUT, "/seats/rep2", &busy);
    assert_eq!(status, 200, "{seat}");

    let mut scene = Scene::with(agent, Phone::open(OTHERS[2]));
    is_promised(&mut scene);
    is_alarmed(&scene.agent, &mut scene.events);
    scene.hang_up();
    server.start_again();
    let Scene {
        agent, mut events, ..
    } = scene;
    for (number, opening) in [
        (OTHERS[1], "callback_open"),
        (NUMBER, "callback_open_promise"),
        (OTHERS[2], "callback_open_promise"),
    ] {
        is_called_back(&mut events, &customer, number, opening);
    }
    is_left_with(&["callbacks-uncertain"], &agent);
    let kept = [
        (OTHERS[0], "uncertain"),
        (NUMBER, "done"),
        (OTHERS[1], "done"),
        (OTHERS[2], "done"),
    ];
    let kept = kept.map(|(number, state)| format!("{number}|{state}"));
    assert_eq!(rows(&database), kept.join("\n"));
    assert_eq!(customer.count("INVITE"), 4);
}

/// One call ended well, one was promised a call: after `kill -9` only that is kept.
#[test]
fn who_hung_up_while_the_server_was_gone_is_not_phoned_back_as_if_we_had_died() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database("ended");
    let (customer, other) = (Phone::open(NUMBER), Phone::open(OTHERS[0]));
    let house = house(&database, &customer)
        .seat("rep1", "echo")
        .seat("rep2", "echo");
    let mut scene = Scene::calling(house, customer);
    let ended = is_greeted(&scene.agent, &mut scene.events, &other);
    server.stop();
    is_promised(&mut scene);
    other.hang_up();
    scene.events.ended(&ended, SOON);
    scene.hang_up();
    let Scene { agent, caller, .. } = scene;
    all_is_written(&agent);
    let agent = agent.crash_and_restart();
    let mut events = agent.events();
    server.start_again();
    is_called_back(&mut events, &caller, NUMBER, "callback_open_promise");
    assert_eq!(rows(&database), format!("{NUMBER}|done"));
    assert_eq!(caller.count("INVITE"), 1);
}
