use serde_json::{Value, json};
use thirdring::console::CallbackView;
use thirdring::records::What;
use ureq::http::Method;

use super::agent::{Agent, House};
use super::phone::{Phone, SOON, Voice};
use super::scene::{A_WHILE, NUMBER, Scene, WORDS};

/// What is asked of a callback; its status and answer.
fn wish(agent: &Agent, id: &str, word: &str, body: Value) -> (u16, Value) {
    agent.ask(Method::POST, &format!("/callbacks/{id}/{word}"), &body)
}

fn shown(agent: &Agent, id: &str) -> CallbackView {
    serde_json::from_value(agent.get(&format!("/callbacks/{id}"))).expect("a callback")
}

fn goes_offline(agent: &Agent) -> (u16, Value) {
    agent.ask(Method::PUT, "/seats/rep1", &json!({ "state": "offline" }))
}

/// A house that phones back at any hour, for these tests run at any.
fn house() -> House {
    let house = House::fast().seat("rep1", "echo");
    house.set("callbacks.quiet_hours.every_day = \"none\"")
}

/// The same with an expert, who is not there yet.
fn house_with_expert() -> House {
    let expert = "skills = [\"expert\"]\nready = false";
    let house = house().seat_saying("rep2", "echo", expert);
    house.set("callbacks.skills.expert = \"expert\"")
}

#[test]
fn a_rep_promises_in_one_action_and_hands_it_over_before_he_leaves() {
    let mut scene = Scene::talking(house());
    let promise = json!({
        "reason": "the bill of May", "within_min": 5, "kind": "rep", "note": "asks for a copy",
    });
    scene.agent.command(&scene.call, "promise", promise);
    // D24: five minutes, and a seat is there.
    scene.phrase_over("callback_promise");
    scene.hang_up();
    let agent = &scene.agent;
    let noted = agent.callbacks();
    let [callback] = &noted[..] else {
        panic!("{noted:?}");
    };
    assert_eq!(
        (&*callback.kind, callback.origin),
        ("rep", Some(scene.call.id))
    );
    assert_eq!(
        callback.seat.as_ref().map(|seat| seat.as_str()),
        Some("rep1")
    );
    let note = callback.note.as_ref().map(|note| note.reveal().as_str());
    assert_eq!(note, Some("asks for a copy"));

    let (status, problem) = goes_offline(agent);
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("promises-open")),
        "{problem}"
    );
    let nobody = json!({ "by": "Lina", "seat": null });
    assert_eq!(wish(agent, &callback.id, "assign", nobody).0, 200);
    let (status, seat) = goes_offline(agent);
    assert_eq!((status, &seat["state"]), (200, &json!("offline")), "{seat}");
}

/// R34: the callback is dispatched to the experts.
#[test]
fn what_an_expert_owes_is_not_the_promising_reps() {
    let mut scene = Scene::talking(house_with_expert());
    let promise = json!({ "reason": "the bill of May", "within_min": 5, "kind": "expert" });
    scene.agent.command(&scene.call, "promise", promise);
    scene.phrase_over("callback_promise");
    scene.hang_up();
    let noted = scene.agent.callbacks();
    let [callback] = &noted[..] else {
        panic!("{noted:?}");
    };
    assert_eq!((&*callback.kind, &callback.seat), ("expert", &None));
    // So he may leave.
    let (status, seat) = goes_offline(&scene.agent);
    assert_eq!((status, &seat["state"]), (200, &json!("offline")), "{seat}");
}

#[test]
fn what_an_expert_owes_waits_for_him_though_another_seat_is_free() {
    let caller = Phone::open(NUMBER);
    let house = house_with_expert().set(&format!("sip.trunk = \"{}\"", caller.address));
    let agent = house.open();
    let asked = json!({ "number": NUMBER, "reason": "the bill of May", "kind": "expert" });
    let (status, noted) = agent.ask(Method::POST, "/callbacks", &asked);
    assert_eq!(status, 201, "{noted}");
    let id = noted["id"].as_str().expect("an id").to_owned();
    // It is due, and rep1 is free.
    assert_eq!(shown(&agent, &id).state, "open");
    let available = json!({ "state": "available" });
    let (status, seat) = agent.ask(Method::PUT, "/seats/rep2", &available);
    assert_eq!(status, 200, "{seat}");
    caller.called(A_WHILE);
    let history = shown(&agent, &id).history;
    let seats: Vec<_> = history
        .iter()
        .map(|attempt| attempt.seat.as_str())
        .collect();
    assert_eq!(seats, ["rep2"]);
}

#[test]
fn what_is_wished_is_on_disk_told_once_and_cannot_be_undone() {
    let agent = house().open();
    let mut events = agent.events();
    let tomorrow = json!({ "number": NUMBER, "reason": "tariff", "due": "2099-01-01T02:00:00Z" });
    let (status, noted) = agent.ask(Method::POST, "/callbacks", &tomorrow);
    assert_eq!(status, 201, "{noted}");
    let id = noted["id"].as_str().expect("an id").to_owned();
    let assign = json!({ "by": "Max", "seat": "rep1" });
    assert_eq!(wish(&agent, &id, "assign", assign).0, 200);
    let cancel = json!({ "by": "Lina", "reason": "asked by the customer" });
    for _ in 0..2 {
        let (status, cancelled) = wish(&agent, &id, "cancel", cancel.clone());
        assert_eq!(
            (status, &cancelled["state"]),
            (200, &json!("cancelled")),
            "{cancelled}"
        );
    }
    let (status, problem) = wish(&agent, &id, "done", json!({ "by": "Lina" }));
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("callback-over")),
        "{problem}"
    );
    let (status, problem) = wish(&agent, &"0".repeat(32), "done", json!({ "by": "Lina" }));
    assert_eq!(
        (status, &problem["code"]),
        (404, &json!("unknown-callback")),
        "{problem}"
    );

    let is_it = |what: &What| matches!(what, What::Promise { news, by, .. } if news == "cancelled" && by.as_deref() == Some("Lina"));
    events.wait("who cancelled it", SOON, |entry| is_it(&entry.what));
    events.catch_up();
    let told = events.seen.iter().filter(|entry| is_it(&entry.what));
    assert_eq!(told.count(), 1, "{}", events.story());
    let agent = agent.crash_and_restart();
    let callback = shown(&agent, &id);
    assert_eq!(callback.because.as_deref(), Some("asked by the customer"));
    let wishes = callback.wishes.iter();
    let wishes: Vec<_> = wishes
        .map(|wished| (&*wished.by, &*wished.wish, wished.detail.as_deref()))
        .collect();
    let cancelled = ("Lina", "cancel", Some("asked by the customer"));
    assert_eq!(wishes, [("Max", "assign", Some("rep1")), cancelled]);
}

#[test]
fn nobody_is_promised_a_call_who_does_not_want_one_however_his_number_is_written() {
    let agent = house()
        .set("callbacks.never = [\"0086 138 0013 8000\"]")
        .open();
    for number in [NUMBER, "+86 138-0013-8000"] {
        let asked = json!({ "number": number, "reason": "tariff" });
        let (status, problem) = agent.ask(Method::POST, "/callbacks", &asked);
        assert_eq!(
            (status, &problem["code"]),
            (422, &json!("do-not-call")),
            "{problem}"
        );
    }
    assert!(agent.callbacks().is_empty());
    let asked = json!({ "number": "13800138001", "reason": "tariff" });
    assert_eq!(agent.ask(Method::POST, "/callbacks", &asked).0, 201);
}

#[test]
fn a_rep_is_shown_what_he_calls_back_for_before_anybody_is_rung() {
    let caller = Phone::open(NUMBER);
    let house = house().set(&format!("sip.trunk = \"{}\"", caller.address));
    let agent = house.open();
    let mut events = agent.events();
    let asked = json!({ "number": NUMBER, "reason": "tariff", "note": "wants the cheap one" });
    let (_, noted) = agent.ask(Method::POST, "/callbacks", &asked);
    let id = noted["id"].as_str().expect("an id").to_owned();
    let shown_before = events.wait(
        "what it is about",
        A_WHILE,
        |entry| matches!(&entry.what, What::CallsBack(promise) if promise.callback == id),
    );
    let What::CallsBack(promise) = &shown_before.what else {
        panic!("{shown_before:?}");
    };
    assert_eq!((&*promise.reason, promise.attempt), ("tariff", Some(1)));
    let call = shown_before.call;
    let is_rung = |what: &What| matches!(what, What::Seated { .. } | What::Leg { .. });
    let earlier = events.seen.iter().filter(|it| it.seq < shown_before.seq);
    let mut rung = earlier.filter(|it| it.call == call && is_rung(&it.what));
    assert!(rung.next().is_none(), "{}", events.story());

    let invite = caller.called(A_WHILE);
    let view = agent.call_of(invite.call_id());
    let note = view.calls_back.and_then(|promise| promise.note);
    assert_eq!(
        note.as_ref().map(|note| note.reveal().as_str()),
        Some("wants the cheap one")
    );
    let history = shown(&agent, &id).history;
    assert_eq!(history.len(), 1, "{history:?}");
    assert_eq!(history[0].sip_call_id, invite.call_id());
}

/// R41, R42: at the due time without an answer the rep calls to say so, and the answer is promised anew.
#[test]
fn a_rep_without_an_answer_calls_to_say_so_and_owes_it_on() {
    let caller = Phone::open(NUMBER);
    let house = house().set(&format!("sip.trunk = \"{}\"", caller.address));
    let agent = house.open();
    let mut events = agent.events();
    let owed = json!({
        "number": NUMBER, "reason": "the bill of May", "kind": "expert", "note": "asks for a copy",
    });
    let (_, noted) = agent.ask(Method::POST, "/callbacks", &owed);
    let first = noted["id"].as_str().expect("an id").to_owned();
    events.wait("that an answer is owed", A_WHILE, |entry| {
        matches!(&entry.what, What::CallsBack(it) if it.callback == first && it.owes_answer)
    });
    let invite = caller.called(A_WHILE);
    let id = invite.call_id().to_owned();
    events.phrase_over(&id, "callback_open_promise", A_WHILE);
    events.state(&id, "talking", A_WHILE);
    caller.speak();
    events.voice(&id, true);
    caller.hears_more(50);
    caller.voice(Voice::Silence);
    let call = agent.call_of(&id);
    for _ in 0..2 {
        events.catch_up();
        let last = events.seen.last().map(|entry| entry.seq);
        agent.command(&call, "still-looking", json!({}));
        events.wait("the phrase's end", A_WHILE, |entry| {
            let is_it = |what: &What| matches!(what, What::PhraseEnded { phrase, .. } if phrase.as_str() == "callback_still");
            Some(entry.seq) > last && is_it(&entry.what)
        });
    }
    caller.hears_more(10);
    let heard = caller.recording();
    // The rep is an echo: the caller's own words come back.
    let mut said = heard.ids();
    said.retain(|id| id != WORDS);
    let still = ["callback_open_promise", "callback_still", "callback_still"];
    assert_eq!(said, still, "{heard}");
    caller.hang_up();
    events.ended(&id, SOON);

    let rows = agent.callbacks();
    let open: Vec<_> = rows.iter().filter(|row| row.state == "open").collect();
    let [next] = open[..] else {
        panic!("one promise, however often it is said: {rows:?}");
    };
    assert_eq!(shown(&agent, &first).state, "done");
    assert_eq!((&*next.kind, &*next.reason), ("expert", "the bill of May"));
    let note = next.note.as_ref().map(|note| note.reveal().as_str());
    assert_eq!(note, Some("asks for a copy"));
    let first_due = shown(&agent, &first).due_utc;
    // An expert's answer is due five minutes after it is promised.
    assert!(next.due_utc.duration_since(first_due).as_secs() >= 300);
}
